// What the programs for node have in common: they test what a client library
// offers, or write and read without a pause. README.md says what they print.
//
// A library is {groups, connect(kind, ports), close(client), increment(client),
// set(client, key, value), get(client, key)}; groups are {name: {test: act}},
// and connect() gets a list for whatever goes wrong beside the calls.

import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createInterface} from 'node:readline';

export const CALL_MS = 10000;

export const equal = assert.deepEqual;

// Replies in maps without a prototype, in the order of a server's choice.
export function plain(map) {
  return Object.fromEntries(Object.entries(map));
}

export async function refused(words, act) {
  let got;
  try {
    got = await act();
  } catch (error) {
    assert.ok(error.message.includes(words), `${error} lacks ${words}`);
    return;
  }
  assert.fail(`got ${JSON.stringify(got)}, wanted an error`);
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function until(act) {
  const deadline = Date.now() + CALL_MS;
  while (!(await act())) {
    assert.ok(Date.now() < deadline, 'it took too long');
    await sleep(20);
  }
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer`)), CALL_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function surface(library, kind, ports, groups) {
  for (const group of groups) {
    for (const [test, act] of Object.entries(library.groups[group])) {
      const outcome = {group, test, error: ''};
      let client;
      try {
        client = await within(library.connect(kind, ports, []), 'connect');
        await within(act(client, kind, ports), test);
      } catch (error) {
        outcome.error = `${error.name}: ${error.message.split('\n')[0]}`;
      }
      if (client) library.close(client);
      console.log(JSON.stringify(outcome));
    }
  }
}

class Steady {
  increments = 0;
  sets = 0;
  slowestMs = 0;
  errors = [];
  stopping = false;

  constructor(library, name) {
    this.library = library;
    this.name = name;
  }

  // Undefined when it failed.
  async timed(act) {
    const started = performance.now();
    try {
      return await within(act(), 'a call');
    } catch (error) {
      this.errors.push(`${error.name}: ${error.message}`);
      return undefined;
    } finally {
      this.slowestMs = Math.max(this.slowestMs, performance.now() - started);
    }
  }

  async increment(client) {
    while (!this.stopping) {
      const count = await this.timed(() => this.library.increment(client));
      if (count !== undefined) this.increments += 1;
    }
  }

  async setAndGet(client) {
    const key = `{k}${this.name}`;
    while (!this.stopping) {
      const value = `${this.name}-${this.sets}`;
      const done = await this.timed(() => this.library.set(client, key, value));
      if (done === undefined) continue;
      this.sets += 1;
      const got = await this.timed(() => this.library.get(client, key));
      if (got !== undefined && got !== value) {
        this.errors.push(`wrote ${value}, read ${got}`);
      }
    }
  }
}

async function steady(library, kind, ports) {
  const workers = [];
  const running = [];
  const entries = kind === 'cluster' ? [ports] : ports.map((port) => [port]);
  for (const [number, entry] of entries.entries()) {
    const worker = new Steady(library, `${number}-${process.pid}-${Date.now()}`);
    const client = await library.connect(kind, entry, worker.errors);
    workers.push({worker, client});
  }
  for (const {worker, client} of workers) {
    running.push(worker.increment(client), worker.setAndGet(client));
  }
  console.log('ready');
  await once(createInterface({input: process.stdin}), 'line');
  for (const {worker} of workers) worker.stopping = true;
  await Promise.all(running);
  const sum = (field) => workers.reduce((n, {worker}) => n + worker[field], 0);
  console.log(JSON.stringify({
    increments: sum('increments'),
    sets: sum('sets'),
    slowest_ms: Math.max(...workers.map(({worker}) => worker.slowestMs)),
    errors: workers.flatMap(({worker}) => worker.errors),
  }));
}

export async function main(library) {
  const [mode, kind, ...words] = process.argv.slice(2);
  const split = words.includes('--') ? words.indexOf('--') : words.length;
  const ports = words.slice(0, split).map(Number);
  if (mode === 'surface') {
    await surface(library, kind, ports, words.slice(split + 1));
  } else {
    await steady(library, kind, ports);
  }
  // Connections to servers that were killed may still be tried.
  process.exit(0);
}

// node-redis against the servers: the clients node-redis, node-redis-resp3 and
// node-redis-cluster of ./run.

import {createClient, createCluster, RESP_TYPES} from 'redis';

import {equal, main, plain, refused, until} from './driver.mjs';

const HOST = '127.0.0.1';

async function connect(kind, ports, errors) {
  if (kind === 'cluster') {
    const rootNodes = ports.map((port) => ({socket: {host: HOST, port}}));
    const client = createCluster({rootNodes});
    client.on('error', () => {});  // Of one node; the calls are what counts.
    await client.connect();
    return client;
  }
  const client = one(kind, ports);
  // The server that a plain client talks to is never killed.
  client.on('error', (error) => errors.push(`the connection: ${error}`));
  client.on('reconnecting', () => errors.push('the connection was lost'));
  await client.connect();
  return client;
}

function one(kind, ports, options = {}) {
  const RESP = kind === 'resp3' ? 3 : 2;
  const socket = {host: HOST, port: ports[0], reconnectStrategy: false};
  return createClient({RESP, socket, ...options});
}

async function onOne(kind, ports, options, act) {
  const client = one(kind, ports, options);
  client.on('error', () => {});
  await client.connect();
  try {
    await act(client);
  } finally {
    client.destroy();
  }
}

const sorted = (texts) => [...texts].sort();

const groups = {
  connect: {
    ping: (r, kind, ports) => onOne(kind, ports, {}, async (client) => {
      equal(await client.ping(), 'PONG');
      equal(await client.echo('hello'), 'hello');
    }),
    facts: (r, kind, ports) => onOne(kind, ports, {}, async (client) => {
      const facts = await client.info();
      for (const field of ['redis_version', 'role', 'connected_clients']) {
        equal([field, facts.includes(`\n${field}:`)], [field, true]);
      }
    }),
    name: (r, kind, ports) =>
      onOne(kind, ports, {name: 'tester'}, async (client) => {
        equal(await client.clientGetName(), 'tester');
        equal((await client.clientId()) > 0, true);
      }),
  },
  strings: {
    async strings(r) {
      equal(await r.set('s:a', '1'), 'OK');
      equal(await r.get('s:a'), '1');
      equal(await r.get('s:none'), null);
      equal(await r.set('s:a', '2', {condition: 'NX'}), null);
      equal(await r.set('s:a', '2', {condition: 'XX', GET: true}), '1');
      equal(await r.append('s:a', 'x'), 2);
      equal(await r.strLen('s:a'), 2);
      equal(await r.getRange('s:a', 0, 0), '2');
      equal(await r.exists('s:a'), 1);
      equal(await r.type('s:a'), 'string');
      equal(await r.del('s:a'), 1);
    },
    async bytes(r) {
      const value = Buffer.alloc(1 << 20, Buffer.from([...Array(256).keys()]));
      const key = Buffer.from('s:\0\r\n\xff', 'latin1');
      await r.set(key, value);
      const raw = r.withTypeMapping({[RESP_TYPES.BLOB_STRING]: Buffer});
      equal((await raw.get(key)).equals(value), true);
    },
    async many(r) {
      equal(await r.mSet({'{m}a': '1', '{m}b': '2'}), 'OK');
      equal(await r.mGet(['{m}a', '{m}none', '{m}b']), ['1', null, '2']);
      equal(await r.del(['{m}a', '{m}b']), 2);
    },
  },
  counters: {
    async counters(r) {
      await r.del('c:a');
      equal(await r.incr('c:a'), 1);
      equal(await r.incrBy('c:a', 41), 42);
      equal(await r.decr('c:a'), 41);
      equal(await r.incrByFloat('c:a', 0.5), '41.5');
    },
  },
  pipelines: {
    async unawaited(r) {
      const sets = [...Array(500).keys()].map((i) => r.set('{p}same', `${i}`));
      equal((await Promise.all(sets)).every((word) => word === 'OK'), true);
      equal(await r.get('{p}same'), '499');
    },
    async pipeline_error(r) {
      await r.set('{p}text', 'x');
      const answers = await Promise.allSettled(
          [r.set('{p}a', '1'), r.incr('{p}text'), r.get('{p}a')]);
      equal(answers.map(({status}) => status),
            ['fulfilled', 'rejected', 'fulfilled']);
      equal(answers[2].value, '1');
      await r.del(['{p}a', '{p}text']);
    },
  },
  transactions: {
    async transaction(r) {
      await r.del(['{t}a', '{t}l']);
      equal(await r.multi().set('{t}a', '1').incr('{t}a')
                .rPush('{t}l', ['x', 'y']).lRange('{t}l', 0, -1).exec(),
            ['OK', 2, 2, ['x', 'y']]);
    },
    async transaction_error(r) {
      await r.set('{t}s', 'text');
      await refused('commands failed',
                    () => r.multi().incr('{t}s').set('{t}b', '1').exec());
      equal(await r.get('{t}b'), '1');
    },
    watch: (r, kind, ports) => onOne(kind, ports, {}, async (client) => {
      await r.set('{t}w', '1');
      await client.watch('{t}w');
      await r.set('{t}w', '2');
      await refused('watched keys has been changed',
                    () => client.multi().set('{t}w', 'lost').exec());
      equal(await r.get('{t}w'), '2');
      await client.watch('{t}w');
      equal(await client.multi().set('{t}w', '3').exec(), ['OK']);
    }),
  },
  hashes: {
    async hashes(r) {
      await r.del('h');
      equal(await r.hSet('h', {a: '1', b: '2'}), 2);
      equal(plain(await r.hGetAll('h')), {a: '1', b: '2'});
      equal(await r.hmGet('h', ['a', 'none']), ['1', null]);
      equal(await r.hIncrBy('h', 'a', 9), 10);
      equal([await r.hExists('h', 'b'), await r.hLen('h')], [1, 2]);
      equal(sorted(await r.hKeys('h')), ['a', 'b']);
      equal([await r.hDel('h', 'a'), await r.hSetNX('h', 'b', 'x')], [1, 0]);
    },
  },
  lists: {
    async lists(r) {
      await r.del('l');
      equal(await r.rPush('l', ['a', 'b', 'c']), 3);
      equal(await r.lPush('l', 'z'), 4);
      equal(await r.lRange('l', 0, -1), ['z', 'a', 'b', 'c']);
      equal([await r.lPop('l'), await r.rPop('l')], ['z', 'c']);
      equal(await r.lInsert('l', 'BEFORE', 'b', 'x'), 3);
      equal([await r.lIndex('l', 1), await r.lPos('l', 'b')], ['x', 2]);
      equal([await r.lSet('l', 0, 'A'), await r.lRem('l', 0, 'x')], ['OK', 1]);
      equal(await r.lTrim('l', 0, 0), 'OK');
      equal([await r.lPopCount('l', 5), await r.exists('l')], [['A'], 0]);
    },
  },
  sets: {
    async sets(r) {
      await r.del(['{u}a', '{u}b', '{u}c']);
      equal(await r.sAdd('{u}a', ['1', '2', '3']), 3);
      equal(await r.sAdd('{u}b', ['2', '3', '4']), 3);
      equal(sorted(await r.sMembers('{u}a')), ['1', '2', '3']);
      equal(sorted(await r.sInter(['{u}a', '{u}b'])), ['2', '3']);
      equal([...(await r.sUnion(['{u}a', '{u}b']))].length, 4);
      equal(sorted(await r.sDiff(['{u}a', '{u}b'])), ['1']);
      equal(await r.sInterStore('{u}c', ['{u}a', '{u}b']), 2);
      equal(await r.smIsMember('{u}a', ['1', '9']), [1, 0]);
      equal(['2', '3'].includes(await r.sPop('{u}c')), true);
      equal(await r.sRem('{u}a', ['1', '9']), 1);
    },
  },
  'sorted-sets': {
    async sorted_sets(r) {
      await r.del(['{z}a', '{z}b']);
      equal(await r.zAdd('{z}a', [{value: 'x', score: 1},
                                  {value: 'y', score: 2.5},
                                  {value: 'z', score: 3}]), 3);
      equal(await r.zScore('{z}a', 'y'), 2.5);
      equal((await r.zRangeWithScores('{z}a', 0, -1)).map(plain),
            [{value: 'x', score: 1}, {value: 'y', score: 2.5},
             {value: 'z', score: 3}]);
      equal(await r.zRangeByScore('{z}a', '(1', '+inf'), ['y', 'z']);
      equal(await r.zIncrBy('{z}a', 5, 'x'), 6);
      equal([await r.zRank('{z}a', 'x'), await r.zCard('{z}a')], [2, 3]);
      equal(await r.zUnionStore('{z}b', {key: '{z}a', weight: 2}), 3);
      equal(plain(await r.zPopMin('{z}b')), {value: 'y', score: 5});
      equal(await r.zRem('{z}a', ['x', 'none']), 1);
    },
  },
  expiry: {
    async expiry(r) {
      equal(await r.set('e:a', '1', {expiration: {type: 'EX', value: 100}}),
            'OK');
      equal(Math.abs((await r.ttl('e:a')) - 98) <= 2, true);
      equal([await r.persist('e:a'), await r.ttl('e:a')], [1, -1]);
      equal(await r.ttl('e:none'), -2);
      equal(await r.pExpire('e:a', 80), 1);
      await until(async () => (await r.exists('e:a')) === 0);
      equal(await r.get('e:a'), null);
      equal(await r.setEx('e:b', 50, 'v'), 'OK');
      equal(await r.getEx('e:b', {type: 'PERSIST'}), 'v');
      equal(await r.ttl('e:b'), -1);
    },
  },
  scan: {
    scan: (r, kind, ports) => onOne(kind, ports, {}, async (client) => {
      const names = [...Array(500).keys()].map((i) => `{scan}${i}`);
      await Promise.all(names.map((name) => r.set(name, '1')));
      const seen = new Set();
      const pages = client.scanIterator({MATCH: '{scan}*', COUNT: 50});
      for await (const page of pages) for (const name of page) seen.add(name);
      equal(seen, new Set(names));
      await r.del(names);
    }),
  },
  errors: {
    errors: (r, kind, ports) => onOne(kind, ports, {}, async (client) => {
      await r.set('x:s', 'text');
      await refused('value is not an integer or out of range',
                    () => r.incr('x:s'));
      await refused("wrong number of arguments for 'get'",
                    () => client.sendCommand(['GET', 'x:s', 'x:s']));
      await refused('syntax error',
                    () => client.sendCommand(['SET', 'x:s', '1', 'ZZ']));
      equal(await r.get('x:s'), 'text');
    }),
    unknown: (r, kind, ports) => onOne(kind, ports, {}, async (client) => {
      await refused('unknown command',
                    () => client.sendCommand(['NOSUCH', 'x']));
      await refused('unknown subcommand',
                    () => client.sendCommand(['CLIENT', 'NOSUCH']));
      equal(await client.ping(), 'PONG');
    }),
    async wrong_type(r) {
      await r.del('x:l');
      await r.rPush('x:l', 'a');
      await refused('WRONGTYPE Operation against a key holding the wrong',
                    () => r.get('x:l'));
    },
  },
};

await main({
  groups,
  connect,
  close: (client) => client.destroy(),
  increment: (client) => client.incr('{k}count'),
  set: (client, key, value) => client.set(key, value),
  get: (client, key) => client.get(key),
});

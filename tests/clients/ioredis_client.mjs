// ioredis against the servers: the clients ioredis and ioredis-cluster of ./run.

import Redis from 'ioredis';

import {CALL_MS, equal, main, plain, refused, until} from './driver.mjs';

const HOST = '127.0.0.1';

async function connect(kind, ports, errors) {
  if (kind === 'cluster') {
    const nodes = ports.map((port) => ({host: HOST, port}));
    const client = new Redis.Cluster(nodes);
    client.on('error', () => {});  // Of one node; the calls are what counts.
    await client.ping();
    return client;
  }
  const client = one(ports[0]);
  // The server that a plain client talks to is never killed.
  client.on('error', (error) => errors.push(`the connection: ${error}`));
  client.on('reconnecting', () => errors.push('the connection was lost'));
  await client.ping();
  return client;
}

function one(port, options = {}) {
  return new Redis({
    host: HOST, port, commandTimeout: CALL_MS, maxRetriesPerRequest: 0,
    ...options,
  });
}

async function onOne(ports, options, act) {
  const client = one(ports[0], options);
  client.on('error', () => {});
  try {
    await act(client);
  } finally {
    client.disconnect();
  }
}

const groups = {
  connect: {
    async ping(r) {
      equal(await r.ping(), 'PONG');
      equal(await r.echo('hello'), 'hello');
    },
    facts: (r, kind, ports) => onOne(ports, {}, async (client) => {
      const facts = await client.info();
      for (const field of ['redis_version', 'role', 'connected_clients']) {
        equal([field, facts.includes(`\n${field}:`)], [field, true]);
      }
    }),
    name: (r, kind, ports) =>
      onOne(ports, {connectionName: 'tester'}, async (client) => {
        equal(await client.client('GETNAME'), 'tester');
        equal((await client.client('ID')) > 0, true);
      }),
  },
  strings: {
    async strings(r) {
      equal(await r.set('s:a', '1'), 'OK');
      equal(await r.get('s:a'), '1');
      equal(await r.get('s:none'), null);
      equal(await r.set('s:a', '2', 'NX'), null);
      equal(await r.set('s:a', '2', 'XX', 'GET'), '1');
      equal(await r.append('s:a', 'x'), 2);
      equal(await r.strlen('s:a'), 2);
      equal(await r.getrange('s:a', 0, 0), '2');
      equal(await r.exists('s:a'), 1);
      equal(await r.type('s:a'), 'string');
      equal(await r.del('s:a'), 1);
    },
    async bytes(r) {
      const value = Buffer.alloc(1 << 20, Buffer.from([...Array(256).keys()]));
      const key = Buffer.from('s:\0\r\n\xff', 'latin1');
      await r.set(key, value);
      equal((await r.getBuffer(key)).equals(value), true);
    },
    async many(r) {
      equal(await r.mset('{m}a', '1', '{m}b', '2'), 'OK');
      equal(await r.mget('{m}a', '{m}none', '{m}b'), ['1', null, '2']);
      equal(await r.del('{m}a', '{m}b'), 2);
    },
  },
  counters: {
    async counters(r) {
      await r.del('c:a');
      equal(await r.incr('c:a'), 1);
      equal(await r.incrby('c:a', 41), 42);
      equal(await r.decr('c:a'), 41);
      equal(await r.incrbyfloat('c:a', 0.5), '41.5');
    },
  },
  pipelines: {
    async pipeline(r) {
      const names = [...Array(1000).keys()].map((i) => `{p}${i}`);
      const all = async (add) => {
        const pipe = r.pipeline();
        for (const name of names) add(pipe, name);
        return (await pipe.exec()).map(([error, answer]) => error ?? answer);
      };
      equal(await all((pipe, name) => pipe.set(name, name)),
            names.map(() => 'OK'));
      equal(await all((pipe, name) => pipe.get(name)), names);
      equal(await all((pipe, name) => pipe.del(name)), names.map(() => 1));
    },
    async pipeline_error(r) {
      await r.set('{p}text', 'x');
      const answers = await r.pipeline()
          .set('{p}a', '1').incr('{p}text').get('{p}a').exec();
      equal(answers[0], [null, 'OK']);
      equal(answers[1][0].name, 'ReplyError');
      equal(answers[2], [null, '1']);
      await r.del('{p}a', '{p}text');
    },
    async unawaited(r) {
      const sets = [...Array(500).keys()].map((i) => r.set('{p}same', i));
      equal((await Promise.all(sets)).every((word) => word === 'OK'), true);
      equal(await r.get('{p}same'), '499');
    },
  },
  transactions: {
    async transaction(r) {
      await r.del('{t}a', '{t}l');
      equal(await r.multi().set('{t}a', '1').incr('{t}a')
                .rpush('{t}l', 'x', 'y').lrange('{t}l', 0, -1).exec(),
            [[null, 'OK'], [null, 2], [null, 2], [null, ['x', 'y']]]);
    },
    async transaction_error(r) {
      await r.set('{t}s', 'text');
      const answers = await r.multi().incr('{t}s').set('{t}b', '1').exec();
      equal(answers[0][0].name, 'ReplyError');
      equal(answers[1], [null, 'OK']);
    },
    watch: (r, kind, ports) => onOne(ports, {}, async (client) => {
      await r.set('{t}w', '1');
      await client.watch('{t}w');
      await r.set('{t}w', '2');
      equal(await client.multi().set('{t}w', 'lost').exec(), null);
      equal(await r.get('{t}w'), '2');
      await client.watch('{t}w');
      equal(await client.multi().set('{t}w', '3').exec(), [[null, 'OK']]);
    }),
  },
  hashes: {
    async hashes(r) {
      await r.del('h');
      equal(await r.hset('h', {a: '1', b: '2'}), 2);
      equal(plain(await r.hgetall('h')), {a: '1', b: '2'});
      equal(await r.hmget('h', 'a', 'none'), ['1', null]);
      equal(await r.hincrby('h', 'a', 9), 10);
      equal([await r.hexists('h', 'b'), await r.hlen('h')], [1, 2]);
      equal((await r.hkeys('h')).sort(), ['a', 'b']);
      equal([await r.hdel('h', 'a'), await r.hsetnx('h', 'b', 'x')], [1, 0]);
    },
  },
  lists: {
    async lists(r) {
      await r.del('l');
      equal(await r.rpush('l', 'a', 'b', 'c'), 3);
      equal(await r.lpush('l', 'z'), 4);
      equal(await r.lrange('l', 0, -1), ['z', 'a', 'b', 'c']);
      equal([await r.lpop('l'), await r.rpop('l')], ['z', 'c']);
      equal(await r.linsert('l', 'BEFORE', 'b', 'x'), 3);
      equal([await r.lindex('l', 1), await r.lpos('l', 'b')], ['x', 2]);
      equal([await r.lset('l', 0, 'A'), await r.lrem('l', 0, 'x')], ['OK', 1]);
      equal(await r.ltrim('l', 0, 0), 'OK');
      equal([await r.lpop('l', 5), await r.exists('l')], [['A'], 0]);
    },
  },
  sets: {
    async sets(r) {
      await r.del('{u}a', '{u}b', '{u}c');
      equal(await r.sadd('{u}a', '1', '2', '3'), 3);
      equal(await r.sadd('{u}b', '2', '3', '4'), 3);
      equal((await r.smembers('{u}a')).sort(), ['1', '2', '3']);
      equal((await r.sinter('{u}a', '{u}b')).sort(), ['2', '3']);
      equal((await r.sunion('{u}a', '{u}b')).length, 4);
      equal(await r.sdiff('{u}a', '{u}b'), ['1']);
      equal(await r.sinterstore('{u}c', '{u}a', '{u}b'), 2);
      equal(await r.smismember('{u}a', '1', '9'), [1, 0]);
      equal(['2', '3'].includes(await r.spop('{u}c')), true);
      equal(await r.srem('{u}a', '1', '9'), 1);
    },
  },
  'sorted-sets': {
    async sorted_sets(r) {
      await r.del('{z}a', '{z}b');
      equal(await r.zadd('{z}a', 1, 'x', 2.5, 'y', 3, 'z'), 3);
      equal(await r.zscore('{z}a', 'y'), '2.5');
      equal(await r.zrange('{z}a', 0, -1, 'WITHSCORES'),
            ['x', '1', 'y', '2.5', 'z', '3']);
      equal(await r.zrangebyscore('{z}a', '(1', '+inf'), ['y', 'z']);
      equal(await r.zincrby('{z}a', 5, 'x'), '6');
      equal([await r.zrank('{z}a', 'x'), await r.zcard('{z}a')], [2, 3]);
      equal(await r.zunionstore('{z}b', 1, '{z}a', 'WEIGHTS', 2), 3);
      equal(await r.zpopmin('{z}b'), ['y', '5']);
      equal(await r.zrem('{z}a', 'x', 'none'), 1);
    },
  },
  expiry: {
    async expiry(r) {
      equal(await r.set('e:a', '1', 'EX', 100), 'OK');
      equal(Math.abs((await r.ttl('e:a')) - 98) <= 2, true);
      equal([await r.persist('e:a'), await r.ttl('e:a')], [1, -1]);
      equal(await r.ttl('e:none'), -2);
      equal(await r.pexpire('e:a', 80), 1);
      await until(async () => (await r.exists('e:a')) === 0);
      equal(await r.get('e:a'), null);
      equal(await r.setex('e:b', 50, 'v'), 'OK');
      equal(await r.getex('e:b', 'PERSIST'), 'v');
      equal(await r.ttl('e:b'), -1);
    },
  },
  scan: {
    scan: (r, kind, ports) => onOne(ports, {}, async (client) => {
      const names = new Set([...Array(500).keys()].map((i) => `{scan}${i}`));
      await Promise.all([...names].map((name) => r.set(name, '1')));
      const seen = new Set();
      for await (const page of client.scanStream({match: '{scan}*', count: 50}))
        for (const name of page) seen.add(name);
      equal(seen, names);
      await r.del(...names);
    }),
  },
  errors: {
    async errors(r) {
      await r.set('x:s', 'text');
      await refused('value is not an integer or out of range',
                    () => r.incr('x:s'));
      await refused("wrong number of arguments for 'get'",
                    () => r.call('GET', 'x:s', 'x:s'));
      await refused('syntax error', () => r.call('SET', 'x:s', '1', 'ZZ'));
      equal(await r.get('x:s'), 'text');
    },
    unknown: (r, kind, ports) => onOne(ports, {}, async (client) => {
      await refused('unknown command', () => client.call('NOSUCH', 'x'));
      await refused('unknown subcommand', () => client.call('CLIENT', 'NOSUCH'));
      equal(await client.ping(), 'PONG');
    }),
    async wrong_type(r) {
      await r.del('x:l');
      await r.rpush('x:l', 'a');
      await refused('WRONGTYPE Operation against a key holding the wrong',
                    () => r.get('x:l'));
    },
  },
};

await main({
  groups,
  connect,
  close: (client) => client.disconnect(),
  increment: (client) => client.incr('{k}count'),
  set: (client, key, value) => client.set(key, value),
  get: (client, key) => client.get(key),
});

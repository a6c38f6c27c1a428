"""redis-py against the servers: what ./run starts for the clients named
redis-py and redis-py-cluster.

usage: python_client.py surface KIND PORT... -- GROUP...
       python_client.py steady KIND PORT...

KIND is plain or cluster. See README.md for what both must print.
"""

import json
import logging
import sys
import threading
import time

import redis
from redis.cluster import ClusterNode, RedisCluster

CALL_SECONDS = 10
# Not "localhost", which a small system may not know.
HOST = "127.0.0.1"


def connect(kind, ports):
    if kind == "cluster":
        return RedisCluster(
            startup_nodes=[ClusterNode(HOST, port) for port in ports],
            decode_responses=True,
            socket_timeout=CALL_SECONDS,
        )
    return redis.Redis(
        HOST, ports[0], decode_responses=True, socket_timeout=CALL_SECONDS
    )


# --------------------------------------------------------------------- surface


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def refused(kind, words, act):
    try:
        got = act()
    except kind as error:
        if words not in str(error):
            raise AssertionError(f"{error!r} lacks {words!r}") from None
        return
    raise AssertionError(f"got {got!r}, wanted an error")


def test_connect(r):
    equal(r.ping(), True)
    if not isinstance(r, RedisCluster):  # Which knows no node for ECHO.
        equal(r.echo("hello"), "hello")


def test_facts(r):
    facts = r.info() if not isinstance(r, RedisCluster) else r.info(
        target_nodes=RedisCluster.RANDOM
    )
    for field in ("redis_version", "redis_mode", "role", "connected_clients"):
        if field not in facts:
            raise AssertionError(f"INFO lacks {field}")


def test_introspection(r):
    """What redis-py parses field by field, and rq, exporters and redis-cli
    ask for."""
    one = redis.Redis(HOST, port_of(r), decode_responses=True,
                      single_connection_client=True)  # fmt: skip
    mine = one.client_info()
    equal(str(mine["id"]), str(one.client_id()))
    listed = one.client_list()
    equal(mine["addr"] in [client["addr"] for client in listed], True)
    equal(one.client_kill_filter(_type="pubsub", skipme=True), 0)
    facts = one.info("all")
    for field in ("used_memory", "used_memory_rss", "used_cpu_user",
                  "blocked_clients", "total_commands_processed",
                  "instantaneous_ops_per_sec", "keyspace_hits",
                  "expired_keys", "aof_rewrite_in_progress",
                  "rdb_bgsave_in_progress"):  # fmt: skip
        if field not in facts:
            raise AssertionError(f"INFO lacks {field}")
    equal(facts["used_memory"] > 0, True)
    equal(one.execute_command("ACL WHOAMI"), "default")
    equal(one.module_list(), [])
    equal(one.execute_command("LATENCY", "LATEST"), [])
    equal(one.config_get("notify-keyspace-events"),
          {"notify-keyspace-events": ""})  # fmt: skip
    one.close()


def test_name(r):
    """The name is the connection's: one connection, no pool."""
    one = redis.Redis(
        HOST, port_of(r), client_name="tester", single_connection_client=True,
        health_check_interval=1, decode_responses=True,
    )  # fmt: skip
    equal(one.client_getname(), "tester")
    equal(one.client_id() > 0, True)
    one.close()


def port_of(r):
    if isinstance(r, RedisCluster):
        return r.get_default_node().port
    return r.connection_pool.connection_kwargs["port"]


def test_strings(r):
    equal(r.set("s:a", "1"), True)
    equal(r.get("s:a"), "1")
    equal(r.get("s:none"), None)
    equal(r.set("s:a", "2", nx=True), None)
    equal(r.set("s:a", "2", xx=True, get=True), "1")
    equal(r.append("s:a", "x"), 2)
    equal(r.strlen("s:a"), 2)
    equal(r.getrange("s:a", 0, 0), "2")
    equal(r.exists("s:a"), 1)
    equal(r.type("s:a"), "string")
    equal(r.delete("s:a"), 1)


def test_bytes(r):
    raw = redis.Redis(HOST, port_of(r))
    if isinstance(r, RedisCluster):
        raw = RedisCluster(HOST, port_of(r))
    value = bytes(range(256)) * 4096  # 1 MiB, with every byte in it
    raw.set(b"s:\x00\r\n\xff", value)
    equal(raw.get(b"s:\x00\r\n\xff") == value, True)
    raw.close()


def test_counters(r):
    r.delete("c:a")
    equal([r.incr("c:a"), r.incrby("c:a", 41), r.decr("c:a")], [1, 42, 41])
    equal(r.incrbyfloat("c:a", 0.5), 41.5)


def test_many(r):
    equal(r.mset({"{m}a": "1", "{m}b": "2"}), True)
    equal(r.mget("{m}a", "{m}none", "{m}b"), ["1", None, "2"])
    equal(r.delete("{m}a", "{m}b"), 2)


def test_pipeline(r):
    with r.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set(f"{{p}}{i}", i)
        equal(pipe.execute(), [True] * 1000)
        for i in range(1000):
            pipe.get(f"{{p}}{i}")
        equal(pipe.execute(), [str(i) for i in range(1000)])
        for i in range(1000):
            pipe.delete(f"{{p}}{i}")
        equal(pipe.execute(), [1] * 1000)


def test_pipeline_error(r):
    r.set("{p}text", "x")
    with r.pipeline(transaction=False) as pipe:
        pipe.set("{p}a", "1").incr("{p}text").get("{p}a")
        answers = pipe.execute(raise_on_error=False)
    equal([answers[0], answers[2]], [True, "1"])
    equal(isinstance(answers[1], redis.ResponseError), True)
    r.delete("{p}a", "{p}text")


def test_transaction(r):
    # redis-py's cluster client has no transactions: its node's plain one does.
    r = redis.Redis(HOST, port_of(r), decode_responses=True)
    r.delete("{t}a", "{t}l")
    with r.pipeline(transaction=True) as pipe:
        pipe.set("{t}a", "1").incr("{t}a").rpush("{t}l", "x", "y")
        pipe.lrange("{t}l", 0, -1)
        equal(pipe.execute(), [True, 2, 2, ["x", "y"]])


def test_transaction_error(r):
    r = redis.Redis(HOST, port_of(r), decode_responses=True)
    r.set("{t}s", "text")
    with r.pipeline(transaction=True) as pipe:
        pipe.incr("{t}s").set("{t}b", "1")
        answers = pipe.execute(raise_on_error=False)
    equal(isinstance(answers[0], redis.ResponseError), True)
    equal([answers[1], r.get("{t}b")], [True, "1"])


def test_watch(r):
    r = redis.Redis(HOST, port_of(r), decode_responses=True)
    r.set("{t}w", "1")
    with r.pipeline() as pipe:
        pipe.watch("{t}w")
        equal(pipe.get("{t}w"), "1")
        r.set("{t}w", "2")
        pipe.multi()
        pipe.set("{t}w", "lost")
        refused(redis.WatchError, "", pipe.execute)
    equal(r.get("{t}w"), "2")
    with r.pipeline() as pipe:
        pipe.watch("{t}w")
        pipe.multi()
        pipe.set("{t}w", "3")
        equal(pipe.execute(), [True])


def test_hashes(r):
    r.delete("h")
    equal(r.hset("h", mapping={"a": "1", "b": "2"}), 2)
    equal(r.hgetall("h"), {"a": "1", "b": "2"})
    equal(r.hmget("h", "a", "none"), ["1", None])
    equal(r.hincrby("h", "a", 9), 10)
    equal([r.hexists("h", "b"), r.hlen("h"), r.hstrlen("h", "a")], [True, 2, 2])
    equal(sorted(r.hkeys("h")), ["a", "b"])
    equal([r.hdel("h", "a"), r.hsetnx("h", "b", "x")], [1, 0])
    equal(r.type("h"), "hash")


def test_lists(r):
    r.delete("l")
    equal(r.rpush("l", "a", "b", "c"), 3)
    equal(r.lpush("l", "z"), 4)
    equal(r.lrange("l", 0, -1), ["z", "a", "b", "c"])
    equal([r.lpop("l"), r.rpop("l"), r.llen("l")], ["z", "c", 2])
    equal(r.linsert("l", "before", "b", "x"), 3)
    equal([r.lindex("l", 1), r.lpos("l", "b")], ["x", 2])
    equal([r.lset("l", 0, "A"), r.lrem("l", 0, "x")], [True, 1])
    equal([r.ltrim("l", 0, 0), r.lrange("l", 0, -1)], [True, ["A"]])
    equal(r.lpop("l", 5), ["A"])
    equal(r.exists("l"), 0)


def test_sets(r):
    r.delete("{u}a", "{u}b", "{u}c")
    equal(r.sadd("{u}a", "1", "2", "3"), 3)
    equal(r.sadd("{u}b", "2", "3", "4"), 3)
    equal(r.smembers("{u}a"), {"1", "2", "3"})
    equal(r.sinter("{u}a", "{u}b"), {"2", "3"})
    equal(r.sunion("{u}a", "{u}b"), {"1", "2", "3", "4"})
    equal(r.sdiff("{u}a", "{u}b"), {"1"})
    equal(r.sinterstore("{u}c", "{u}a", "{u}b"), 2)
    equal([r.sismember("{u}a", "1"), r.scard("{u}a")], [True, 3])
    equal(r.smismember("{u}a", "1", "9"), [1, 0])
    equal(r.spop("{u}c") in {"2", "3"}, True)
    equal(r.srem("{u}a", "1", "9"), 1)


def test_sorted_sets(r):
    r.delete("{z}a", "{z}b")
    equal(r.zadd("{z}a", {"x": 1, "y": 2.5, "z": 3}), 3)
    equal(r.zscore("{z}a", "y"), 2.5)
    equal(r.zrange("{z}a", 0, -1, withscores=True),
          [("x", 1), ("y", 2.5), ("z", 3)])  # fmt: skip
    equal(r.zrangebyscore("{z}a", "(1", "+inf"), ["y", "z"])
    equal(r.zrevrange("{z}a", 0, 0), ["z"])
    equal([r.zincrby("{z}a", 5, "x"), r.zrank("{z}a", "x")], [6, 2])
    equal([r.zcard("{z}a"), r.zcount("{z}a", 2, 3)], [3, 2])
    equal(r.zunionstore("{z}b", {"{z}a": 2}), 3)
    equal(r.zpopmin("{z}b"), [("y", 5)])
    equal(r.zrem("{z}a", "x", "none"), 1)


def test_expiry(r):
    equal(r.set("e:a", "1", ex=100), True)
    equal(95 < r.ttl("e:a") <= 100, True)
    equal([r.persist("e:a"), r.ttl("e:a"), r.ttl("e:none")], [True, -1, -2])
    equal(r.pexpire("e:a", 80), True)
    equal(0 < r.pttl("e:a") <= 80, True)
    deadline = time.monotonic() + CALL_SECONDS
    while r.exists("e:a"):
        equal(time.monotonic() < deadline, True)
        time.sleep(0.02)
    equal(r.get("e:a"), None)
    equal(r.setex("e:b", 50, "v"), True)
    equal(r.getex("e:b", persist=True), "v")
    equal(r.ttl("e:b"), -1)


def test_scan(r):
    names = {f"{{scan}}{i}" for i in range(500)}
    for name in names:
        r.set(name, "1")
    equal(set(r.scan_iter("{scan}*", count=50)), names)
    r.delete("{scan}h", *names)
    r.hset("{scan}h", mapping={str(i): i for i in range(300)})
    equal(len(dict(r.hscan_iter("{scan}h"))), 300)
    r.delete("{scan}h")


def test_errors(r):
    r.set("x:s", "text")
    refused(redis.ResponseError, "value is not an integer or out of range",
            lambda: r.incr("x:s"))  # fmt: skip
    refused(redis.ResponseError, "wrong number of arguments for 'get'",
            lambda: r.execute_command("GET", "x:s", "x:s"))  # fmt: skip
    refused(redis.ResponseError, "syntax error",
            lambda: r.execute_command("SET", "x:s", "1", "ZZ"))  # fmt: skip
    equal(r.get("x:s"), "text")


def test_unknown(r):
    one = redis.Redis(HOST, port_of(r))
    refused(redis.ResponseError, "unknown command",
            lambda: one.execute_command("NOSUCH", "x"))  # fmt: skip
    refused(redis.ResponseError, "unknown subcommand",
            lambda: one.execute_command("CLIENT", "NOSUCH"))  # fmt: skip
    equal(one.ping(), True)


def test_wrong_type(r):
    r.delete("x:l")
    r.rpush("x:l", "a")
    refused(redis.ResponseError, "Operation against a key holding the wrong",
            lambda: r.get("x:l"))  # fmt: skip


GROUPS = {
    "connect": [test_connect, test_facts, test_introspection, test_name],
    "strings": [test_strings, test_bytes, test_many],
    "counters": [test_counters],
    "pipelines": [test_pipeline, test_pipeline_error],
    "transactions": [test_transaction, test_transaction_error, test_watch],
    "hashes": [test_hashes],
    "lists": [test_lists],
    "sets": [test_sets],
    "sorted-sets": [test_sorted_sets],
    "expiry": [test_expiry],
    "scan": [test_scan],
    "errors": [test_errors, test_unknown, test_wrong_type],
}


def surface(kind, ports, groups):
    for group in groups:
        for test in GROUPS[group]:
            outcome = {"group": group, "test": test.__name__[5:], "error": ""}
            try:
                r = connect(kind, ports)
                test(r)
                r.close()
            except Exception as error:  # Whatever the library throws.
                outcome["error"] = f"{type(error).__name__}: {error}"
            print(json.dumps(outcome), flush=True)


# ---------------------------------------------------------------------- steady


class Steady:
    """Writes and reads without a pause until told to stop."""

    def __init__(self, client, name):
        self.client, self.name = client, name
        self.increments = self.sets = 0
        self.slowest = 0.0
        self.errors = []
        self.stopping = False

    def timed(self, act):
        started = time.monotonic()
        try:
            return act()
        except Exception as error:  # Whatever the library throws.
            self.errors.append(f"{type(error).__name__}: {error}")
            return None
        finally:
            self.slowest = max(self.slowest, time.monotonic() - started)

    def increment(self):
        while not self.stopping:
            if self.timed(lambda: self.client.incr("{k}count")) is not None:
                self.increments += 1

    def set_and_get(self):
        key = "{k}" + self.name
        for i in iter(int, 1):  # 0, 0, 0 ...: forever
            if self.stopping:
                return
            value = f"{self.name}-{self.sets}"
            if self.timed(lambda: self.client.set(key, value)):
                self.sets += 1
                got = self.timed(lambda: self.client.get(key))
                if got not in (value, None):
                    self.errors.append(f"wrote {value}, read {got}")


def steady(kind, ports):
    workers, threads = [], []
    for number, port in enumerate(ports if kind == "plain" else ports[:1]):
        for act in (Steady.increment, Steady.set_and_get):
            client = connect(kind, ports if kind == "cluster" else [port])
            worker = Steady(client, f"{number}-{time.time_ns()}")
            workers.append(worker)
            threads.append(threading.Thread(target=act, args=(worker,)))
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    for worker in workers:
        worker.stopping = True
    for thread in threads:
        thread.join()
    print(json.dumps({
        "increments": sum(worker.increments for worker in workers),
        "sets": sum(worker.sets for worker in workers),
        "slowest_ms": max(worker.slowest for worker in workers) * 1e3,
        "errors": [error for worker in workers for error in worker.errors],
    }), flush=True)  # fmt: skip


def main(mode, kind, *words):
    # The cluster client prints each failure that it then repairs.
    logging.getLogger("redis").addHandler(logging.NullHandler())
    split = words.index("--") if "--" in words else len(words)
    ports = [int(port) for port in words[:split]]
    if mode == "surface":
        surface(kind, ports, words[split + 1 :])
    else:
        steady(kind, ports)


if __name__ == "__main__":
    main(*sys.argv[1:])

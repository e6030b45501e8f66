#!/usr/bin/python3
# Runs first: it takes longest.
"""The publisher and a Redis that is not well: killed, mute, full, forgetful, a replica, none at
all. Each result and transition still stands there once, and each trouble is said once."""
import contextlib
import os
import signal
import socket
import threading
import time

from harness import Redis, equal, expect, path, run_tests, wait_until
from publishing import (ALERTS, DRIVER, HASH_FIELDS, RESULTS, Driver, exactly_once,
                        hashes_are_newest, id_key, number, target_hash)


def test_what_redis_forgot():
    """A Redis that comes back empty, and one whose keys are deleted, get all of it again."""
    with Redis() as redis:
        driver = Driver(redis.url, results=2500, rate=500, targets=20, heartbeats=1, every=100)
        time.sleep(1)
        redis.stop(signal.SIGKILL)
        redis.start()
        wait_until(lambda: redis.cli("EXISTS", "mosprobe:{driver}:prober") == 1,
                   "the last heartbeat", 3)
        time.sleep(1)
        redis.cli("FLUSHDB")
        driver.end()
        for i in range(20):
            equal(set(target_hash(redis, f"pbx{i}.example.com:5060")), HASH_FIELDS,
                  "fields of a hash")
        equal(redis.cli("SCARD", "mosprobe:{driver}:muted"), 2, "muted")
        equal(redis.cli("ZCARD", "mosprobe:{driver}:open"), 4, "open")


def test_killed_and_restarted():
    # With everysec a Redis whose disk is slow answers up to two seconds before it writes, and what it
    # has then acknowledged dies with it.
    with Redis("--appendonly", "yes", "--appendfsync", "always") as redis:
        driver = Driver(redis.url, results=30000, rate=6000, every=20, targets=500, stop=30)
        for _ in range(3):
            time.sleep(0.9)
            redis.stop(signal.SIGKILL)
            time.sleep(0.3)
            redis.start()
        counters = driver.end()
        hashes_are_newest(redis, exactly_once(redis, counters))
        expect(counters["reconnects"] >= 3, f"{counters}")


def stalled(stall, go_on):
    """More than the time-out for answers: given up, and what stood in the socket comes later."""
    with Redis() as redis:
        driver = Driver(redis.url, results=16000, rate=2000, every=20, targets=500, stop=30)
        time.sleep(1)
        stall(redis)
        time.sleep(6.5)
        go_on(redis)
        counters = driver.end()
        hashes_are_newest(redis, exactly_once(redis, counters))
        expect(counters["reconnects"] >= 1, f"{counters}")
        equal(len(driver.lines("no answer comes")), 1, "said once")


def test_stopped_redis():
    stalled(lambda redis: redis.process.send_signal(signal.SIGSTOP),
            lambda redis: redis.process.send_signal(signal.SIGCONT))


def test_paused_clients():
    stalled(lambda redis: redis.cli("CLIENT", "PAUSE", 6400, "ALL"), lambda redis: None)


def test_spool_bound():
    with Redis() as redis:
        redis.stop()
        expect(not os.path.exists(redis.socket), "nobody has been there")
        # 224 bytes a result: the bound is between 1,000 and 1,200 of them.
        driver = Driver(redis.url, results=5000, every=10, spool="256KiB", targets=50, stop=20)
        wait_until(lambda: driver.lines("event=spool_full"), "what is said", 5)
        redis.start()
        counters = driver.end()
        dropped = counters["dropped"]
        expect(3700 < dropped < 4100, f"{counters}")
        oldest = exactly_once(redis, counters, dropped)[0][2]
        equal(int(oldest["cycle"]) * 50 + number(oldest["target"]), dropped,
              "the oldest result that is left")
        equal(len(driver.lines(f" dropped={dropped}")), 1, "told")
        equal(len(driver.lines("cannot connect")), 1, "told once that nobody is there")


def test_wrong_type():
    with Redis() as redis:
        redis.cli("SET", RESULTS, "something else")
        driver = Driver(redis.url, results=1000, rate=1000, every=10, stop=15)
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 100, "all alerts", 5)
        equal(len(driver.lines("WRONGTYPE")), 1, "said once")
        expect(RESULTS in driver.lines("WRONGTYPE")[0], "the key is not named")
        redis.cli("DEL", RESULTS)
        exactly_once(redis, driver.end())
        equal(len(driver.lines("event=redis_resumed")), 1, "the end is said too")


def test_out_of_memory():
    with Redis() as redis:
        driver = Driver(redis.url, results=10000, rate=4000, every=20, stop=20, targets=300)
        time.sleep(0.7)
        redis.cli("CONFIG", "SET", "maxmemory", "1mb")
        time.sleep(1.5)
        redis.cli("CONFIG", "SET", "maxmemory", "0")
        counters = driver.end()
        hashes_are_newest(redis, exactly_once(redis, counters))
        expect(driver.lines("OOM"), f"{driver.log}")
        equal(counters["reconnects"], 0, "reconnects")


def test_replica():
    with Redis() as redis:
        driver = Driver(redis.url, results=4000, rate=2000, every=20, stop=20)
        time.sleep(0.7)
        redis.cli("CONFIG", "SET", "replica-serve-stale-data", "yes")
        redis.cli("REPLICAOF", "127.0.0.1", "1")
        time.sleep(0.7)
        redis.cli("REPLICAOF", "NO", "ONE")
        counters = driver.end()
        exactly_once(redis, counters)
        expect(counters["reconnects"] >= 1, f"{counters}")
        equal(len(driver.lines("this is a replica")), 1, f"said once {driver.log}")


def strange_server(answer, stop, said):
    """One that gives every client this answer."""
    clients = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path("strange"))
        server.listen(64)
        server.settimeout(0.1)
        driver = Driver(f"unix://{path('strange')}", results=100, stop=stop)
        while driver.runs():
            try:
                clients.append(server.accept()[0])
                clients[-1].sendall(answer)
            except OSError:  # none came, or it has left already
                pass
    os.unlink(path("strange"))
    for client in clients:
        client.close()
    expect(clients, "nobody connected")
    equal(driver.end()["written"], 0, "written")
    equal(len(driver.lines(said)), 1, f"clear messages {driver.log}")
    equal(len(driver.lines(" entries=100")), 1, "what is lost is told")


# What each answer to an entry is called, and whether another connection is tried for it.
ANSWERS = {
    "LOADING Redis is loading the dataset in memory": "Redis reads its data from disk",
    "READONLY You can't write against a read only replica.": "this is a replica",
    "OOM command not allowed when used memory > 'maxmemory'.": "raise Redis's maxmemory",
    "MISCONF Redis is configured to save RDB snapshots": "Redis cannot write to its disk",
    "NOAUTH Authentication required.": "set redis.password_file",
    "NOPERM this user has no permissions": "the ACL of this Redis user must allow",
    "WRONGTYPE Operation against a key holding the wrong kind of value": "remove that key, or set another redis.prefix",
    "CLUSTERDOWN Hash slot not served": "the cluster has lost a primary",
    "NOREPLICAS Not enough good replicas to write.": "min-replicas-to-write",
    "BUSY Redis is busy running a script.": "a script blocks Redis",
    "ERR something that nobody has heard of": "ERR something that nobody has heard of",
}


class Refusing(threading.Thread):
    """A server that takes the lease and refuses entries with this answer until it has said it three times."""

    def __init__(self, name, answer):
        super().__init__(daemon=True)
        self.socket = path(name)
        self.answer = answer
        self.refused = 0
        self.taken = []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.socket)
        self.server.listen(8)
        self.start()

    def reply(self, words):
        name = words[0].upper()
        if name == b"XADD":
            if self.refused < 3:
                self.refused += 1
                return f"-{self.answer}"
            entry = words[5].decode()
            if self.taken and id_key(entry) <= id_key(self.taken[-1]):
                return "-ERR The ID specified in XADD is equal or smaller than the target stream top item"
            self.taken.append(entry)
            return f"+{entry}"
        if name == b"XRANGE":
            entry = words[2].decode()
            return f"*1\r\n*2\r\n+{entry}\r\n*0" if entry in self.taken else "*0"
        return {b"CLIENT": ":7", b"INFO": "$0\r\n", b"GET": "$-1", b"HMGET": "*2\r\n$-1\r\n$-1", b"EXEC": "*2\r\n+OK\r\n:1",
                b"XINFO": "-ERR no such key", b"ZRANGEBYSCORE": "*0", b"SPOP": "$-1"}.get(
                    name, "+OK" if name in (b"WATCH", b"MULTI", b"SET") else ":1" if name == b"PEXPIRE" else ":0")

    def serve(self, client):
        with contextlib.suppress(OSError), client, client.makefile("rb") as lines:
            while head := lines.readline():
                words = []
                for _ in range(int(head[1:])):
                    words.append(lines.read(int(lines.readline()[1:]) + 2)[:-2])
                client.sendall(self.reply(words).encode() + b"\r\n")

    def run(self):
        while True:
            try:
                client = self.server.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()


def test_every_answer_has_a_name():
    servers = [(Refusing(f"refuses{i}", answer), said) for i, (answer, said) in enumerate(ANSWERS.items())]
    drivers = [Driver(f"unix://{server.socket}", results=20, targets=20, stop=20) for server, _ in servers]
    for (server, said), driver in zip(servers, drivers):
        counters = driver.end()
        equal((counters["written"], counters["dropped"]), (20, 0), f"{server.answer}: {driver.log}")
        equal(len(server.taken), 20, f"taken after {server.answer}")
        equal(len(driver.lines(said)), 1, f"said once {driver.log}")
        expect(RESULTS in driver.lines(said)[0], f"the key is not named {driver.log}")
        server.server.close()


def test_a_server_without_words():
    strange_server(b"", 6, "no answer comes")


def test_a_server_of_another_kind():
    strange_server(b"HTTP/1.1 400 Bad Request\r\n\r\n", 1, "is that a Redis?")


if __name__ == "__main__":
    run_tests(globals(), DRIVER)

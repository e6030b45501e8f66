#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A Redis Cluster of three primaries and a replica: whichever node the url names, the entries come to the one that holds the
slot, and to its replica when that takes over."""
import json
import os
import signal
import socket
import time

from harness import MOSPROBE, Fail, equal, expect, free_port, path, read, run, run_tests, start, stop, wait_until, write
from publishing import ALERTS, RESULTS, Driver, check, exactly_once


class Node:
    """One redis-server of a cluster, by its port on the loopback."""

    def __init__(self):
        # Its cluster port is 10,000 above, and may be anybody's: then it ends at once.
        for _ in range(20):
            self._start(free_port())
            wait_until(lambda: self.process.poll() is not None or self.cli("PING") == "PONG", "redis-server", 30)
            if self.process.poll() is None:
                return
        raise Fail(f"no redis-server starts: {read(self.log)}")

    def _start(self, port):
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.url = f"redis://{self.address}"
        folder = path(f"node{port}")
        os.makedirs(folder, exist_ok=True)
        self.command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "",
                        "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"]
        self.log = f"node{port}.log"
        self.process = start(self.command, self.log)

    def cli(self, *words):
        done = run(["redis-cli", "-p", str(self.port), "-3", "--json", *words])
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout + done.stderr

    def stream(self, key):
        return [(entry, words[::2], dict(zip(words[::2], words[1::2]))) for entry, words in self.cli("XRANGE", key, "-", "+")]

    def knows(self, count):
        return f"cluster_known_nodes:{count}" in self.cli("CLUSTER", "INFO") and self.is_well()

    def is_well(self):
        return "cluster_state:ok" in self.cli("CLUSTER", "INFO")


class Cluster:
    """`owner` holds the slot of the driver's keys, `replica` follows it."""

    def __enter__(self):
        self.nodes = [Node() for _ in range(4)]
        primaries, self.replica = self.nodes[:3], self.nodes[3]
        made = run(["redis-cli", "--cluster", "create", *(node.address for node in primaries), "--cluster-yes"])
        equal(made.returncode, 0, made.stdout + made.stderr)
        for node in primaries:
            wait_until(lambda: node.knows(3), "a cluster", 20)
        self.owner = next(node for node in primaries if isinstance(node.cli("XLEN", RESULTS), int))
        self.other = next(node for node in primaries if node is not self.owner)
        made = run(["redis-cli", "--cluster", "add-node", self.replica.address, self.owner.address, "--cluster-slave",
                    "--cluster-master-id", self.owner.cli("CLUSTER", "MYID")])
        equal(made.returncode, 0, made.stdout + made.stderr)
        wait_until(lambda: "master_link_status:up" in self.replica.cli("INFO", "replication"), "the replica", 20)
        for node in self.nodes:
            wait_until(lambda: node.knows(4), "that all know each other", 20)
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            if node.process.poll() is None:
                stop(node.process, signal.SIGKILL)


def test_moved_is_followed():
    with Cluster() as cluster:
        driver = Driver(cluster.other.url, results=6000, rate=6000, every=20, stop=20)
        counters = driver.end()
        exactly_once(cluster.owner, counters)
        equal(driver.lines("MOVED"), [], "no complaint")
        status, said = check(cluster.other.url)
        equal(status, 0, said)
        expect("results hold 6000 of" in said, said)
        config = write("conf", f"[prober]\nid = driver\ndeny = none\n[redis]\nurl = {cluster.other.url}\n")
        with socket.create_server(("127.0.0.1", 0)):
            prober = start([MOSPROBE, "run", "-c", config, "--targets", write("targets", "127.0.0.1\n"), "--output",
                            "none", "--interval", "1s", "--timeout", "500ms"], "prober.log")
            wait_until(lambda: cluster.owner.cli("XLEN", RESULTS) > 6000, "a prober's results", 15)
            equal(stop(prober), 0, read("prober.log"))


def test_a_planned_failover():
    """CLUSTER FAILOVER loses nothing: neither do we, and nothing stands twice."""
    with Cluster() as cluster:
        driver = Driver(cluster.other.url, results=16000, rate=2000, every=20, stop=30)
        time.sleep(2)
        equal(cluster.replica.cli("CLUSTER", "FAILOVER"), "OK", "failover")
        wait_until(lambda: "role:master" in cluster.replica.cli("INFO", "replication"), "the new primary", 15)
        counters = driver.end()
        exactly_once(cluster.replica, counters)
        expect(counters["reconnects"] >= 1, f"{counters}")


def test_a_primary_that_dies():
    """What it had acknowledged and its replica has not seen is lost, but for transitions that are waited for
    (redis.wait_replicas). The url names the very node that dies."""
    with Cluster() as cluster:
        driver = Driver(cluster.owner.url, results=20000, rate=2000, every=10, stop=30, replicas=1)
        time.sleep(3)
        stop(cluster.owner.process, signal.SIGKILL)
        wait_until(lambda: "role:master" in cluster.replica.cli("INFO", "replication"), "the new primary", 20)
        # Alone it cannot have two copies: they are sent, and sent again, until another replica is there.
        began = time.monotonic()
        spare = start(cluster.owner.command, cluster.owner.log)
        wait_until(lambda: "master_link_status:up" in cluster.owner.cli("INFO", "replication"), "its replica", 30)
        print(f"# the dead one is back as a replica after {time.monotonic() - began:.1f} s")
        counters = driver.end()
        stop(spare, signal.SIGKILL)
        results, alerts = cluster.replica.stream(RESULTS), cluster.replica.stream(ALERTS)
        found = [(f["target"], f["cycle"]) for _, _, f in results]
        equal(len(found), len(set(found)), "results, which stand once each")
        print(f"# {counters['results'] - len(found)} of {counters['results']} results died with their primary")
        expect(counters["results"] - len(found) < 2000, "results that are missing")
        equal(sorted(int(f["seq"]) for _, _, f in alerts), list(range(1, counters["transitions"] + 1)), "transitions")
        equal(counters["written"], counters["results"] + counters["transitions"], "written")


if __name__ == "__main__":
    run_tests(globals())

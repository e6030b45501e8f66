"""The real publisher, driven by tests/net/publish_driver with made-up results, and what must hold
of the Redis that it wrote to."""
import collections
import itertools
import json
import os
import subprocess

from harness import B, RESULT_FIELDS, equal, read, run, start, stop

DRIVER = os.path.join(B, "tests/net/publish_driver")
RESULTS = "mosprobe:{driver}:results"
ALERTS = "mosprobe:{driver}:alerts"
# The hash of a target leaves out what its key tells, and has its state besides.
IN_KEY = {"prober", "target", "host", "port"}
HASH_FIELDS = set(RESULT_FIELDS) - IN_KEY | {
    "since_ms", "seq", "event_id", "dedup_key", "result_id", "alert_id", "low_min_24h",
    "alerts_24h"}


def command(url, options):
    return [DRIVER, f"url={url}", *(f"{name}={value}" for name, value in options.items())]


class Driver:
    """One run of it, whose options publish_driver.c tells."""

    _numbers = itertools.count(1)

    def __init__(self, url, **options):
        self.name = f"driver{next(self._numbers)}.log"
        self.process = start(command(url, options), self.name, stdout=subprocess.PIPE, text=True)

    @property
    def log(self):
        return read(self.name).splitlines()

    def lines(self, text):
        """As they were first said: without those that tell how often."""
        return [line for line in self.log if text in line and " repeated=" not in line]

    def runs(self):
        return self.process.poll() is None

    def end(self):
        """Its counters."""
        out, _ = self.process.communicate(timeout=90)
        equal(stop(self.process), 0, f"status of the driver, which says {self.log}")
        return json.loads(out)


def check(url, **options):
    """`mosprobe check`'s look at a Redis: (exit status, what it says)."""
    done = run(command(url, {"check": 1, **options}))
    return done.returncode, done.stdout + done.stderr


def number(target):
    """7 of pbx7.example.com:5060; publish_driver.c tells which of ten are in which state."""
    return int(target[3:].split(".")[0])


def id_key(entry_id):
    return tuple(int(part) for part in entry_id.split("-"))


def exactly_once(redis, counters, dropped=0):
    """Each result and transition stands once, in order. Returns the results."""
    results, alerts = redis.stream(RESULTS), redis.stream(ALERTS)
    seen = collections.Counter((f["target"], f["cycle"]) for _, _, f in results)
    equal([key for key, times in seen.items() if times > 1], [], "results that stand twice")
    equal(len(seen), counters["results"] - dropped, "results")
    seqs = sorted(int(f["seq"]) for _, _, f in alerts)
    equal(seqs, list(range(1, counters["transitions"] + 1)), "sequence numbers of the alerts")
    equal(counters["written"], len(seen) + len(seqs), "written")
    equal(counters["dropped"], dropped, "dropped")
    for entries in (results, alerts):
        ids = [id_key(entry_id) for entry_id, _, _ in entries]
        equal(ids, sorted(set(ids)), "ids rise")
    return results


def target_hash(redis, target):
    return redis.cli("HGETALL", f"mosprobe:{{driver}}:target:{target}")


def hashes_are_newest(redis, results):
    newest = {f["target"]: (entry_id, f["cycle"]) for entry_id, _, f in results}
    for target, entry in newest.items():
        found = target_hash(redis, target)
        equal((found["result_id"], found["cycle"]), entry, f"newest of {target}")

# SPDX-License-Identifier: MIT
"""A Redis filled with made-up targets, for those who look at it: `mosprobe card` and `mosprobe top`."""
import os
import shlex
import struct
import subprocess
import time

from harness import MOSPROBE, equal, run, write
from publishing import Driver

RECORD_S, RECORDS = 300, 288
NONE = 65535
PASSWORD = "secret-of-this-test"
KEY = "mosprobe:{driver}:"


def fill(redis, **options):
    counters = Driver(redis.url, **{"results": 300, "targets": 100, "every": 7, "heartbeats": 1, **options}).end()
    equal(counters["dropped"], 0, "dropped")


def put_history(redis, target, records):
    """records: {how many five minutes ago: (least, mean, latency, jitter, loss, failed, low_min)}, in the ring's units."""
    now, ring = int(time.time()) // RECORD_S, bytearray(16 * RECORDS)
    for ago, values in records.items():
        number = now - ago
        struct.pack_into("<7HBB", ring, number % RECORDS * 16, number & 0xffff, *values, 5)
    subprocess.run(["redis-cli", "-s", redis.socket, "-x", "SET", f"{KEY}history:{target}"], input=bytes(ring), check=True,
                   stdout=subprocess.DEVNULL)


def allow_reader(redis):
    """A user with what the README allows who only looks; returns the options and the environment that go with it."""
    with open("README.md", encoding="utf-8") as file:
        lines = file.read().replace("\\\n", " ").splitlines()
    commands = [shlex.split(line) for line in lines if line.strip().startswith("redis-cli ACL SETUSER viewer")]
    equal(len(commands), 1, "commands of the README for a viewer")
    redis.cli("ACL", "SETUSER", "viewer", *(word.replace("PASSWORD", PASSWORD).replace("{ID}", "{driver}")
                                             for word in commands[0][4:]))
    password = write("viewer.password", PASSWORD + "\n")
    return write("viewer.conf", f"[prober]\nid = driver\n[redis]\nurl = {redis.url}\nusername = viewer\n"
                                f"password_file = {password}\n")


def refused(redis):
    return [entry["object"] for entry in redis.cli("ACL", "LOG")]


def card(target, *options, **environment):
    return run([MOSPROBE, "card", target, *options], env={**os.environ, "LC_ALL": "C", **environment})

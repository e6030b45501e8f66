# SPDX-License-Identifier: MIT
"""A Redis filled with made-up targets, for those who look at it: `mosprobe card` and `mosprobe top`."""
import fcntl
import os
import pty
import select
import shlex
import struct
import subprocess
import termios
import time

from harness import MOSPROBE, equal, path, run, start, stop, wait_until, write
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


class Terminal:
    """A bare terminal, with a mosprobe in it."""

    def __init__(self, words, controls, log="terminal.log", errors=False, **environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        take = (lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if controls else None
        self.process = start([MOSPROBE, *words], log, stdin=slave, stdout=slave, preexec_fn=take,
                             env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment},
                             **({"stderr": slave} if errors else {}))
        os.close(slave)

    def read(self, seconds):
        """What comes within this time."""
        end, found = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    found += os.read(self.master, 65536)
                except OSError:  # EIO: nobody has it open any more
                    break
        return found

    def ended(self):
        wait_until(lambda: self.process.poll() is not None, "its end", 5)
        return stop(self.process)


def comma_locale():
    """The environment of a locale that writes decimal commas."""
    folder = path("locales")
    if not os.path.isdir(folder):
        os.mkdir(folder)
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", folder + "/de_DE.UTF-8"], check=True)
    environment = {"LOCPATH": folder, "LC_ALL": "de_DE.UTF-8"}
    equal(run(["/usr/bin/printf", "%.1f", "1,5"], env=environment).stdout, "1,5", "that this locale has commas")
    return environment

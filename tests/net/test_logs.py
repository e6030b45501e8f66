#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The log of a run: what the journal is given, what repeats, what others write into it, what it never tells, and a
reader that stands still."""
import fcntl
import os
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from harness import (MOSPROBE, Redis, equal, expect, json_lines, path, read, run, run_tests, start, stop, wait_until,
                     write)
from logs import event, events

SECRET = "t0p-5ecret/of@this:test"
CONF = """[prober]
id = logs
interval = 1s
timeout = 300ms
samples = 2
deny = none
output = none
{keys}
[guard]
window = 0s
[redis]
url = {url}
{redis}
[log]
{log}
"""


def command(url="", *options, keys="", redis="", log="", name="conf"):
    return [MOSPROBE, "run", "-c", write(name, CONF.format(url=url, keys=keys, redis=redis, log=log)), "--targets",
            write("targets", "127.0.0.1:9\n"), *options]


def all_events(text):
    """Every line is one of the log."""
    found = [event(line) for line in text.splitlines()]
    expect(found and all(found), f"lines that are none: {[l for l, e in zip(text.splitlines(), found) if not e]}")
    expect(text.endswith("\n"), "the last line is whole")
    return found


def journal(words, stream=None):
    """What a run writes to a stream that JOURNAL_STREAM names, or another that it should have been."""
    ours, its = socket.socketpair()
    status = os.fstat(its.fileno())
    environment = {**os.environ, "JOURNAL_STREAM": stream or f"{status.st_dev}:{status.st_ino}"}
    process = start(words, "unused", stderr=its, env=environment)
    its.close()
    said = []
    reader = threading.Thread(target=lambda: said.extend(iter(lambda: ours.recv(65536), b"")))
    reader.start()
    process.wait(20)
    equal(stop(process), 0, "status")
    reader.join(5)
    ours.close()
    return b"".join(said).decode()


def test_what_the_journal_is_given():
    """Priorities instead of a prefix, and a Redis that is away said once, then how often."""
    away = f"unix://{path('nobody')}"
    text = journal(command(away, "--cycles", "2", "--log-level", "debug"))
    found = all_events(text)
    expect(all(re.match("<[3467]>", line) for line in text.splitlines()), text)
    trouble = events(text, "redis_trouble")
    equal([(e["priority"], e["kind"], e["url"], e["error"]) for e in trouble],
          [(4, "connect", away, "cannot connect: No such file or directory")] * 2, "Redis is away")
    expect("repeated" not in trouble[0] and int(trouble[1]["repeated"]) >= 2, f"{trouble}")
    expect(1 <= int(trouble[1]["within_s"]) <= 20, f"{trouble}")
    equal({e["priority"] for e in found if e["event"].startswith("end_")}, {6}, "what was probed")
    # Redirected since: JOURNAL_STREAM names another.
    text = journal(command("", "--cycles", "1"), "8:1")
    all_events(text)
    expect(all(line.startswith("mosprobe: ") for line in text.splitlines()), text)


def test_what_ends_a_start():
    """One plain message, an error for the journal."""
    for form, wanted in (("journal", "<3>"), ("plain", "mosprobe: ")):
        done = run(command(keys="standby = yes", log=f"format = {form}"), 10)
        equal((done.returncode, done.stderr), (1, f"{wanted}prober.standby needs redis.url\n"), form)


def test_levels():
    """As options and after a reload; a bad one is refused as any value is."""
    done = run(command("", "--cycles", "1", "--log-level", "error"), 10)
    equal((done.returncode, done.stderr), (0, ""), "nothing went wrong")
    done = run(command("", log="level = loud"), 10)
    equal((done.returncode, done.stderr.split("level = ")[1]),
          (2, "loud: must be error, warning, info or debug\n"), "a level that is none")
    prober = start(command(log="level = error", name="levels.conf"), "levels.log")
    time.sleep(1)
    equal(read("levels.log"), "", "before")
    command(log="level = info\nformat = journal", name="levels.conf")
    prober.send_signal(signal.SIGHUP)
    wait_until(lambda: "<6>" in read("levels.log"), "the new level", 5)
    equal(stop(prober), 0, "status")
    expect(events(read("levels.log"), "reload_done"), read("levels.log"))


def test_what_others_write():
    """Who can write into Redis cannot forge a line, or change a terminal."""
    with Redis() as redis:
        redis.cli("SET", "mosprobe:{logs}:lease", 'evil"event=forged\x1b[2J\x07 4711\\ 12 boot space', "PX", 1500)
        redis.cli("SADD", "mosprobe:{logs}:test", "x\n<3>mosprobe: error: forged event=forged\x1b[2J")
        prober = start(command(redis.url, "--standby"), "hostile.log")
        wait_until(lambda: "lease_taken" in read("hostile.log") and "test_unknown" in read("hostile.log"), "both", 15)
        equal(stop(prober), 0, "status")
    all_events(read("hostile.log"))
    expect("\x1b" not in read("hostile.log"), read("hostile.log"))
    holder = events(read("hostile.log"), "lease_awaited")[0]["holder"]
    expect('evil"event=forged\x1b[2J\x07' in holder, holder)
    equal(len(events(read("hostile.log"), "forged")), 0, "forged")


class Echo(threading.Thread):
    """A server that answers every command with an error that holds all that it was told, as Redis does of a command that
    it does not know."""

    def __init__(self):
        super().__init__(daemon=True)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path("echo"))
        self.server.listen(8)
        self.start()

    def run(self):
        while True:
            client, _ = self.server.accept()
            words = client.recv(4096).replace(b"\r\n", b" ")
            client.sendall(b"-ERR unknown command 'AUTH', with args beginning with: " + words + b"\r\n")
            time.sleep(0.05)
            client.close()


MISPLACED = [f"redis://user:{SECRET}@127.0.0.1:1/0", f"redis://:{SECRET}@127.0.0.1:1",
             f"redis://127.0.0.1:1/?password={SECRET}"]


def with_password(name, url, file):
    """The commands that have a password for this Redis, from a file or the environment."""
    yield command(url, "--cycles", "1", log="level = debug", name=f"environment{name}")
    keys = f"targets = {path('targets')}"
    words = command(url, "--cycles", "1", keys=keys, redis=f"password_file = {file}", log="level = debug",
                    name=f"file{name}")
    yield words
    for verb in (["check"], ["card", "127.0.0.1:9"], ["test-alert", "127.0.0.1:9"]):
        yield [MOSPROBE, *verb, "-c", path(f"file{name}")]


def with_url(name, url):
    """The places where somebody may put one with a password in it."""
    for words in (["run", "--redis", url], ["run", f"--redix={url}"], ["run", url], ["check", "--redis", url],
                  ["card", "x", "--redis", url], ["test-alert", "x", "--redis", url], ["probe", url]):
        yield [MOSPROBE, *words]
    yield command(url, name=f"url{name}")
    yield command("", redis=f"urll = {url}", name=f"slip{name}")
    yield command("", keys=f"targets = {url}", name=f"misplaced{name}")[:-2]
    yield command("", keys=f"id = {url}", name=f"id{name}")
    yield [MOSPROBE, "run", "--targets", write(f"targets{name}", f"{url}\n")]


def test_nothing_secret():
    """A password in a URL, a file or the environment, of every verb that has one: right, wrong, asked for by nobody, and
    told to somebody who says it again."""
    file = write("password", SECRET + "\n")
    os.chmod(file, 0o600)
    Echo()
    with Redis("--requirepass", SECRET) as closed, Redis() as opened, Redis("--requirepass", "another") as other:
        urls = [closed.url, opened.url, other.url, f"unix://{path('echo')}", f"unix://{path('nobody')}",
                "redis://127.0.0.1:1"]
        tried = [words for i, url in enumerate(urls) for words in with_password(f"{i}", url, file)]
        tried += [words for i, url in enumerate(MISPLACED) for words in with_url(f"{i}", url)]
        environment = {**os.environ, "MOSPROBE_REDIS_PASSWORD": SECRET}
        with ThreadPoolExecutor(6) as pool:
            ran = list(pool.map(lambda words: run(words, 40, env=environment), tried))
    for words, done in zip(tried, ran):
        for part in (SECRET, SECRET.split("@", maxsplit=1)[0], "5ecret"):
            expect(part not in done.stdout + done.stderr, f"{words}, status {done.returncode}: {done}")
    said = "".join(done.stderr for done in ran)
    for what in ("redis_connected", "redis_trouble kind=wrongpass", "redis_trouble kind=no_password",
                 "redis_trouble kind=too_old", "redis_trouble kind=connect"):
        expect(f"event={what}" in said, what)


def test_a_reader_that_stands_still():
    """A pipe that is full: probing goes on, and the end comes."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    began = time.monotonic()
    out = path("still.out")
    with open(out, "wb") as file:
        prober = start(command(f"unix://{path('nobody')}", "--cycles", "3", "--output", "jsonl"), "unused", stdout=file, stderr=writer)
    os.close(writer)
    process_status = prober.wait(20)
    took = time.monotonic() - began
    equal(process_status, 0, "status")
    stop(prober)
    os.close(reader)
    found = json_lines(read("still.out"))
    equal([line["cycle"] for line in found if line["type"] == "result"][-1] - found[0]["cycle"], 2, "cycles")
    expect(3 < took < 12, f"{took:.1f} s")


def test_every_event_is_in_the_readme():
    """Those of the source, and no other."""
    made = set()
    for folder in ("edges", "composition", "vocabulary"):
        for name in os.listdir(f"userspace/{folder}"):
            with open(f"userspace/{folder}/{name}", encoding="utf-8") as file:
                made.update(re.findall(r'(?:log_event\(\s*LOG_[A-Z]+,|report_kinds\(|make\(&text,)\s*"([a-z_]+)"',
                                       file.read()))
    with open("README.md", encoding="utf-8") as file:
        section = file.read().split("\n## Logs\n")[1].split("\n## ")[0]
    listed = set(re.findall(r"`([a-z_]+)`", "\n".join(l for l in section.splitlines() if l.startswith("| "))))
    listed.remove("kind")
    equal((sorted(made - listed), sorted(listed - made)), ([], []), "not listed, not made")


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs first: it takes longest.
"""Results that wait on disk while Redis is away: each stands in the stream once when it is back, also when the process
was killed meanwhile; new ones do not wait for them; and beyond the bound the oldest are dropped and counted."""
import glob
import os
import signal
import time

from harness import Redis, equal, expect, path, run, run_tests, skip_unless_root, wait_until
from publishing import RESULTS, Driver, exactly_once, target_hash

MEMORY = "256KiB"  # some 1,000 results


def folder(name):
    os.mkdir(path(name))
    return path(name)


def files(name):
    return sorted(glob.glob(path(name) + "/results-*.spool"))


def numbers(redis, targets):
    """Of the results, as they stand in the stream."""
    return [int(f["cycle"]) * targets + int(f["target"][3:].split(".")[0]) for _, _, f in redis.stream(RESULTS)]


def test_nothing_is_lost_and_new_ones_do_not_wait():
    with Redis() as redis:
        redis.stop()
        driver = Driver(redis.url, results=90000, rate=10000, targets=100, spool=MEMORY, stop=40, every=100,
                        state_dir=folder("kept"))
        wait_until(lambda: len(files("kept")) >= 30, "files", 15)
        size = sum(os.path.getsize(name) for name in files("kept"))
        print(f"# {size / (1024 * len(files('kept'))):.0f} bytes a result on disk")
        redis.start()
        counters = driver.end()
        exactly_once(redis, counters)
        order = numbers(redis, 100)
        equal(counters["dropped"], 0, "dropped")
        for target in ("pbx0.example.com:5060", "pbx99.example.com:5060"):
            equal(target_hash(redis, target)["cycle"], "899", "what its hash shows: its newest")
    equal(files("kept"), [], "files at the end")
    equal(len(driver.lines("event=spool_spills")), 1, "said once")
    # The oldest of all stands early; and long before the last of what was on disk, those that were made after it.
    backlog = 30 * 1024
    last_of_backlog = max(i for i, number in enumerate(order) if number < backlog)
    newer = sum(number >= backlog for number in order[:last_of_backlog])
    expect(newer > 1000, f"{newer} new ones stand before the last old one")


def test_the_bound():
    with Redis() as redis:
        redis.stop()
        driver = Driver(redis.url, results=60000, rate=20000, targets=100, spool=MEMORY, disk_spool="256KiB", stop=40,
                        state_dir=folder("bound"))
        wait_until(lambda: driver.lines("event=spool_full"), "that it is said", 15)
        wait_until(lambda: sum(os.path.getsize(name) for name in files("bound")) <= 256 * 1024, "the bound", 2)
        time.sleep(1.5)
        redis.start()
        counters = driver.end()
        dropped = counters["dropped"]
        expect(dropped >= 1024, f"{counters}")
        exactly_once(redis, counters, dropped)
        equal(set(range(60000)) - set(numbers(redis, 100)), set(range(dropped)), "which were dropped: the oldest")
    equal(len(driver.lines(f" dropped={dropped}")), 1, f"{driver.log}")


def test_killed_while_it_catches_up():
    """At any moment: none of those that were on disk is missing, and none stands twice."""
    with Redis() as redis:
        for again in range(3):
            redis.cli("FLUSHALL")
            redis.cli("CONFIG", "SET", "save", "")
            name = f"killed{again}"
            redis.stop()
            driver = Driver(redis.url, results=40000, rate=20000, targets=100, spool=MEMORY, stop=40,
                            state_dir=folder(name))
            wait_until(lambda: len(files(name)) >= 36, "files", 15)
            redis.start()
            waited = len(files(name))
            wait_until(lambda: len(files(name)) < waited - 3 - 7 * again, "that it catches up", 10)
            driver.process.send_signal(signal.SIGKILL)
            driver.process.wait()
            before = redis.cli("XLEN", RESULTS)
            second = Driver(redis.url, results=1000, targets=100, spool=MEMORY, stop=40, state_dir=path(name),
                            **{"from": 100000})
            second.end()
            found = numbers(redis, 100)
            equal(len(found), len(set(found)), f"results, which stand once each; {before} before")
            equal(set(range(36 * 1024)) - set(found), set(), "those that were on disk")
            equal(set(range(100000, 101000)) - set(found), set(), "the new ones")
            equal(files(name), [], "files at the end")


def test_a_file_that_is_damaged_is_set_aside():
    with Redis() as redis:
        redis.stop()
        driver = Driver(redis.url, results=8000, rate=20000, targets=100, spool=MEMORY, stop=1,
                        state_dir=folder("damaged"))
        counters = driver.end()
        equal(counters["dropped"], 0, "dropped")
        names = files("damaged")
        equal(len(names), 8, "files: what was in memory at the end too")
        with open(names[1], "r+b") as file:
            file.seek(500)
            file.write(b"\0" * 64)
        with open(names[2], "r+b") as file:
            file.truncate(100)
        with open(names[3], "r+b") as file:
            file.write(b"something else")
        redis.start()
        second = Driver(redis.url, results=100, targets=100, stop=20, state_dir=path("damaged"), **{"from": 100000})
        counters = second.end()
        found = numbers(redis, 100)
        equal(len(found), len(set(found)), "once each")
        wanted = set(range(1024)) | set(range(4 * 1024, 8000)) | set(range(100000, 100100))
        equal(set(found), wanted, "what is sent")
        equal(counters["dropped"], 1024, "dropped: of the one that looked good")
    expect(second.lines("2 files of results are damaged or another prober's"), f"{second.log}")
    expect(second.lines(" results=1024"), f"{second.log}")
    equal(len(glob.glob(path("damaged") + "/*.bad")), 3, "set aside")


def test_a_full_disk():
    skip_unless_root("a file system of its own")
    small = folder("small")
    equal(run(["mount", "-t", "tmpfs", "-o", "size=128k", "mosprobe-test", small]).returncode, 0, "mount")
    try:
        with Redis() as redis:
            redis.stop()
            driver = Driver(redis.url, results=20000, rate=20000, targets=100, spool=MEMORY, stop=20, state_dir=small)
            wait_until(lambda: driver.lines("No space left on device"), "that it is said", 15)
            time.sleep(1)
            redis.start()
            counters = driver.end()
            expect(counters["dropped"] >= 1024, f"{counters}")
            exactly_once(redis, counters, counters["dropped"])
        equal(files("small"), [], "files at the end")
    finally:
        run(["umount", small])


if __name__ == "__main__":
    run_tests(globals())

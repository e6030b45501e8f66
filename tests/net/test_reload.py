#!/usr/bin/python3
# Runs first: it takes longest.
"""SIGHUP, and files that are watched: targets come, go and change while the others go on."""
import os
import random
import re
import socket
import time

from harness import MOSPROBE, Nsd, Redis, equal, expect, run_tests, wait_until
from reloading import PORT, Prober, address, listen, target


def test_targets_come_go_and_change():
    """Who stays misses no cycle, also with other settings."""
    prober = Prober([address(0), address(1), f"{address(2)} samples=2 site=fra"],
                    "samples = 4")
    prober.seen(target(2), 2)
    said = prober.reload([address(0), f"{address(2)} samples=6 site=muc", address(3)])
    expect("targets=3 added=1 removed=1 changed=1" in said, said)
    now = max(prober.cycles()[target(0)])
    prober.seen(target(3), 3)
    prober.end()
    cycles = prober.cycles()
    for number in (0, 2, 3):
        its = cycles[target(number)]
        equal(its, list(range(its[0], its[0] + len(its))), f"cycles of {target(number)}")
    expect(cycles[target(3)][0] >= now, "the new one is older than the reload")
    expect(max(cycles[target(1)]) <= now + 1, "the removed one goes on")
    last = [line for line in prober.lines() if line["target"] == target(2)]
    equal((last[0]["n"], last[0]["label.site"]), (2, "fra"), "before")
    equal(last[-1]["label.site"], "muc", "label after")
    # A cycle keeps the samples that it began with.
    steps = {int(b["n"]) - int(a["n"]) for a, b in zip(last, last[1:])}
    expect(steps <= {2, 6, 4, 0} and 6 in steps, f"samples a cycle: {steps}")


def test_a_file_with_a_mistake_changes_nothing():
    prober = Prober([address(0)])
    prober.seen(target(0))
    said = prober.reload([address(0), address(1), "pbx.test warning=9"])
    expect(f"{prober.path('targets')}:3: warning = 9" in said and "nothing was changed" in said, said)
    prober.targets([address(0)])
    prober.config("interval = soon", "")
    said = prober.reload()
    expect(f"{prober.path('conf')}:" in said and "interval = soon" in said and "nothing was changed" in said, said)
    os.unlink(prober.path("targets"))
    prober.config("", "")
    expect("No such file" in prober.reload(), "a file that is not there")
    count = len(prober.cycles()[target(0)])
    prober.seen(target(0), count + 2)
    said = prober.reload([address(0), address(1)])
    expect("targets=2 added=1" in said, said)
    prober.end()


def test_more_targets_than_there_are_sockets_for():
    """They were made at the start: that starts may be late is told, when it is so."""
    prober = Prober([address(0), address(1)], "samples = 4")
    prober.seen(target(0))
    prober.reload([address(0)])
    prober.reload([address(number) for number in range(3)])
    equal(prober.said("event=reload_slots"), [], "of three")
    prober.reload([address(number) for number in range(200)])
    said, = prober.said("event=reload_slots")
    slots, wanted = map(int, re.search(r"slots=(\d+) wanted=(\d+)", said).groups())
    expect(15 < slots < 100 < 400 <= wanted, said)
    prober.end()


def test_keys_that_take_a_restart():
    prober = Prober([address(0)])
    prober.seen(target(0))
    prober.config("window = 9\nmax_rate = 77", "share = 60%\n[dns]\nttl_min = 10s")
    prober.reload(words="event=reload_done")
    for key in ("prober.window", "prober.max_rate", "guard.share", "dns.ttl_min"):
        equal(len(prober.said(f"event=reload_restart key={key}")), 1, f"told of {key}")
    equal(len(prober.said("event=reload_restart")), 4, "told of others")
    prober.end()


def test_redis_holds_nothing_of_who_was_removed():
    with Redis() as redis:
        prober = Prober([f"{address(0)}:9", address(1)], "samples = 5",
                        f"[redis]\nurl = {redis.url}", output="none")
        wait_until(lambda: redis.cli("SCARD", "mosprobe:{test}:unverified") == 1, "unverified", 10)
        keys = ("mosprobe:{test}:unverified", "mosprobe:{test}:target:" + f"{address(0)}:9")
        prober.reload([address(1)])
        wait_until(lambda: redis.cli("EXISTS", *keys) == 0, "that nothing is left", 10)
        wait_until(lambda: redis.cli("HGET", "mosprobe:{test}:prober", "targets") == "1",
                   "one target", 10)
        prober.end()


def test_an_open_alert_of_a_removed_target_resolves():
    with Redis() as redis, socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address(7), 5999))
        server.listen(64)
        down = f"{address(7)}:5999"
        prober = Prober([down, address(1)], "samples = 5", f"""
[alert]
warning_for = 1s
critical_for = 1s
[redis]
url = {redis.url}""", output="none")
        wait_until(lambda: redis.cli("HGET", "mosprobe:{test}:target:" + down, "state") == "ok",
                   "a settled target", 20)
        server.close()
        wait_until(lambda: redis.cli("ZCARD", "mosprobe:{test}:open") == 1, "an alert", 20)
        prober.reload([address(1)])
        wait_until(lambda: redis.cli("ZCARD", "mosprobe:{test}:open") == 0, "that it resolves", 10)
        wait_until(lambda: redis.cli("EXISTS", "mosprobe:{test}:target:" + down) == 0,
                   "that the hash is gone", 10)
        equal(redis.cli("ZSCORE", "mosprobe:{test}:worst", down), None, "its place among the worst")
        prober.end()
        alerts = [fields for _, _, fields in redis.stream("mosprobe:{test}:alerts")]
        equal([(a["target"], a["event_action"]) for a in alerts][-1], (down, "resolve"), "the end")
        expect("removed" in alerts[-1]["reason"], alerts[-1]["reason"])
        equal(alerts[-1]["dedup_key"], alerts[0]["dedup_key"], "dedup_key")


def test_names_come_and_go():
    """Hosts of a reload are looked up, also when none was a name before."""
    dns = Nsd("pbx.test", f"one A {address(11)}\ntwo A {address(12)}\n")
    prober = Prober(["one.pbx.test"], "", f"\n[dns]\nservers = {dns.server}")
    prober.seen("one.pbx.test:5070", 2)
    prober.reload(["two.pbx.test"])
    prober.seen("two.pbx.test:5070", 2)
    prober.reload(["one.pbx.test", "two.pbx.test"])
    count = len(prober.cycles()["one.pbx.test:5070"])
    prober.seen("one.pbx.test:5070", count + 3)
    prober.end()
    last = {line["target"]: line for line in prober.lines()}
    equal(last["one.pbx.test:5070"]["addr"], address(11), "address of one")
    equal(last["two.pbx.test:5070"]["addr"], address(12), "address of two")
    equal({line["outcome"] for line in prober.lines() if line["target"].startswith("two")}
          - {"missing"}, {"ok"}, "outcomes of two")


def test_watched_files():
    prober = Prober([address(0)], "watch = yes")
    prober.seen(target(0))
    prober.targets([address(0), address(1)])
    prober.seen(target(1))
    time.sleep(2.5)
    equal(len(prober.said("event=reload_")), 1, "reloads")
    prober.end()


def resident_kb(process):
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def test_many_reloads_one_after_the_other():
    """Random lists: at the end exactly those of the last are probed, no cycle stands twice, and
    memory has not grown."""
    seed = int(time.time())
    print(f"# seed {seed}")
    pick = random.Random(seed)
    everybody = [f"{address(i)} tenant=number-{i % 7}" for i in range(400)]
    # What waits for a Redis that is away keeps its targets.
    prober = Prober(everybody, "samples = 3\naddress_rate = none", "[redis]\nurl =")
    prober.seen(target(399))
    sizes = []
    for i in range(40):
        chosen = pick.sample(everybody, pick.randint(1, 400))
        prober.reload(chosen)
        time.sleep(pick.uniform(0, 0.5) if i % 4 else 2)
        sizes.append(resident_kb(prober.process))
    time.sleep(1.5)
    mark = len(prober.lines())
    time.sleep(2.5)
    prober.end()
    after = {line["target"] for line in prober.lines()[mark:]}
    equal(after, {f"{line.split()[0]}:{PORT}" for line in chosen}, "targets at the end")
    for its in prober.cycles().values():
        equal(its, sorted(set(its)), "a target's cycles")
    # A list that stays would be 140 KiB a reload.
    expect(sizes[-1] - sizes[9] < 2500, f"resident KiB: {sizes}")


if __name__ == "__main__":
    server = listen()
    run_tests(globals(), MOSPROBE)

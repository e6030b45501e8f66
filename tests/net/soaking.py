# SPDX-License-Identifier: MIT
"""A soak: one prober for a long time in a network with every kind of fault, while its Redis is killed, its resolver goes
away and its files change; and what must be as it was at its end. bench/soak runs it, inside the simulated network."""
import collections
import http.client
import os
import re
import signal
import threading
import time

from harness import MOSPROBE, Fail, Nsd, Redis, equal, expect, path, read, start, stop, wait_until, write
from streams import Stream, Tally
from watching import descriptors, scrape, sockets_with_a_port, status, waiting_to_end

PORT = 9317
REST = 20          # targets that are there from the first moment to the last
FIRST = 198 << 24 | 18 << 16
# Part of the targets, kind, how its addresses behave. `P` is half a round of what happens to the prober.
KINDS = (
    (0.45, "calm", "latency=5ms..40ms jitter=normal:300us"),
    (0.10, "lossy", "latency=20ms..40ms loss=4% loss-back=2%"),
    (0.05, "bursts", "latency=20ms..40ms burst=2%:30%"),
    (0.03, "silent", "answer=silence"),
    (0.05, "refusing", "answer=rst latency=10ms"),
    (0.02, "unreachable", "answer=icmp-host latency=10ms"),
    (0.12, "flapping", "latency=15ms..30ms\n{range} flap period={P} duty=60%"),
    (0.12, "steps", "latency=15ms..30ms\n{range} swing period={P} wave=square latency=+150ms jitter=normal:30ms"),
    (0.03, "twice", "latency=15ms..30ms answer=twice"),
    (0.03, "strange", "latency=15ms..30ms answer=bad-ack-first"),
)
CONF = """[prober]
id = soak
targets = targets
interval = {interval}s
timeout = 1s
samples = {samples}
max_in_flight = {slots}
family = 4
address_rate = none
state_dir = state
output = none
[alert]
warning = {warning}
warning_for = {hold}s
critical_for = {hold}s
recovery_for = {hold}s
[guard]
window = 2s
group = isp
group_within = 20s
[dns]
servers = {dns}
ttl_min = {ttl}s
ttl_max = {ttl}s
timeout = 1s
[redis]
url = {redis}
results_maxlen = 200000
[metrics]
listen = {port}
"""


class Form:
    """How long, how many and how often. At 10,000 samples a second, or 2,000 where others want to work too."""

    def __init__(self, seconds):
        self.seconds, self.short = seconds, seconds < 120
        self.targets, self.interval_s, self.samples = (1000, 2, 4) if self.short else (10000, 10, 10)
        self.slots = 3000 if self.short else 12000
        self.pace = 0.12 if self.short else 1.0     # of what happens: of an hour's minute
        self.rest_s = 2.5 if self.short else 22     # the last cycles of who leaves are out
        self.settle_s = 2 if self.short else 15
        self.look_s = 1 if self.short else 2

    @property
    def swapped(self):
        return self.targets // 10


def address(number):
    number += FIRST
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def kinds(form):
    """(kind, its scenario, first, count) of the addresses, whose last are those that come and go."""
    first, names = 0, form.targets - form.swapped
    for part, kind, behaviour in KINDS:
        count = int(part * names)
        yield kind, behaviour, first, count
        first += count
    yield "guests", KINDS[0][2], first, form.targets + form.swapped - first


def scenario(form):
    """Of netsim. An outage of the uplink comes in each round, but not in the first moments or the last."""
    # Those that stay are near: at rest there is nothing under way.
    lines = ["seed 9", f"{address(0)}-{address(REST - 1)} latency=1ms jitter=none"]
    for _, behaviour, first, count in kinds(form):
        where = f"{address(first)}-{address(first + count - 1)}"
        lines.append(f"{where} " + behaviour.format(range=where, P=f"{max(3, 25 * form.pace):.0f}s"))
    at, lasts, every = (14, 2, 60) if form.short else (90, 5, 60)
    while at < form.seconds - (8 if form.short else 60):
        lines.append(f"uplink outage from={at}s to={at + lasts}s")
        at += every
    return "\n".join(lines) + "\n"


class World:
    """The servers, the prober and its files."""

    def __init__(self, form):
        self.form, self.acts = form, []
        self.kind_of = {i: kind for kind, _, first, count in kinds(form) for i in range(first, first + count)}
        everybody = form.targets + form.swapped
        self.base = range(form.targets - form.swapped)
        self.guests = [range(self.base.stop, form.targets), range(form.targets, everybody)]
        self.redis = Redis("--appendonly", "yes", "--appendfsync", "always")
        self.dns = Nsd("soak.test", "".join(f"pbx{i} A {address(i)}\n" for i in range(everybody)))
        self.turn, self.stays = 0, [1, 0]    # whose turn it is among the guests, and how often each has come
        self.write_targets(self.base, self.guests[0])
        self.write_conf(3.5)

    def write_targets(self, *ranges):
        lines = [f"pbx{i}.soak.test isp={self.kind_of[i]}\n" for numbers in ranges for i in numbers]
        # As an editor does: another file in its place.
        write("targets.new", "".join(lines))
        os.rename(path("targets.new"), path("targets"))

    def write_conf(self, warning):
        form = self.form
        text = CONF.format(interval=form.interval_s, samples=form.samples, slots=form.slots, warning=warning,
                           hold=form.interval_s, dns=self.dns.server, ttl=5 if form.short else 30, redis=self.redis.url,
                           port=PORT)
        write("conf.new", text)
        os.rename(path("conf.new"), path("conf"))

    def start(self, prefix=()):
        self.prober = start([*prefix, MOSPROBE, "run", "-c", path("conf")], "log", cwd=os.path.dirname(path("conf")))
        wait_until(lambda: "metrics are served" in read("log"), "the metrics", 20)
        self.pid = self.prober.pid

    def reload(self, said):
        answers = lambda: re.findall(r"event=(reload_done|reload_refused) reload=", read("log"))
        before = len(answers())
        self.prober.send_signal(signal.SIGHUP)
        wait_until(lambda: len(answers()) > before, "the reload", 20)
        equal(answers()[before:], [said], "what came of it")

    def swap(self):
        """One half of the guests leaves, the other comes; the levels change."""
        self.turn = 1 - self.turn
        self.welcome()

    def welcome(self):
        self.stays[self.turn] += 1
        self.write_targets(self.base, self.guests[self.turn])
        self.write_conf(3.5 + 0.1 * self.turn)
        self.reload("reload_done")

    def rest(self):
        """All leave but a few, and what the prober holds then."""
        self.write_targets(range(REST))
        self.reload("reload_done")
        time.sleep(self.form.rest_s)
        return held(self, True)

    # What happens to it. Times are of an hour's form.

    def pause(self, seconds):
        time.sleep(seconds * self.form.pace)

    def act_redis_killed(self):
        self.redis.stop(signal.SIGKILL)
        self.pause(3)
        self.redis.start()

    def act_redis_restarted(self):
        self.redis.stop()
        self.redis.start()

    def act_dns_away(self):
        self.dns.stop()
        self.pause(8)
        self.dns.start()

    def act_dns_silent(self):
        os.killpg(self.dns.process.pid, signal.SIGSTOP)
        self.pause(8)
        os.killpg(self.dns.process.pid, signal.SIGCONT)

    def act_reload(self):
        self.swap()

    def act_reload_again(self):
        self.swap()

    def act_reload_refused(self):
        self.write_conf(7)
        self.reload("reload_refused")
        self.write_conf(3.5 + 0.1 * self.turn)

    def act(self, name):
        began = time.time()
        getattr(self, "act_" + name)()
        self.acts.append({"what": name, "at": began, "took": time.time() - began})


ACTS = [name[4:] for name in vars(World) if name.startswith("act_")]


class Reader(threading.Thread):
    """Takes from the streams what comes, as any consumer does."""

    def __init__(self, redis):
        super().__init__(daemon=True)
        self.results, self.transitions, self.event_ids = Tally(), Tally(), collections.Counter()
        self.streams = [Stream(redis.cli, f"mosprobe:{{soak}}:{name}", fields) for name, fields in
                        (("results", ["target", "cycle"]), ("alerts", ["dedup_key", "seq", "event_id"]))]
        self.ended = threading.Event()

    def take(self):
        for target, cycle in self.streams[0].chunk():
            self.results.add(target, int(cycle))
        for key, seq, event_id in self.streams[1].chunk():
            self.transitions.add(key, int(seq))
            self.event_ids[event_id] += 1

    def run(self):
        while not self.ended.wait(0.5):
            try:
                self.take()
            except (Fail, ValueError):
                pass  # Redis is away

    def finish(self):
        self.ended.set()
        self.join()
        before = -1
        while before != (before := self.results.entries + self.transitions.entries):
            self.take()


class Observer(threading.Thread):
    """Notes each few seconds what the prober tells and the kernel tells of it; and of each late start, what its thread was
    doing then."""

    def __init__(self, world, stalls):
        super().__init__(daemon=True)
        self.world, self.stalls, self.ended = world, stalls, threading.Event()
        self.samples, self.late, self.beat, self.late_starts = [], [], time.time(), 0.0

    def look(self):
        series = scrape(PORT)
        found = {"at": time.time(), "fds": len(os.listdir(f"/proc/{self.world.pid}/fd")), "ports": sockets_with_a_port(),
                 **status(self.world.pid, "VmRSS", "Threads"),
                 **{name: series.get("mosprobe_" + name) for name in (
                     "slots", "slots_in_use", "slot_waits_total", "cycles_total", "late_starts_total", "spool_entries",
                     "redis_reconnects_total", "start_lateness_max_seconds", "turn_max_seconds", "dns_names_pending")},
                 "started": series.get("mosprobe_start_lateness_seconds_count", 0),
                 "dropped": sum(value for name, value in series.items() if name.startswith("mosprobe_dropped"))}
        self.samples.append(found)
        beat = series.get("mosprobe_heartbeat_timestamp_seconds", self.beat)
        # A heartbeat leaves its copy at once, and the next comes later than the look that finds this one.
        if beat > self.beat:
            count = found["late_starts_total"] - self.late_starts
            if count:
                others_ms, host_ms, ran_ms = self.stalls.within(self.beat, beat)
                self.late.append({"from": self.beat, "to": beat, "starts": count, "others_ms": others_ms,
                                  "host_ms": host_ms, "ran_ms": ran_ms, "most_s": found["start_lateness_max_seconds"]})
            self.beat, self.late_starts = beat, found["late_starts_total"]
        return found

    def run(self):
        while not self.ended.wait(self.world.form.look_s):
            try:
                self.look()
            except (OSError, http.client.HTTPException):
                pass  # it has ended; else the end says so


def held(world, at_rest=False):
    """What the prober holds, the least of several looks: what is under way comes and goes, and at rest now and then there is
    nothing."""
    looks = []
    while len(looks) < (20 if at_rest else 10) or (at_rest and looks[-1]["slots_in_use"] and len(looks) < 60):
        series, ports, kinds_held = scrape(PORT), sockets_with_a_port(), descriptors(world.pid)
        looks.append({"descriptors": kinds_held, "ports": ports, "waiting": waiting_to_end(5060),
                      **status(world.pid, "VmRSS", "Threads"), "slots": series["mosprobe_slots"],
                      "slots_in_use": series["mosprobe_slots_in_use"]})
        time.sleep(0.15 if world.form.short else 0.7)
    least = {name: min(look[name] for look in looks) for name in looks[0] if name not in ("descriptors", "ports")}
    return {**least, **{name: min((look[name] for look in looks), key=lambda counts: sum(counts.values()))
                        for name in ("descriptors", "ports")}}

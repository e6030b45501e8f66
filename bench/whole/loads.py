# SPDX-License-Identifier: MIT
"""The prober under load: what a probe costs against the number of targets and beside the floor, how many a second
go, how late they start, and what a target takes in memory."""
import contextlib
import os

from measuring import Redis, floor, prober, write_targets
from whole import stages

# A cycle is folded so long after it has ended; 10 s would only make each run longer.
GUARD_S = 1
P99_MS = 5
# Targets, interval in s, samples in it: as near to a million a minute as an interval of a second or more allows.
LOADS = ((1000, 1, 1), (1000, 1, 10), (10000, 1, 1), (20000, 6, 5), (100000, 6, 1), (1000000, 60, 1))
LOADS_QUICK = ((1000, 1, 10), (10000, 1, 1), (100000, 6, 1))
RATES = (1000, 5000, 10000, 15000, 20000, 25000, 30000, 35000, 40000, 50000, 60000)


def configure(folder, targets, interval_s, samples, redis=None, stamps="auto"):
    write_targets(f"{folder}/targets", targets)
    with open(f"{folder}/conf", "w", encoding="utf-8") as file:
        file.write(f"[prober]\nid = bench\ntargets = targets\ninterval = {round(interval_s * 1000)}ms\n"
                   f"timeout = 900ms\ncloser_share = 0%\nsamples = {samples}\naddress_rate = none\nstamps = {stamps}\n[guard]\nwindow = {GUARD_S}s\n"
                   f"[redis]\nurl = {f'unix://{redis.socket}' if redis else ''}\nhistory = off\n")


def between_floors(folder, rate, targets, floor_s, modes, **arguments):
    """In the network: the floors, the prober, the floors."""
    floors = {mode: [] for mode in modes}

    def measure():
        for mode in modes:
            floors[mode].append(floor(arguments["cpu"], rate, targets, floor_s, mode))

    measure()
    found = prober(folder=folder, **arguments)
    measure()
    return {**found, "floor_us": {mode: sum(f["cpu_us"] for f in both) / 2 for mode, both in floors.items()},
            "floor_sound": all(f["sound"] for both in floors.values() for f in both)}


@contextlib.contextmanager
def perhaps_redis(bench, wanted=True):
    if wanted and bench.machine.has["redis-server"]:
        with Redis(bench.folder, bench.machine.other_cpu) as redis:
            yield redis
    else:
        yield None


def run(bench, targets, interval_s, samples, published=True, stamps="auto", seconds=5, warm_s=None, perf=False,
        function="whole.loads.between_floors", floor_s=1, modes=("reset", "socket")):
    """One run of the prober; returns a row."""
    rate = targets * samples / interval_s
    with perhaps_redis(bench, published) as redis:
        configure(bench.folder, targets, interval_s, samples, redis, stamps)
        redis_before_s = redis.cpu_s() if redis else 0
        data = f"{bench.folder}/perf.data" if perf and bench.machine.has["perf"] else None
        found, network = bench.network.run(
            function, rate=rate, targets=targets, floor_s=floor_s, modes=modes, perf=data, seconds=seconds,
            warm_s=interval_s + GUARD_S + 1 if warm_s is None else warm_s)
        if redis:
            found["redis_us"] = (redis.cpu_s() - redis_before_s) * 1e6 / max(1, found["written"])
    row = {"targets": targets, "interval_s": interval_s, "samples_a_cycle": samples, "wanted_rate": rate,
           "published": bool(redis), "stamps": stamps, "link_lost": network["link_lost"], **found}
    if data and os.path.exists(data):
        row["stages_us"] = stages.of(data, found["cpu_us"])
        os.unlink(data)
    row["sound"] = found["answered"] == found["samples"] and not network["link_lost"]
    return row


def attempt(bench, rows, *load, **options):
    """Adds a run to the rows; one that fails is told, and the others go on. Returns whether it did not."""
    if bench.late():
        bench.fail(f"{load}: no time was left")
        return False
    try:
        rows.append(run(bench, *load, **options))
        return True
    except RuntimeError as fault:
        bench.fail(f"{load}: {fault}")
        return False


def table(bench):
    """What a probe costs against the number of targets: the whole pipeline, and the same without publishing."""
    rows = []
    for targets, interval_s, samples in LOADS_QUICK if bench.quick else LOADS:
        large = targets > 100000
        if not attempt(bench, rows, targets, interval_s, samples, perf=True, floor_s=1 if bench.quick else 2,
                       seconds=3 if bench.quick else 10 if large else 6, warm_s=interval_s + GUARD_S + 2):
            continue
        bench.tell(f"{targets:,} targets at {rows[-1]['rate']:,.0f} a second: {rows[-1]['cpu_us']:.1f} us a probe, floor "
                   f"{rows[-1]['floor_us']['reset']:.1f}, p99 of lateness {rows[-1]['p99_ms']:.1f} ms")
    return rows


def steps(bench):
    """One load, a step more in each row: what each adds."""
    rows, load = [], (100000, 6, 1)
    which = [("clock", False), ("tcp_info", False), ("bpf", False), ("bpf", True)]
    if bench.machine.stamps != "bpf":
        which = [("clock", False), ("tcp_info", False), ("tcp_info", True)]
    if not bench.machine.has["redis-server"]:
        which.pop()
    for stamps, published in which:
        if not attempt(bench, rows, *load, published=published, stamps=stamps, seconds=6, floor_s=2):
            continue
        bench.tell(f"stamps {stamps}, {'' if published else 'not '}published: {rows[-1]['cpu_us']:.1f} us a probe")
    return rows


def split(targets, rate):
    """Interval in s and samples in it, for this rate."""
    samples = max(1, -(-rate // targets))
    return targets * samples / rate, samples


def kept_up(row):
    return row["sound"] and row["p99_ms"] < P99_MS and row["rate"] > 0.98 * row["wanted_rate"] and \
        not row.get("dropped") and row.get("left", 0) < row["rate"]


def sustained(bench):
    """By number of targets: rates that grow, until starts are late or something is lost."""
    found = {}
    for targets in (10000,) if bench.quick else (1000, 10000, 100000, 1000000):
        rows = []
        if targets == 1000000:
            rates = (16667, *(rate for rate in RATES if rate >= 20000))
        elif targets == 100000 and not bench.quick:
            rates = RATES
        else:
            rates = RATES[2::4] if bench.quick else RATES[4::2]
        for rate in rates:
            interval_s, samples = split(targets, rate)
            if samples > 100:
                break
            if not attempt(bench, rows, targets, interval_s, samples, seconds=2 if bench.quick else 4,
                           function="measuring.prober",
                           warm_s=min(interval_s, 15) + (1 if targets > 100000 else GUARD_S + 1)):
                break
            bench.tell(f"{targets:,} targets at {rate:,} a second: p99 of lateness {rows[-1]['p99_ms']:.1f} ms, "
                       f"{rows[-1]['cpu_us']:.1f} us a probe, {'kept up' if kept_up(rows[-1]) else 'not kept up'}")
            if not kept_up(rows[-1]):
                break
        good = [row["rate"] for row in rows if kept_up(row)]
        found[targets] = {"rows": rows, "best": max(good, default=0), "bound": len(good) < len(rows)}
    return found


def memory(bench):
    """Resident memory, and its slope: no labels, no Redis, windows filled."""
    rows = []
    most = (100000, 6) if bench.quick else (1000000, 30)
    for targets, interval_s in ((1000, most[1]), most):
        interval_s = 1 if targets == 1000 else interval_s
        cycles = 2 if bench.quick else 6
        rows.append(run(bench, targets, interval_s, 1, published=False, seconds=1, function="measuring.prober",
                        warm_s=cycles * interval_s + GUARD_S + 3))
        bench.tell(f"{targets:,} targets after {cycles} cycles: {rows[-1]['resident_kib'] / 1024:.0f} MiB")
    slope = (rows[1]["resident_kib"] - rows[0]["resident_kib"]) * 1024 / (rows[1]["targets"] - rows[0]["targets"])
    return {"rows": rows, "cycles": cycles, "bytes_a_target": slope}

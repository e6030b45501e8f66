# SPDX-License-Identifier: MIT
"""The peers that Debian packages, and a plain script, in the same simulated network as the prober: what a probe costs them,
how many a second they make, how far their latency is from the truth meanwhile. The tool that is measured has a core;
the network, what asks it to probe, and Redis have the other."""
import itertools
import os
import re
import subprocess
import tempfile
import time

from measuring import B, HERE, address, floor, pinned, prober, process_s, quantile
from whole.loads import configure, perhaps_redis

LATENCY_MS = 20
NETWORK = f"198.18.0.0-198.19.255.251 latency={LATENCY_MS}ms\n"
# Each address is probed once: its only entry in the log of truth is this probe's.
MOST = 131000
PORT = 9115
AT_ONCE = (64, 256, 1024)
FPING_GAPS_MS = ("1", "0.1", "0.05", "0.02")
FPING_MOST = 60000    # it has 65,535 sequence numbers, and takes none again within 10 s


def at_once_allowed(descriptors):
    """Two descriptors for each: a request's, and a connect's."""
    return [level for level in AT_ONCE if 2 * level + 64 < descriptors]


def _write(path, found):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{name} {seconds if seconds else '-'}\n" for name, seconds in found)


def blackbox(folder, cpu, levels, seconds, **_):
    """In the network: blackbox_exporter, asked by a scraper on the other core."""
    from whole.scraper import scrape    # pylint: disable=import-outside-toplevel
    with open(f"{folder}/blackbox.yml", "w", encoding="utf-8") as file:
        file.write("modules: {tcp_connect: {prober: tcp, timeout: 3s}}\n")
    process = subprocess.Popen(pinned(cpu, "prometheus-blackbox-exporter", f"--config.file={folder}/blackbox.yml",
                                      f"--web.listen-address=127.0.0.1:{PORT}", "--log.level=error"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    addresses, rows = map(address, range(MOST)), []
    try:
        for _ in range(50):
            time.sleep(0.1)
            try:
                scrape(PORT, itertools.islice(addresses, 1), 1, 1)
                break
            except OSError:
                continue
        for level in levels:
            before_s, began_s = process_s(process.pid), time.monotonic()
            found = scrape(PORT, addresses, level, seconds)
            rows.append({"at_once": level, "probes": len(found), "seconds": time.monotonic() - began_s,
                         "cpu_s": process_s(process.pid) - before_s})
            _write(f"{folder}/peer.{len(rows) - 1}", found)
    finally:
        process.kill()
        process.wait()
    return rows


def asyncio_script(folder, cpu, levels, seconds, **_):
    """In the network: the plain script."""
    rows, each = [], MOST // len(levels)
    for k, level in enumerate(levels):
        addresses = "\n".join(address(i) for i in range(k * each, (k + 1) * each))
        before, began_s = os.times(), time.monotonic()
        subprocess.run(pinned(cpu, f"{HERE}/whole/peer_asyncio", level, seconds, f"{folder}/peer.{k}"),
                       input=addresses, text=True, check=True)
        after = os.times()
        with open(f"{folder}/peer.{k}", encoding="ascii") as file:
            probes = sum(1 for _ in file)
        rows.append({"at_once": level, "probes": probes, "seconds": time.monotonic() - began_s,
                     "cpu_s": after.children_user + after.children_system - before.children_user - before.children_system})
    return rows


def _local(word, cpu):
    """Pings are answered by this namespace's own kernel, on the core of `cpu` where it lets itself be told."""
    subprocess.run(["ip", "route", word, "local", "198.18.0.0/15", "dev", "lo"], check=True)
    return subprocess.run(["unshare", "--mount", "sh", "-c", "mount -t sysfs none /sys && "
                           f"echo {1 << cpu:x} >/sys/class/net/lo/queues/rx-0/rps_cpus"],
                          capture_output=True, check=False).returncode == 0


def fping(folder, cpu, other_cpu, seconds, **_):
    """In the network, whose kernel answers: fping, faster and faster."""
    elsewhere, rows = _local("add", other_cpu), []
    for gap_ms in FPING_GAPS_MS:
        count = min(FPING_MOST, int(seconds * 1000 / float(gap_ms)))
        before, began_s = os.times(), time.monotonic()
        done = subprocess.run(pinned(cpu, "fping", "-q", "-C", 1, "-i", gap_ms, "-t", 500), text=True, check=False,
                              input="\n".join(address(i) for i in range(count)), capture_output=True)
        after, taken_s = os.times(), time.monotonic() - began_s
        told = re.findall(r"^(\S+)\s+: (\S+)$", done.stderr, re.M)
        if not told:
            raise RuntimeError(f"fping: {done.stderr[-300:]}")
        latencies_ms = [float(ms) for _, ms in told if ms != "-"]
        # Each of the last waits for its answer, or for half a second.
        rows.append({"gap_ms": float(gap_ms), "probes": len(told), "seconds": taken_s,
                     "answered": len(latencies_ms) / len(told), "answers_elsewhere": elsewhere,
                     "cpu_s": after.children_user + after.children_system - before.children_user - before.children_system,
                     "p50_ms": quantile(latencies_ms, .5), "p99_ms": quantile(latencies_ms, .99)})
    _local("del", other_cpu)
    return rows


def _truth(path):
    """{address: its latency in s}, by the log of truth."""
    done = subprocess.run([f"{B}/netsim", "samples", path, "--timeout", "3s"], stdout=subprocess.PIPE, text=True, check=True)
    lines = done.stdout.splitlines()
    names = lines[0].lstrip("# ").split()
    at, rtt = names.index("address"), names.index("rtt_ns")
    return {words[at]: int(words[rtt]) / 1e9 for words in map(str.split, lines[1:]) if words[rtt] != "-"}


def _finish(row, path, truth):
    """The peer's own word about each latency, against the truth."""
    errors_ms, failed = [], 0
    with open(path, encoding="ascii") as file:
        for line in file:
            name, told = line.split()
            failed += told == "-"
            if told != "-" and name in truth:
                errors_ms.append((float(told) - truth[name]) * 1e3)
    return {**row, "rate": row["probes"] / row["seconds"], "cpu_us": row["cpu_s"] * 1e6 / max(1, row["probes"]),
            "failed": failed, "error_p50_ms": quantile(errors_ms, .5), "error_p99_ms": quantile(errors_ms, .99)}


def _against_truth(bench, function, **arguments):
    truth = f"{bench.folder}/peer.truth"
    rows, network = bench.network.run(f"whole.peers.{function}", NETWORK, truth, **arguments)
    known = _truth(truth)
    return [_finish(row, f"{bench.folder}/peer.{k}", known) for k, row in enumerate(rows)], network


def ours(bench, rate, seconds):
    """The prober at this rate in the same network: once for what it costs (whole process, published), once with its samples
    printed, for their errors."""
    targets = min(MOST, round(rate) * 2)
    interval_s = targets / rate
    with perhaps_redis(bench) as redis:
        configure(bench.folder, targets, interval_s, 1, redis)
        row, _ = bench.network.run("whole.peers.ours_inside", NETWORK, rate=rate, targets=targets, seconds=seconds,
                                   warm_s=interval_s + 2)
    errors = sample_errors(bench, rate, 1)
    return {**row, "published": bool(redis), "rate": row["rate"], "failed": row["samples"] - row["answered"], **errors}


def ours_inside(cpu, rate, targets, **arguments):
    """In the network: the prober between two floors."""
    def bare():
        return floor(cpu, rate, targets, 2, stay_ms=LATENCY_MS + 2)["cpu_us"]

    floors = [bare()]
    found = prober(cpu=cpu, **arguments)
    floors.append(bare())
    return {**found, "floor_us": sum(floors) / 2}


def sample_errors(bench, rate, cycles, stamps="auto"):
    """How far latencies are from the truth, at this rate."""
    from accuracy import Run    # pylint: disable=import-outside-toplevel
    targets = min(MOST, round(rate) * 2)
    m = bench.machine
    prober_keys = {"interval": f"{max(1000, round(targets / rate * 1000))}ms", "timeout": "900ms", "samples": 1,
                   "address_rate": "none"}
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        done = Run(folder, "seed 2\n" + NETWORK, [address(i) for i in range(targets)], prober_keys, "--cycles", str(cycles),
                   "--stamps", stamps, inside=["taskset", "-c", str(m.prober_cpu)], netsim=["--cpu", str(m.other_cpu)])
        found = done.report()
    errors_ms = [error / 1e6 for error in found.errors_ns]
    return {"compared": len(errors_ms), "wrong": found.wrong, "error_p50_ms": quantile(errors_ms, .5),
            "error_p99_ms": quantile(errors_ms, .99)}


def best(rows):
    """Of a tool's rows the one with the highest rate."""
    return max(rows, key=lambda row: row["rate"])


def table(bench):
    """{tool: its rows}."""
    seconds, found = (2 if bench.quick else 8), {}
    levels = at_once_allowed(bench.machine.descriptors)
    if bench.quick:
        levels = levels[1:2] or levels[:1]
    if bench.machine.has["prometheus-blackbox-exporter"] and levels:
        found["blackbox_exporter"], _ = _against_truth(bench, "blackbox", levels=levels, seconds=seconds)
    if levels:
        found["asyncio script"], _ = _against_truth(bench, "asyncio_script", levels=levels, seconds=seconds)
    if bench.machine.has["fping"]:
        rows, _ = bench.network.run("whole.peers.fping", seconds=1.5 if bench.quick else 3)
        found["fping"] = [{**row, "rate": row["probes"] / row["seconds"], "cpu_us": row["cpu_s"] * 1e6 / row["probes"],
                           "failed": round(row["probes"] * (1 - row["answered"])), "error_p50_ms": row["p50_ms"],
                           "error_p99_ms": row["p99_ms"]} for row in rows]
    rates = [10000] if bench.quick else [10000, 16667]
    rates = [round(best(found[name])["rate"]) for name in ("blackbox_exporter",) if name in found] + rates
    found["mosprobe"] = [ours(bench, rate, seconds) for rate in rates]
    for name, rows in found.items():
        row = best(rows)
        bench.tell(f"{name}: {row['cpu_us']:.1f} us a probe at {row['rate']:,.0f} a second, error p50 "
                   f"{row['error_p50_ms']:.3f}, p99 {row['error_p99_ms']:.3f} ms")
    return found


def error_by_load(bench):
    """The error of a latency by rate, for each source of stamps."""
    rows = []
    sources = ["bpf"] if bench.machine.stamps == "bpf" else ["tcp_info"]
    sources += [] if bench.quick else [s for s in ("tcp_info", "clock") if s not in sources]
    for rate in (1000, 10000) if bench.quick else (1000, 2000, 5000, 10000, 15000, 20000):
        row = {"rate": rate}
        for source in sources:
            row[source] = sample_errors(bench, rate, 2, source)
        rows.append(row)
        bench.tell(f"{rate:,} a second: " + "; ".join(
            f"{source} off by p50 {row[source]['error_p50_ms'] * 1e3:.1f}, p99 {row[source]['error_p99_ms'] * 1e3:.1f} us"
            for source in sources))
    return rows

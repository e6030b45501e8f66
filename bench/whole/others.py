# SPDX-License-Identifier: MIT
"""What the prober's programs in the kernel cost the machine's other traffic: datagrams over loopback with a prober running
and without, from a process elsewhere and from one in the prober's own cgroup; by the clock, and by the kernel's own
statistics of its programs."""
import contextlib
import json
import os
import subprocess
import time

from measuring import B, connects, pinned, quantile, which
from whole.loads import configure

STATS = "/proc/sys/kernel/bpf_stats_enabled"


def _flood(cpu, packets, cgroup=None):
    command = pinned(cpu, f"{B}/bench/flood", packets)
    if cgroup:
        command = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', f"{cgroup}/cgroup.procs", *command]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)["ns"]


@contextlib.contextmanager
def _prober(folder, cpu):
    """One that has attached its programs; gives its cgroup's folder, None where it cannot be found."""
    before = connects()
    process = subprocess.Popen(pinned(cpu, f"{B}/mosprobe", "run", "-c", f"{folder}/conf", "--output", "none"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        # One to prove that stamps arrive, one to its target.
        while connects() < before + 2:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("mosprobe does not probe")
            time.sleep(0.02)
        with open(f"/proc/{process.pid}/cgroup", encoding="ascii") as file:
            path = next((line.strip()[3:] for line in file if line.startswith("0::")), "")
        folders = [mount + path for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
                   if path and os.path.exists(f"{mount}{path}/cgroup.procs")]
        yield folders[0] if folders else None
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def _statistics():
    with open(STATS, encoding="ascii") as file:
        before = file.read()
    with open(STATS, "w", encoding="ascii") as file:
        file.write("1")
    try:
        yield
    finally:
        with open(STATS, "w", encoding="ascii") as file:
            file.write(before)


def _runs():
    """(ns, runs) of all programs on cgroups, since each was loaded."""
    shown = json.loads(subprocess.run([which("bpftool"), "-j", "prog", "show"], stdout=subprocess.PIPE, text=True,
                                      check=True).stdout)
    mine = [program for program in shown if program.get("type") == "cgroup_skb"]
    return sum(p.get("run_time_ns", 0) for p in mine), sum(p.get("run_cnt", 0) for p in mine)


def inside(folder, cpu, other_cpu, packets, rounds, statistics, **_):
    """In the network: turns without a prober and with one."""
    rows = {"without a prober": [], "with one": [], "in its cgroup": []}
    by_kernel = {}
    for _ in range(rounds):
        rows["without a prober"].append(_flood(cpu, packets))
        with _prober(folder, other_cpu) as cgroup:
            rows["with one"].append(_flood(cpu, packets))
            if cgroup:
                rows["in its cgroup"].append(_flood(cpu, packets, cgroup))
    if statistics:
        with _statistics(), _prober(folder, other_cpu) as cgroup:
            for where in (None, cgroup) if cgroup else (None,):
                before = _runs()
                _flood(cpu, packets, where)
                ns, runs = (now - then for now, then in zip(_runs(), before))
                by_kernel["in its cgroup" if where else "with one"] = {"runs": runs / packets, "ns": ns / max(1, runs)}
    return {"ns": {name: quantile(found, .5) for name, found in rows.items() if found},
            "spread_ns": {name: max(found) - min(found) for name, found in rows.items() if found},
            "by_kernel": by_kernel, "packets": packets, "rounds": rounds}


def table(bench):
    configure(bench.folder, 1, 1, 1)
    found, _ = bench.network.run("whole.others.inside", packets=100000 if bench.quick else 500000,
                                 rounds=3 if bench.quick else 7, statistics=bench.machine.has["bpftool"])
    bench.tell("ns a datagram of other processes: " + ", ".join(f"{ns:.0f} {name}" for name, ns in found["ns"].items()))
    return found

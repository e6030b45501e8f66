# SPDX-License-Identifier: MIT
"""Where the CPU time of a run went, out of what `perf record -g` saw: of each sample the stage that it belongs to. Code of
the kernel by the functions that called it, code of mosprobe by the file that it was compiled from."""
import collections
import glob
import os
import subprocess

from measuring import B

STAGES = ("connect", "reset", "stamps", "ring and waiting", "schedule", "windows", "score", "alert", "publish", "other")
# Of the kernel's callers, innermost last; the first of these that is among them.
KERNEL = (("stamps", ("__cgroup_bpf_run_filter_skb", "bpf_prog_", "bpf_trampoline_")),
          ("reset", ("tcp_disconnect",)),
          ("connect", ("tcp_v4_connect", "tcp_v6_connect", "__inet_stream_connect", "inet_stream_connect",
                       "tcp_v4_rcv", "tcp_v6_rcv", "__netif_receive_skb", "io_connect", "net_rx_action")),
          ("ring and waiting", ("io_", "__io_", "__do_sys_io_uring", "__x64_sys_io_uring", "schedule", "__schedule", "do_epoll",
                                "hrtimer_", "__hrtimer_", "clock_nanosleep", "futex_", "do_futex")))
# Of userspace/, by the first of these that a file's path begins with.
FILES = (("windows", ("pure/window", "pure/cycle", "pure/day", "pure/history", "composition/prober_fold")),
         ("score", ("pure/score", "pure/columns", "pure/pathmodel", "pure/emodel", "pure/codec")),
         ("alert", ("pure/alert", "pure/guard", "pure/groups", "pure/rise", "composition/prober_judge",
                    "composition/prober_guard", "composition/prober_groups")),
         ("publish", ("edges/publish", "edges/journal", "pure/result", "pure/fields", "pure/identity", "pure/heartbeat",
                      "pure/reason", "composition/prober_finish", "vocabulary/queue")),
         ("stamps", ("edges/capture", "pure/join")),
         ("ring and waiting", ("edges/ring", "edges/poller", "edges/sockets", "composition/engine")),
         ("schedule", ("pure/schedule", "pure/roster", "pure/rates", "pure/clocks", "pure/closer", "pure/targets",
                       "composition/prober")))


def symbols():
    """{function: file below userspace/ that it was compiled from}, of the build. A static name that two files have is
    of neither."""
    found = {}
    for path in glob.glob(f"{B}/userspace/*/*.o"):
        file = os.path.relpath(path, f"{B}/userspace")
        for line in subprocess.run(["nm", "--defined-only", path], capture_output=True, text=True,
                                   check=False).stdout.splitlines():
            _, kind, name = line.split()
            if kind in "tT":
                found[name] = file if found.get(name, file) == file else None
    return found


def stage_of(thread, frames, files):
    """frames: (function, in the kernel), innermost first."""
    if thread == "publish":
        return "publish"
    for stage, names in KERNEL:
        if any(kernel and name.startswith(names) for name, kernel in frames):
            return stage
    for name, kernel in frames:
        file = None if kernel else files.get(name.split(".")[0])    # .constprop.0, .part.0
        for stage, starts in FILES if file else ():
            if file.startswith(starts):
                return stage
    if frames and frames[0][1]:
        return "ring and waiting"    # the way in and out of the kernel
    return "other"


def count(lines, files):
    """Of what `perf script -F comm,ip,sym,dso` prints: how many samples each stage has."""
    found, thread, frames = collections.Counter(), None, []
    for line in [*lines, ""]:
        if not line.strip():
            if thread is not None:
                found[stage_of(thread, frames, files)] += 1
            thread, frames = None, []
        elif not line[0].isspace():
            thread = line.strip()
        else:
            address, _, rest = line.strip().partition(" ")
            name = rest.rpartition(" (")[0].split("+")[0]
            frames.append((name, address.startswith("ffffffff")))
    return found


def of(data, cpu_us):
    """us of each stage of a probe that costs cpu_us in all, with how many samples that stands on; None when perf
    recorded nothing."""
    done = subprocess.run(["perf", "script", "-i", data, "-F", "comm,ip,sym,dso"], capture_output=True, text=True,
                          errors="replace", check=False)
    found = count(done.stdout.splitlines(), symbols())
    total = sum(found.values())
    if not total:
        return None
    return {"samples": total, **{stage: found[stage] / total * cpu_us for stage in STAGES}}

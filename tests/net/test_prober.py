#!/usr/bin/python3
# Runs alone: it measures time.
"""The prober in the simulated network, sample by sample: even spread, pauses."""
import collections
import os
import signal
import subprocess
import sys
import time

from harness import (MOSPROBE, NETSIM, equal, expect, run, run_tests, samples_of,
                     skip_unless_stamped, wait_until, write)

NETWORK = """seed 3
198.18.0.0/22   latency=20ms jitter=uniform:1ms
198.18.8.2      answer=silence
2001:db8::1     latency=25ms
"""


def command(targets, keys, *words):
    scenario = write("network", NETWORK)
    config = write("prober.conf", f"[prober]\n{keys}\n[guard]\nwindow = 0s\n[redis]\nurl =\n")
    lines = (f"[{t}]" if ":" in t else t for t in targets)
    return [NETSIM, "run", scenario, "--", MOSPROBE, "run", "-c", config, "--targets",
            write("targets", "\n".join(lines) + "\n"), "--output", "samples", *words]


def samples(targets, keys, *words, seconds=60):
    done = run(command(targets, keys, *words), seconds)
    equal(done.returncode, 0, f"status: {done.stderr}")
    return samples_of(done.stdout)


# Has io_uring_setup(2) fail with EPERM, as a container's filter does, and becomes the rest of its
# arguments.
WITHOUT_IO_URING = r"""
import ctypes, os, struct, sys

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
SETUP, ALLOW, EPERM = 425, 0x7fff0000, 0x00050001
filter = b"".join(struct.pack("HBBI", *i) for i in (
    (LOAD, 0, 0, 0), (EQUAL, 0, 1, SETUP), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)))
memory = ctypes.create_string_buffer(filter)
program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(memory))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def test_where_io_uring_is_forbidden():
    without = [sys.executable, "-c", WITHOUT_IO_URING]
    network = write("network", NETWORK)
    targets = write("targets", "198.18.0.6\n[2001:db8::1]\n")

    def probe(*keys):
        config = write("prober.conf", "\n".join(["[prober]", "interval = 1s", "timeout = 300ms",
                                                  *keys, "[redis]", "url =", ""]))
        return run([NETSIM, "run", network, "--", *without, MOSPROBE, "run", "-c", config,
                    "--targets", targets, "--output", "samples", "--cycles", "1"], 20)

    done = probe()
    equal(done.returncode, 0, f"status: {done.stderr}")
    told = [line for line in done.stderr.splitlines() if "io_uring" in line]
    equal(len(told), 1, f"lines about it in {done.stderr}")
    expect("forbidden here" in told[0] and "using epoll instead" in told[0], told[0])
    equal({(s["outcome"], s["stamp_source"]) for s in samples_of(done.stdout)}, {("ok", "bpf")}, "samples")
    done = probe("engine = io_uring")
    equal((done.returncode, len(done.stderr.splitlines())), (1, 1), f"insisting on it: {done.stderr}")
    done = run([*without, MOSPROBE, "check", "--targets", targets, "--redis", ""])
    expect(any(line.split()[:2] == ["warn", "engine"] for line in done.stdout.splitlines()),
           f"check: {done.stdout}")


def test_starts_are_spread_evenly():
    """Over an interval that is longer than 2^32 ns, where a phase once overflowed."""
    targets = [f"198.18.{i // 200}.{i % 200}" for i in range(600)]
    found = samples(targets, "interval = 12s\nsamples = 1", "--cycles", "1")
    equal(len(found), 600, "samples")
    seconds = collections.Counter(int(s["due_ns"]) // 10**9 % 12 for s in found)
    # 50 each; 5 standard deviations of a fair throw are 34.
    expect(len(seconds) == 12 and max(seconds.values()) < 84, f"starts by second: {seconds}")
    late = [int(s["start_ns"]) - int(s["due_ns"]) for s in found]
    expect(sorted(late)[len(late) // 2] < 5e6, f"median lateness {sorted(late)[len(late) // 2]} ns")


def test_a_name_keeps_its_place():
    """Where a target stands in the interval is a matter of its name only."""
    targets = ["198.18.0.1", "198.18.0.2", "198.18.0.3"]
    places = [{s["target"]: int(s["due_ns"]) % (2 * 10**9) - base for s in found}
              for found in (samples(t, "interval = 2s\ntimeout = 1s\nsamples = 1", "--cycles", "1")
                            for t in (targets, targets[::-1]))
              for base in [min(int(s["due_ns"]) % (2 * 10**9) for s in found
                               if s["target"] == "198.18.0.1:5060")]]
    for target, place in places[0].items():
        off = (place - places[1][target]) % (2 * 10**9)
        # The monotonic clock's distance from the wall clock is not read to the nanosecond.
        expect(min(off, 2 * 10**9 - off) < 2 * 10**6, f"{target} moved by {off} ns")


def child_of(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
        if comm.read().strip() == "mosprobe":
            return pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as children:
        for child in children.read().split():
            found = child_of(int(child))
            if found:
                return found
    return None


def test_a_pause_is_no_burst_and_no_end():
    """Stopped for 3.5 s over silent targets: every cycle still ends, nothing is caught up in a heap."""
    targets = [f"198.18.0.{i}" for i in range(100)] + ["198.18.8.2"]
    whole = subprocess.Popen(command(targets, "interval = 2s\ntimeout = 1900ms\nsamples = 4",
                                     "--cycles", "6"),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: child_of(whole.pid), "the prober")
        prober = child_of(whole.pid)
        time.sleep(5)
        os.kill(prober, signal.SIGSTOP)
        time.sleep(3.5)
        os.kill(prober, signal.SIGCONT)
        text, log = whole.communicate(timeout=40)
    finally:
        whole.kill()
    equal(whole.returncode, 0, log)
    found = samples_of(text)
    equal(len(found), 101 * 24, "samples")
    skipped = sum(s["outcome"] == "skipped" for s in found)
    expect(skipped > 200, f"{skipped} skipped: a pause of seven sample spacings")
    for sample in found:
        expect(sample["outcome"] != "timeout" or sample["addr"] == "198.18.8.2",
               f"a pause of ours is held against {sample}")
    starts = sorted(int(s["start_ns"]) for s in found if s["outcome"] == "ok")
    # 200 a second; caught up at no more than twice that, from an allowance of 32.
    heap = max(sum(1 for s in starts if start <= s < start + 10**8) for start in starts[::20])
    expect(heap < 32 + 2 * 40 + 20, f"{heap} starts within 100 ms")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())

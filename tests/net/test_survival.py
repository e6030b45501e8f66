#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs alone: it looks at the BPF programs of the whole machine.
"""The kernel half under what ends others: a prober that is killed with connects in flight, nothing but
refusals, and other programs on its cgroup. REFUSALS=1000000 is the long form."""
import json
import os
import re
import signal
import socket
import subprocess

from harness import (MOSPROBE, equal, expect, json_lines, path, read, run, run_tests, samples_of,
                     skip_unless_stamped, start, stop, wait_until, write)

REFUSALS = int(os.environ.get("REFUSALS", "60000"))
SILENT = 3000
CONF = """[prober]
id = survivor
interval = {interval}
timeout = {timeout}
samples = {samples}
address_rate = none
deny = none
[guard]
window = 0s
[redis]
url =
"""
# Of another program: lets every packet pass.
OTHER = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual MIT/GPL";

SEC("cgroup_skb/egress")
int other_skb(struct __sk_buff *skb)
{
	return 1;
}
"""


def mount():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        return next(line.split()[1] for line in mounts if line.split()[2] == "cgroup2")


def leaf(pid):
    return os.path.join(mount(), f"mosprobe-{pid}")


def programs():
    """Of the kernel half, by id."""
    return {p["id"] for p in bpftool("prog", "show")
            if p.get("name", "").startswith("handshake_")}


def bpftool(*words):
    done = run(["bpftool", "-j", *words])
    expect(done.returncode == 0, f"bpftool {words}: {done.stdout}{done.stderr}")
    lines = done.stdout.strip()
    return json.loads(lines) if lines else []


def configured(targets, output="samples", **keys):
    return [MOSPROBE, "run", "-c", write("conf", CONF.format(**keys)), "--targets",
            write("targets", "\n".join(targets) + "\n"), "--output", output, "--stamps", "bpf"]


def test_killed_in_mid_flight():
    before = programs()
    with socket.socket() as server:
        # A service on every address, whose queue fills up and stays so.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("0.0.0.0", 0))
        server.listen(0)
        port = server.getsockname()[1]
        fill = [socket.socket() for _ in range(3)]
        for one in fill:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        targets = [f"127.9.{i // 250}.{i % 250 + 1}:{port}" for i in range(SILENT)]
        words = configured(targets, interval="4s", timeout="3900ms", samples=1)
        prober = start(words, "killed.log")
        flying = lambda: len(run(["ss", "-Htn", "state", "syn-sent", f"dport = :{port}"]).stdout.splitlines())
        wait_until(lambda: flying() > SILENT * .7, "connects in flight", 15)
        expect(len(programs() - before) == 2 and os.path.isdir(leaf(prober.pid)), "it was attached")
        stop(prober, signal.SIGKILL)
        wait_until(lambda: programs() == before, "that nothing of it is loaded", 10)
        wait_until(lambda: flying() <= len(fill), "the end of its connects", 10)
        for one in fill:
            one.close()
    # The empty leaf goes with the next one that starts.
    done = run(configured(["127.0.0.1:1"], interval="1s", timeout="500ms", samples=4) + ["--cycles", "1"])
    equal(done.returncode, 0, done.stderr)
    equal({(s["outcome"], s["stamp_source"]) for s in samples_of(done.stdout)}, {("refused", "bpf")}, "samples")
    equal([n for n in os.listdir(mount()) if n == os.path.basename(leaf(prober.pid))], [], "leaves")
    equal(programs(), before, "programs")


def test_nothing_but_refusals():
    """On few sockets, again and again: each is a refusal with its latency."""
    targets = [f"127.9.0.{i + 1}:1" for i in range(250)]
    cycles = -(-REFUSALS // (len(targets) * 40))
    words = configured(targets, "jsonl", interval="1s", timeout="500ms", samples=40)
    with open(path("refused"), "w", encoding="utf-8") as file:
        done = subprocess.run(words + ["--cycles", str(cycles)], stdout=file, stderr=subprocess.PIPE,
                              text=True, timeout=60 + 2 * cycles, check=False)
    equal(done.returncode, 0, done.stderr)
    print("\n".join(f"# {line}" for line in done.stderr.splitlines()), flush=True)
    counts = re.search(r"samples=(\d+) ok=0 refused=(\d+) timeout=0 unreachable=0 dns=0 "
                       r"local_error=0 skipped=(\d+)", done.stderr)
    expect(counts, f"something else was seen: {done.stderr}")
    samples, refused, skipped = map(int, counts.groups())
    equal(samples, len(targets) * 40 * cycles, "samples")
    # What a machine that stands still makes late is skipped, and is no failure.
    expect(refused + skipped == samples and skipped < samples / 50, f"{skipped} skipped")
    expect("event=end_unread" not in done.stderr, "troubles of the kernel half")
    results = [line for line in json_lines(read("refused")) if line["type"] == "result"]
    equal(len(results), len(targets) * cycles, "results")
    equal({r["outcome"] for r in results}, {"failed"}, "outcomes")
    equal([r for r in results if r["n"] and not r["fail_pct"] == 100][:1], [], "failures")


class Group:
    """A cgroup of the test's own with a program in it that is not ours; what runs in it is removed first."""

    def __init__(self):
        self.path = os.path.join(mount(), f"test-survival-{os.getpid()}")
        self.pins = path("pins")
        source, self.object = write("other.c", OTHER), path("other.o")
        done = run(["clang", "-O2", "-target", "bpf", "-c", source, "-o", self.object,
                    f"-I/usr/include/{os.uname().machine}-linux-gnu"])
        equal(done.returncode, 0, done.stderr)

    def __enter__(self):
        os.mkdir(self.path)
        os.mkdir(self.pins)
        equal(run(["mount", "-t", "bpf", "bpf", self.pins]).returncode, 0, "a file system for pins")
        bpftool("prog", "load", self.object, f"{self.pins}/other", "type", "cgroup/skb")
        return self

    def __exit__(self, *_):
        run(["umount", self.pins])
        os.rmdir(self.pins)
        os.rmdir(self.path)

    def attach(self, *flags):
        bpftool("cgroup", "attach", self.path, "cgroup_inet_egress", "pinned", f"{self.pins}/other", *flags)

    def detach(self):
        bpftool("cgroup", "detach", self.path, "cgroup_inet_egress", "pinned", f"{self.pins}/other")

    def run(self, port):
        """Samples of a service, and the log, of a mosprobe in this cgroup."""
        words = configured([f"127.9.0.1:{port}"], interval="1s", timeout="500ms", samples=5)
        words[words.index("bpf")] = "auto"
        done = run(["sh", "-c", f'echo $$ >{self.path}/cgroup.procs && exec "$@"', "sh", *words,
                    "--cycles", "1"])
        equal(done.returncode, 0, done.stderr)
        return samples_of(done.stdout), done.stderr


def test_another_program_on_the_same_cgroup():
    """Beside one that lets others in, as all should; and without the kernel half where one does not."""
    with Group() as group, socket.create_server(("0.0.0.0", 0), backlog=100) as server:
        port = server.getsockname()[1]

        def sources(samples):
            return {(s["outcome"], s["stamp_source"]) for s in samples}

        group.attach("multi")
        equal(sources(group.run(port)[0]), {("ok", "bpf")}, "beside another")
        group.detach()
        group.attach()
        samples, log = group.run(port)
        equal(sources(samples), {("ok", "tcp_info")}, "where another is alone")
        told = [line for line in log.splitlines() if "no stamps in the kernel" in line]
        equal(len(told), 1, f"lines about it: {log}")
        expect("attaching to the cgroup" in told[0] and "using TCP_INFO instead" in told[0], told[0])
        group.detach()
        equal(sources(group.run(port)[0]), {("ok", "bpf")}, "when it is gone")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())

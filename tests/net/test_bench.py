#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `make bench` would measure on machines that lack something, and how it sorts what perf saw."""
import os
import shutil
import sys

from harness import B, equal, expect, folder, path, run, run_tests, skip_unless_stamped

sys.path.insert(0, "bench")
from whole import stages  # noqa: E402 pylint: disable=wrong-import-position

PARTS = {"loads", "steps", "sustained", "errors", "peers", "memory", "redis", "others"}


def plan(before=(), **environment):
    """(the parts that would be measured, what is told) in a copy that everybody may read."""
    tree = path("tree")
    if not os.path.exists(tree):
        os.chmod(folder(), 0o755)
        shutil.copytree("bench", f"{tree}/bench")
        shutil.copytree("tests/net", f"{tree}/tests/net")
        os.mkdir(f"{tree}/build")
        for name in ("mosprobe", "netsim"):
            shutil.copy(f"{B}/{name}", f"{tree}/build")
    done = run([*before, "/usr/bin/python3", "bench/all", "--plan"], cwd=tree,
               env={**os.environ, "B": "build", "PYTHONDONTWRITEBYTECODE": "1", **environment})
    equal(done.returncode, 0, f"status, with {done.stderr}")
    lines = done.stdout.splitlines()
    found = {line.split(":")[0]: line.endswith(" measured") for line in lines if line.split(":")[0] in PARTS}
    equal(set(found), PARTS, "the parts that are named")
    return {part for part, measured in found.items() if measured}, "\n".join(lines[:-len(PARTS)])


NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


def test_everything_is_measured_by_root():
    measured, told = plan()
    equal(measured, PARTS, "measured")
    for word in ("no root", "redis-server"):
        expect(word not in told, told)


def test_without_root_a_user_namespace_serves():
    measured, told = plan(NOBODY)
    expect("no root: in a user namespace" in told, told)
    equal(measured, PARTS - {"others"}, "measured")


def test_without_root_and_namespaces_redis_is_left():
    os.makedirs(path("redis-only"), exist_ok=True)
    for name in ("redis-server", "redis-cli"):
        if not os.path.exists(path(f"redis-only/{name}")):
            os.symlink(shutil.which(name), path(f"redis-only/{name}"))
    measured, told = plan(["/usr/bin/setpriv", *NOBODY[1:]], PATH=path("redis-only"))
    expect("no user namespaces" in told, told)
    equal(measured, {"redis"}, "measured")


def test_few_descriptors_are_told():
    measured, told = plan(["prlimit", "--nofile=1024:1024"])
    expect("1024 descriptors" in told, told)
    equal(measured, PARTS, "measured")


def test_one_core_is_told():
    measured, told = plan(["taskset", "-c", "0"])
    expect("one core" in told, told)
    equal(measured, PARTS, "measured")


def test_without_redis_nothing_is_published():
    measured, told = plan(PATH=path("nothing"))
    expect("redis-server is not installed: nothing is published" in told, told)
    equal(measured, PARTS - {"redis"}, "measured")


def test_an_unknown_part_is_refused():
    done = run(["/usr/bin/python3", "bench/all", "--plan", "weather"])
    equal(done.returncode, 1, "status")
    expect("PART: loads" in done.stderr, done.stderr)


SEEN = """mosprobe
\tffffffff81a00001 bpf_prog_1234_stamp_egress+0x12 (bpf_prog)
\tffffffff81a00002 __cgroup_bpf_run_filter_skb ([kernel.kallsyms])
\tffffffff81a00003 tcp_v4_connect ([kernel.kallsyms])
\tffffffff81a00004 io_connect ([kernel.kallsyms])

mosprobe
\tffffffff81a00005 __ip_queue_xmit ([kernel.kallsyms])
\tffffffff81a00003 tcp_v4_connect ([kernel.kallsyms])

mosprobe
\tffffffff81a00006 tcp_send_active_reset ([kernel.kallsyms])
\tffffffff81a00007 tcp_disconnect ([kernel.kallsyms])
\tffffffff81a00008 __inet_stream_connect ([kernel.kallsyms])

mosprobe
\t          4a0001 fold.constprop.0 (/x/mosprobe)

mosprobe
\tffffffff81a00009 entry_SYSCALL_64_after_hwframe ([kernel.kallsyms])

publish
\tffffffff81a00010 unix_stream_sendmsg ([kernel.kallsyms])

mosprobe
\t          4a0002 [unknown] (/x/libc.so.6)
"""


def test_samples_of_perf_are_sorted():
    found = stages.count(SEEN.splitlines(), {"fold": "pure/window.o"})
    equal(dict(found), {"stamps": 1, "connect": 1, "reset": 1, "windows": 1, "ring and waiting": 1, "publish": 1,
                        "other": 1}, "stages")


def test_every_object_of_the_prober_is_known():
    """So that a file that moves is not sorted into nothing."""
    files = set(filter(None, stages.symbols().values()))
    for _, starts in stages.FILES:
        for start in starts:
            expect(any(file.startswith(start) for file in files), f"no file begins with {start}")


skip_unless_stamped()
run_tests(globals())

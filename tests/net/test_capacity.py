#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs alone: it loads the machine until it is full.
"""How many targets this machine carries: what `mosprobe capacity` finds, what it says where something is missing, and
what it leaves behind: nothing."""
import glob
import json
import os
import signal
import time

from harness import (MOSPROBE, equal, expect, path, read, run, run_tests, skip_unless_stamped,
                     start, stop, wait_until, write)

# Redis of the user: nobody listens there, and nobody may ask.
CONF = """[prober]
id = user
state_dir = {folder}/state
source = 192.0.2.1
deny = 198.18.0.0/15
[guard]
canary = pbx.example
[redis]
url = unix://{folder}/users.sock
username = somebody
password_file = {folder}/password
"""


def cgroup_mount():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        return next(line.split()[1] for line in mounts if line.split()[2] == "cgroup2")


def lives(pid):
    """A dead one may wait for whom it is an orphan of."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def left_behind(pids=()):
    """What of a measurement can still be seen: interfaces, folders, processes, and the cgroups of its probers."""
    with open("/proc/net/dev", encoding="ascii") as file:
        found = [line.split(":")[0].strip() for line in file if "netsim0" in line]
    found += glob.glob(f"{path('tmp')}/*")
    found += [leaf for pid in pids for leaf in glob.glob(f"{cgroup_mount()}/mosprobe-{pid}")]
    found += [pid for pid in pids if lives(pid)]
    for process in glob.glob("/proc/[0-9]*"):
        try:
            with open(f"{process}/cmdline", "rb") as file:
                if path("tmp").encode() in file.read():
                    found.append(process)
        except OSError:
            continue
    return found


def children(process):
    """Of the program that harness.start() has become."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        return file.read().split()


def environment():
    os.makedirs(path("tmp"), exist_ok=True)
    return {**os.environ, "TMPDIR": path("tmp")}


def capacity(*words, prefix=(), seconds=60):
    """Runs it; returns what it prints as JSON, and what it says."""
    done = run([*prefix, MOSPROBE, "capacity", "--json", *words], seconds, env=environment())
    equal(done.returncode, 0, f"status: {done.stderr}")
    equal(left_behind(), [], "left behind")
    return json.loads(done.stdout), done.stderr


def refused(*words):
    done = run([MOSPROBE, "capacity", *words])
    equal((done.returncode, done.stdout), (2, ""), f"status and output of {words}: {done.stderr}")
    equal(len(done.stderr.splitlines()), 1, f"one message: {done.stderr}")
    return done.stderr


def check_sums(found):
    """What must hold whatever the machine is."""
    per_interval = found["targets"] / found["interval_s"]
    expect(abs(found["results_per_s"] - per_interval) < 1 + per_interval / 1e3, f"{found}")
    expect(abs(found["connects_per_s"] - found["results_per_s"] * found["samples"]) < 1, "connects")
    expect(2 < found["cpu_per_probe_us"] < 2000, f"CPU of a probe: {found['cpu_per_probe_us']}")
    expect(found["cpu_pct"] <= found["budget_pct"] * 1.01, f"CPU {found['cpu_pct']}")
    expect(found["lateness_p99_ms"] < 5 or not found["targets"], "lateness")
    allowed = [limit for limit in found["limits_targets"].values() if limit is not None]
    expect(found["targets"] <= min(allowed + [float("inf")]), f"limits {found['limits_targets']}")
    expect(found["steps"], "no steps")


def test_quick():
    """The user's own Redis, folder, source and canaries are left alone."""
    conf = write("capacity.conf", CONF.format(folder=os.path.dirname(path("x"))))
    began = time.monotonic()
    # Whether starts come in time is the machine's matter, which others use as well.
    found, log = capacity("-c", conf, "--quick", "--steps", "2")
    expect(time.monotonic() - began < 30, f"it took {time.monotonic() - began:.0f} s")
    equal((found["peers"], found["redis"], found["stamps"]), ("kernel", "measured", "bpf"), "means")
    expect(not os.path.exists(path("state")), "the user's state_dir")
    expect(log.count("connects/s") == len(found["steps"]), f"progress: {log}")
    for step in found["steps"]:
        equal(step["unanswered_pct"], 0, "unanswered")
        wanted = step["loaded_targets"] * 5 / step["loaded_interval_s"]
        if step["exceeded"] != "lateness":
            expect(abs(step["connects_per_s"] - wanted) < wanted * 0.05, f"{step}")
    if found["targets"]:
        check_sums(found)
        # Half a handshake is a SYN, its answer, and a RST, of 40 to 60 bytes and what is around them.
        expect(2.9 < found["wire_packets_per_s"] / found["connects_per_s"] < 3.2, "packets")
        bits = found["wire_bits_per_s"] / found["wire_packets_per_s"]
        expect(600 < bits < 900, f"{bits} bits a packet")
        expect(100 < found["memory_per_target_bytes"] < 5000, "memory")
        expect(abs(found["redis_bytes_per_day"] / found["redis_bytes_per_h"] - 24) < 1e-6, "a day")
        expect(found["redis_commands_per_s"] > found["results_per_s"], "commands")
        # Beside the newest million of results, of some 300 bytes each, something of each target.
        per_target = (found["redis_memory_bytes"] - 1e6 * 330) / found["targets"]
        expect(found["targets"] > 200000 or 3000 < per_target < 12000, f"{per_target} a target")


def test_one_cpu_one_sample_no_redis():
    found, _ = capacity("--quick", "--steps", "1", "--samples", "1", "--redis", "", "--budget", "25%",
                        prefix=["taskset", "-c", "0"])
    equal((found["cpus"], found["redis"], found["samples"]), (1, "none", 1), "what was asked")
    expect(any("one CPU" in note["text"] for note in found["notes"]), f"{found['notes']}")
    equal((found.get("redis_bytes_per_s", 0), found.get("cpu_redis_us", 0)), (0, 0), "Redis")
    if found["targets"]:
        check_sums(found)


def test_without_rights_descriptors_and_redis():
    """What can still be measured, and what then binds."""
    found, log = capacity("--quick", "--steps", "1", "--samples", "1", "--redis", "redis://redis.example:6379",
                          prefix=["env", "PATH=/nonexistent", "/usr/bin/prlimit", "--nofile=256:256",
                                  "/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all"])
    equal((found["peers"], found["redis"], found["stamps"]),
          ("loopback", "not_measured", "tcp_info"), f"means: {log}")
    notes = " ".join(note["text"] for note in found["notes"])
    expect("must be started by root" in notes and "no redis-server on the PATH" in notes, notes)
    expect(found["descriptors"] < 256, "descriptors")
    if found["targets"]:
        check_sums(found)
        # 0.39 s of a socket a connect, on a bad day.
        equal(found["limits_targets"]["descriptors"],
              int(found["descriptors"] * found["interval_s"] / 0.39), "what descriptors allow")
        if found["binds"] == "descriptors":
            expect("limit of open files" in found["change"][0]["text"], f"{found['change']}")


def test_bad_input():
    for budget in ("0%", "200%", "50", "half", "-1%", ""):
        expect("must be from 1% to 100%" in refused("--budget", budget), budget)
    expect("No such file" in refused("-c", "/nonexistent/conf"), "configuration")
    expect("must be from" in refused("--interval", "1ms"), "interval")
    expect("interval" in refused("--interval", "2s", "--timeout", "3s"), "timeout")
    expect("from 1 to 23" in refused("--steps", "0"), "steps")
    expect("--budgett" in refused("--budgett", "50%"), "unknown option")


def test_the_page():
    done = run([MOSPROBE, "capacity", "--quick", "--steps", "1", "--budget", "100%"], env=environment())
    equal((done.returncode, left_behind()), (0, []), f"status and what is left: {done.stderr}")
    expect(all(len(line) <= 80 for line in done.stdout.splitlines()), done.stdout)
    for word in ("targets", "how it was measured", "stamps: bpf"):
        expect(word in done.stdout, f"{word} is not in {done.stdout}")


def test_stopped():
    process = start(["env", f"TMPDIR={environment()['TMPDIR']}", MOSPROBE, "capacity"], "ctrlc.log")
    wait_until(lambda: glob.glob(f"{path('tmp')}/*/prober.log"), "a step")
    time.sleep(1)
    pids = children(process)
    expect(len(pids) == 2, f"a prober and a Redis: {pids}")
    expect(any(glob.glob(f"{cgroup_mount()}/mosprobe-{pid}") for pid in pids), "a cgroup")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)
    expect(time.monotonic() - began < 8, "it took long to stop")
    equal((stop(process), left_behind(pids)), (1, []), "status and what is left")
    expect("stopped" in read("ctrlc.log"), read("ctrlc.log"))


def test_killed():
    """Even then its prober and its Redis end; the folder stays, and the cgroup until the next prober starts."""
    process = start(["env", f"TMPDIR={environment()['TMPDIR']}", MOSPROBE, "capacity"], "kill.log")
    wait_until(lambda: glob.glob(f"{path('tmp')}/*/prober.log"), "a step")
    time.sleep(1)
    pids = children(process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(lives(pid) for pid in pids), "the end of both", 20)
    stop(process)


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())

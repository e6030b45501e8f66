#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A machine that has too little: ten ports, 64 descriptors. It is said, what is missing is counted by
kind, and no target is blamed for it."""
import collections

from harness import (MOSPROBE, NETSIM, Redis, equal, expect, path, run, run_tests, samples_of,
                     skip_unless_stamped, write)

CONF = """[prober]
address_rate = none
closer_share = 0%
id = scarce
interval = 1s
timeout = 900ms
samples = {samples}
output = samples
[guard]
window = 0s
[redis]
url = {url}
"""


def probe(network, targets, samples, before="", prefix=()):
    """Two cycles, in a shell that does something before; returns samples, the log, the heartbeat and
    the newest result of each target."""
    with Redis() as redis:
        write("scarce.conf", CONF.format(samples=samples, url=redis.url))
        write("targets", "\n".join(targets) + "\n")
        done = run([NETSIM, "run", write("network", network), "--", "sh", "-c",
                    before + 'exec "$@"', "sh", *prefix, MOSPROBE, "run", "-c",
                    path("scarce.conf"), "--targets", path("targets"), "--cycles", "2"])
        equal(done.returncode, 0, f"status: {done.stderr}")
        beat = redis.cli("HGETALL", "mosprobe:{scarce}:prober")
        results = {entry["target"]: entry
                   for _, _, entry in redis.stream("mosprobe:{scarce}:results")}
    return samples_of(done.stdout), done.stderr, beat, results


def by_address(samples):
    """Of each address how often what came: {address: Counter of "outcome reason"}."""
    found = collections.defaultdict(collections.Counter)
    for sample in samples:
        found[sample["addr"]][f"{sample['outcome']} {sample['reason']}".strip()] += 1
    return found


def test_ten_ports():
    """More than ten connects at once to one address and port find no port; others have all of them."""
    slow, silent, good = "198.18.0.1", "198.18.0.2", "198.18.0.3"
    network = f"198.18.0.0/24 latency=20ms\n{slow} latency=600ms\n{silent} answer=silence\n"
    ports = "echo 40000 40009 >/proc/sys/net/ipv4/ip_local_port_range; "
    samples, log, beat, results = probe(network, [slow, silent, good], 40, before=ports)
    found = by_address(samples)
    # A machine that stands still may make a sample later than the next one.
    for counts in found.values():
        expect(counts.pop("skipped late", 0) <= 4, f"late ones: {counts}")
    equal(set(found[good]), {"ok"}, "one that is at peace")
    for address, outcome in ((slow, "ok"), (silent, "timeout")):
        equal(set(found[address]), {outcome, "local_error no_port"}, f"outcomes of {address}")
        expect(found[address][outcome] >= 15, f"{address}: {found[address]}")
    kinds = sum(c["local_error no_port"] for c in found.values())
    equal(int(beat["local_error_no_port"]), kinds, "in the heartbeat")
    equal(int(beat["samples_local_error"]), kinds, "of all kinds")
    expect(f"event=end_local_error kind=no_port count={kinds}\n" in log, log)
    expect("event=ports_few ports=10 " in log, f"no warning before: {log}")
    equal((results[f"{slow}:5060"]["failed"], results[f"{slow}:5060"]["fail_pct"]),
          ("0", "0.000"), "held against the target")
    equal(results[f"{slow}:5060"]["n"], str(found[slow]["ok"]), "what counts")
    done = run([NETSIM, "run", path("network"), "--", "sh", "-c", ports + 'exec "$@"', "sh",
                MOSPROBE, "check", "-c", path("scarce.conf"), "--targets", path("targets"),
                "--redis", ""])
    expect(any(line.startswith("warn  ports") and "10 ephemeral ports" in line
               for line in done.stdout.splitlines()), done.stdout)


def test_64_descriptors():
    """Silent targets hold the few sockets: starts wait, are late, are skipped; none counts as failed."""
    silent = [f"198.18.1.{i}" for i in range(100)]
    good = [f"198.18.0.{i}" for i in range(20)]
    samples, log, beat, results = probe(
        "198.18.0.0/24 latency=20ms\n", silent + good, 2, prefix=["prlimit", "--nofile=64:64"])
    slots = int(beat["slots"])
    expect(1 <= slots <= 16, f"{slots} slots of 64 descriptors")
    expect(f"event=slots_few slots={slots} " in log, f"no warning before: {log}")
    found = collections.Counter()
    for address, outcomes in by_address(samples).items():
        found += outcomes
        allowed = {"timeout", "skipped no_slot"} if address in silent else {"ok", "skipped no_slot"}
        expect(set(outcomes) <= allowed, f"{address}: {outcomes}")
    equal(len(samples), 4 * 120, "samples")
    expect(found["skipped no_slot"] > 200 and found["timeout"] > slots, f"{found}")
    equal(int(beat["skipped_no_slot"]), found["skipped no_slot"], "in the heartbeat")
    equal(int(beat["samples_skipped"]), found["skipped no_slot"], "skipped for no other reason")
    expect(int(beat["slot_waits"]) >= found["skipped no_slot"], f"slot_waits {beat['slot_waits']}")
    expect(int(beat["late_starts"]) > 10, f"late starts {beat['late_starts']}")
    expect(f"event=end_skipped kind=no_slot count={found['skipped no_slot']}\n" in log, log)
    for address in good:
        equal(results[f"{address}:5060"]["failed"], "0", f"failed of {address}")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())

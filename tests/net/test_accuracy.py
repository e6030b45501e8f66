#!/usr/bin/python3
# Runs alone: it measures time.
"""Every sample against the truth of the simulated network, in short; `make bench-accuracy` is the long
form. Counts must be equal, SYN by SYN; latencies to within what a busy machine does to two clocks."""

import itertools

import witness
from accuracy import Run, coded_network, errors_line, meets_another, pair, quantile
from harness import equal, expect, folder, path, run_tests, skip_unless_stamped


def measure(network, targets, prober, *words, **options):
    """One run, and its Report."""
    done = Run(folder(), network, targets, prober, *words, **options)
    found = done.report()
    print(f"# {found.line()}", flush=True)
    return done, found


def exact(found, samples):
    equal(found.samples, samples, "samples")
    equal(found.examples, [], f"{found.wrong} samples are not what the network did")
    equal(found.lost, found.lost_true, "lost SYNs")
    expect(found.crossed <= samples / 200, f"{found.crossed} crossed")


def test_good_lines():
    targets = [f"198.18.0.{i}" for i in range(200)]
    _, found = measure("seed 1\n198.18.0.0/24 latency=10ms..90ms jitter=normal:1ms\n", targets,
                       {"interval": "4s", "timeout": "2s"}, "--cycles", "2")
    exact(found, 2000)
    expect(quantile(found.errors_ns, 0.5) < 200e3, f"median error {quantile(found.errors_ns, .5)} ns")
    expect(quantile(found.errors_ns, 0.99) < 5e6, f"p99 {quantile(found.errors_ns, .99)} ns")
    expect(min(found.errors_ns) > -2e3, f"an answer before it left: {min(found.errors_ns)} ns")


def test_loss_both_ways_is_counted_exactly():
    """Linux-style peers: after a lost SYN-ACK the answer echoes the first SYN's timestamp, and their own
    timer runs in step with ours."""
    targets = [f"198.18.0.{i}" for i in range(150)] + [f"[2001:db8::{i}]" for i in range(1, 51)]
    _, found = measure("seed 2\n198.18.0.0/24 latency=20ms..60ms loss=8% loss-back=8%\n"
                       "2001:db8::/64 latency=20ms..60ms loss=8% loss-back=8%\n", targets,
                       {"interval": "5s", "timeout": "4s", "samples": 8}, "--cycles", "2")
    exact(found, 3200)
    expect(found.lost_true > 300, f"the network lost {found.lost_true}")
    expect(max(found.errors_ns) < 100e6, "a retransmission was read as latency")


def test_the_time_out_is_the_time_out():
    """Answers shortly before it count, those shortly after do not; and of the SYNs that the kernel
    repeats around it only those before it."""
    _, found = measure("seed 4\n198.18.0.0/25 latency=990ms\n198.18.0.128/25 latency=1010ms\n"
                       "198.18.1.0/24 answer=silence\n",
                       [f"198.18.{i // 250}.{i % 250}" for i in range(0, 300, 2)],
                       {"interval": "2s", "timeout": "1s", "samples": 10}, "--cycles", "2")
    exact(found, 3000)
    equal(found.lost_true, 64 * 20, "late, which is as lost")


def test_samples_never_meet_the_wrong_target():
    """On few slots that are used again and again."""
    network, targets, coded = coded_network(100, seed=3)
    done, found = measure(network, targets, {"interval": "2s", "timeout": "1s", "samples": 10,
                                             "max_in_flight": 60}, "--cycles", "3")
    exact(found, 3000)
    wrong = meets_another(pair(done.samples(), done.truth()), coded)
    equal(list(itertools.islice(wrong, 3)), [], "latencies of another target")
    longer = sum(error > 5e5 for error in found.errors_ns)
    expect(longer < 30, f"{longer} latencies are 0.5 ms too long")


def test_a_capture_of_tcpdump_says_the_same():
    """SYNs and answers by tcpdump's stamps on the prober's own interface, dissected by tshark."""
    network = """seed 5
        198.18.0.0/24 latency=20ms..60ms jitter=normal:2ms loss=5% loss-back=5%
        198.18.1.0/24 latency=20ms..60ms answer=rst
        198.18.2.0/24 answer=silence
        2001:db8::/64 latency=20ms..60ms loss=5% loss-back=5%
    """
    targets = ([f"198.18.0.{i}" for i in range(150)] + [f"[2001:db8::{i:x}]" for i in range(1, 51)] +
               [f"198.18.{net}.{i}" for net in (1, 2) for i in range(20)])
    done, found = measure(network, targets, {"interval": "3s", "timeout": "2500ms"}, "--cycles", "2",
                          inside=witness.command(path("capture")))
    exact(found, 2400)
    seen = witness.Testimony(pair(done.samples(), witness.read(path("capture"))), 2.5e9)
    print(f"# {seen.samples} samples, {seen.syns} SYNs captured; prober minus capture, us: "
          f"{errors_line(seen.errors_ns)}", flush=True)
    equal((seen.samples, seen.examples), (2400, []), f"{seen.wrong} samples are not what was captured")
    equal(seen.syns, found.syns + found.crossed, "SYNs captured, and in the log of truth")
    expect(len(seen.errors_ns) > 2000, f"{len(seen.errors_ns)} latencies")
    # Its own interface: the prober's stamps are a function call away, one way, and the same, the other.
    for share, most_ns in ((.01, 1e3), (.5, 20e3), (.99, 500e3)):
        expect(abs(quantile(seen.errors_ns, share)) < most_ns,
               f"{quantile(seen.errors_ns, share)} ns off at {share}")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())

#!/usr/bin/python3
"""Every sample against the truth of the simulated network, in short; `make bench-accuracy` is the long
form. Counts must be equal, SYN by SYN; latencies to within what a busy machine does to two clocks."""

from accuracy import Report, pair, quantile, read_samples, read_truth
from harness import MOSPROBE, NETSIM, equal, expect, path, run, run_tests, skip_unless_stamped, write

def report(network, targets, keys, *words, seconds=120):
    """One run; returns its Report."""
    write("accuracy.conf", f"[prober]\n{keys}\n[redis]\nurl =\n")
    write("accuracy.targets", "\n".join(targets) + "\n")
    done = run([NETSIM, "run", write("network", network), "--truth", path("truth"), "--", MOSPROBE,
                "run", "-c", path("accuracy.conf"), "--targets", path("accuracy.targets"),
                "--output", "samples", *words], seconds)
    equal(done.returncode, 0, f"status: {done.stderr}")
    write("samples", done.stdout)
    truth = run([NETSIM, "samples", path("truth")], seconds)
    equal(truth.returncode, 0, f"truth: {truth.stderr}")
    found = Report(pair(read_samples(path("samples")), read_truth(truth.stdout)))
    print(f"# {found.line()}", flush=True)
    return found

def exact(found, samples):
    equal(found.samples, samples, "samples")
    equal(found.wrong[:3], [], f"{len(found.wrong)} samples are not what the network did")
    equal(found.lost, found.lost_true, "lost SYNs")

def test_good_lines():
    targets = [f"198.18.0.{i}" for i in range(200)]
    found = report("seed 1\n198.18.0.0/24 latency=10ms..90ms jitter=normal:1ms\n", targets,
                   "interval = 4s\ntimeout = 2s", "--cycles", "2")
    exact(found, 2000)
    expect(quantile(found.errors_ns, 0.5) < 200e3, f"median error {quantile(found.errors_ns, .5)} ns")
    expect(quantile(found.errors_ns, 0.99) < 5e6, f"p99 {quantile(found.errors_ns, .99)} ns")
    expect(min(found.errors_ns) > -2e3, f"an answer before it left: {min(found.errors_ns)} ns")

def test_loss_both_ways_is_counted_exactly():
    """Linux-style peers: after a lost SYN-ACK the answer echoes the first SYN's timestamp, and their own
    timer runs in step with ours."""
    targets = [f"198.18.0.{i}" for i in range(200)]
    found = report("seed 2\n198.18.0.0/24 latency=20ms..60ms loss=8% loss-back=8%\n", targets,
                   "interval = 5s\ntimeout = 4s", "--cycles", "2", "--samples", "8")
    exact(found, 3200)
    expect(found.lost_true > 300, f"the network lost {found.lost_true}")
    expect(max(found.errors_ns) < 100e6, "a retransmission was read as latency")

def test_samples_never_meet_the_wrong_target():
    """Latencies that tell the address, on few slots that are used again and again."""
    network = "seed 3\n" + "".join(f"198.18.1.{i} latency={2 + i}ms\n" for i in range(100))
    targets = [f"198.18.1.{i}" for i in range(100)]
    found = report(network, targets, "interval = 2s\ntimeout = 1s\nsamples = 10\nmax_in_flight = 60",
                   "--cycles", "3")
    exact(found, 3000)
    for sample in read_samples(path("samples")):
        wanted = 2 + int(sample["addr"].rsplit(".", 1)[1])
        off_ms = int(sample["rtt_ns"]) / 1e6 - wanted
        # A neighbour would be 1 ms off; the simulated network itself may be late, never early.
        expect(off_ms > -0.5, f"{sample['addr']} is {off_ms} ms off")

if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())

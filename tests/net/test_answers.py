#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs as one of two: it measures time, roughly.
"""Every wrong thing that netsim can answer: what becomes of the sample is what the network did, SYN by
SYN, and what was passed over is counted; `probe` tells it sample by sample."""
import collections

from accuracy import Report, pair, read_table, read_truth
from harness import (MOSPROBE, NETSIM, Redis, equal, expect, json_lines, path, read, run, run_tests,
                     samples_of, skip_unless_stamped, write)

# What is said of an address, and what becomes of its samples.
KINDS = {
    "answer=synack": "ok", "answer=rst": "refused", "answer=silence": "timeout",
    "answer=icmp-host": "unreachable", "answer=icmp-port": "unreachable",
    "answer=icmp-admin": "unreachable", "answer=twice:100us": "ok",
    "answer=late:1300ms timer=off": "ok", "answer=late:500ms": "ok", "answer=bad-ack": "timeout",
    "answer=bad-ack-first:1ms": "ok", "answer=bad-ack-first:30ms": "ok",
    "answer=bad-ack-first:5ms timestamps=bsd": "ok", "answer=rst-bad-ack": "timeout",
    "answer=cookie": "ok", "timestamps=bsd": "ok", "timestamps=none": "ok",
    "timestamps=unsent": "timeout", "timestamps=zero": "ok", "window=0": "ok",
    "latency=950ms": "ok", "latency=1500ms": "ok", "loss=30%": "", "loss-back=30%": "",
    "loss-back=30% answer=cookie": "", "loss=20% answer=bad-ack-first:30ms": "",
    "loss=30% answer=rst": "", "loss-back=30% timestamps=none": "",
}
NAMES = list(KINDS)
TROUBLES = ("no_socket", "no_record", "no_header", "not_tcp", "bad_options")


def kind_of(sample):
    return NAMES[int(sample["addr"].replace(":", ".").rsplit(".", 1)[1], 10) - 1]


def check_counts(kind, found):
    """What was passed over, of all samples of a kind."""
    sums = {name: sum(int(s[name]) for s in found)
            for name in ("duplicates", "wrong_acks", "foreign_ts", "provoked")}
    bad = "bad-ack" in kind
    for name, wanted in (("wrong_acks", bad), ("foreign_ts", "unsent" in kind)):
        expect((sums[name] >= len(found) / 2) if wanted else sums[name] == 0,
               f"{kind}: {name} {sums[name]} of {len(found)} samples")
    expect(sums["provoked"] == 0 or bad, f"{kind}: provoked {sums['provoked']}")
    if "twice" in kind or "bad-ack" in kind:  # the right answer may be repeated as well
        return
    # A peer's own timer may repeat what we had just taken.
    expect(sums["duplicates"] <= len(found) / 10, f"{kind}: duplicates {sums['duplicates']}")


def test_every_wrong_answer_is_passed_over_and_counted():
    lines = [f"{ip} {kind}" for i, kind in enumerate(NAMES, 1)
             for ip in (f"198.18.0.{i}", f"2001:db8::{i}")]
    targets = [t for i in range(1, len(NAMES) + 1) for t in (f"198.18.0.{i}", f"[2001:db8::{i}]")]
    write("network", "seed 7\n198.18.0.0/24 latency=20ms\n2001:db8::/64 latency=20ms\n" +
          "\n".join(lines) + "\n")
    with Redis() as redis:
        write("answers.conf", "[prober]\nid = answers\ninterval = 2600ms\ntimeout = 2500ms\nsamples = 8\n"
              f"output = samples\n[guard]\nwindow = 0s\n[redis]\nurl = {redis.url}\n")
        done = run([NETSIM, "run", path("network"), "--truth", path("truth"), "--", MOSPROBE, "run",
                    "-c", path("answers.conf"), "--targets",
                    write("targets", "\n".join(targets) + "\n"), "--cycles", "1"], 60)
        beat = redis.cli("HGETALL", "mosprobe:{answers}:prober")
    equal(done.returncode, 0, f"status: {done.stderr}")
    samples = samples_of(done.stdout)
    report = Report(pair(read_table(done.stdout.splitlines(), "\t"),
                         read_truth(path("truth"), "2500ms")))
    print(f"# {report.line()}", flush=True)
    equal(report.examples, [], f"{report.wrong} samples are not what the network did")
    equal((report.samples, report.lost), (8 * len(targets), report.lost_true), "samples and losses")
    by_kind = collections.defaultdict(list)
    for sample in samples:
        by_kind[kind_of(sample)].append(sample)
    for kind, found in by_kind.items():
        equal(len(found), 16, f"samples of {kind}")
        equal({s["outcome"] for s in found} - {KINDS[kind] or s["outcome"] for s in found}, set(),
              f"outcomes of {kind}")
        check_counts(kind, found)
    for name, field in (("ambiguous", "samples_ambiguous"), ("provoked", "syns_provoked"),
                        ("duplicates", "answers_duplicate"), ("wrong_acks", "answers_wrong_ack"),
                        ("foreign_ts", "answers_foreign_ts")):
        total = sum(int(s[name]) for s in samples)
        expect(total > 0, f"no {name} at all")
        equal(int(beat[field]), total, f"{field} of the heartbeat")
    print(f"# stale receive stamps: {beat['bpf_stale_stamp']}")
    equal({name: n for name, n in beat.items() if name.startswith("bpf_")},
          {**dict.fromkeys((f"bpf_{name}" for name in TROUBLES), "0"),
           "bpf_stale_stamp": beat["bpf_stale_stamp"]}, "what the kernel half could not do")


# By name: what is said of an address, the options of its probe, and the status that it must end with.
PROBES = {
    "good": ("latency=20ms", "", 0), "late": ("latency=950ms", "", 1),
    "later": ("latency=1500ms", "", 1), "json": ("latency=950ms", "--json", 1),
    "lost": ("step to=800ms loss=100%", "", 1), "back": ("step to=800ms loss-back=100%", "", 1),
    "wrong": ("answer=bad-ack-first:3ms", "", 0), "silent": ("answer=silence", "", 1),
    "unstamped": ("answer=silence", "--stamps tcp_info", 1),
}


def probe_all():
    """Each on an address of its own, all at once; what they print, by name."""
    network, script = "198.18.0.0/24 latency=20ms\n", ""
    for last, (name, (behaviour, options, _)) in enumerate(PROBES.items(), 1):
        network += f"198.18.0.{last} {behaviour}\n"
        script += (f"{{ {MOSPROBE} probe 198.18.0.{last} --samples 2 --timeout 1900ms {options} "
                   f">{path(name)} 2>&1; echo $? >{path(name)}.status; }} &\n")
    done = run([NETSIM, "run", write("network", network), "--", "sh", "-c", script + "wait"])
    equal(done.returncode, 0, done.stderr)
    for name, (_, _, status) in PROBES.items():
        equal(read(f"{name}.status").strip(), str(status), f"status of {name}: {read(name)}")
    return {name: read(name) for name in PROBES}


def rows(name):
    """Outcome, has it a latency, SYNs, the answered one, lost, stamps and note of each sample; they
    are printed as they end, the numbers tell their order."""
    found = [line.split(None, 8) for line in sorted(probed[name].splitlines())
             if line.startswith("  ") and line[:3].strip().isdigit()]
    return [(row[2], row[3] != "-", *row[4:8], row[8].strip() if len(row) > 8 else "")
            for row in found]


def test_probe_tells_each_sample():
    good = ("ok", True, "1", "1.", "0", "bpf", "")
    equal(rows("good"), [good, good], probed["good"])
    equal(rows("lost"), [("ok", True, "2", "2.", "1", "bpf", ""), good], "a lost SYN")
    equal(rows("back"), [("ok", False, "2", "?", "1", "bpf",
                          "answered, but it is not certain which SYN"), good], "a lost SYN-ACK")
    equal(rows("wrong")[0], ("ok", True, "1", "1.", "0", "bpf",
                             "1 answer with a wrong acknowledgement"), "a wrong one first")
    equal(rows("silent")[0], ("timeout", False, "2", "-", "-", "bpf", ""), "silence")
    equal(rows("unstamped")[0], ("timeout", False, "-", "-", "-", "tcp_info", ""), "no stamps")


def test_probe_tells_that_a_path_of_more_than_900_ms_has_no_latency():
    for row in rows("late"):
        equal(row, ("ok", False, "1", "1.", "1", "bpf", "answered 900 ms or more after its SYN"),
              probed["late"])
    for row in rows("later"):
        equal(row, ("ok", False, "2", "?", "1", "bpf", "answered, but it is not certain which SYN"),
              probed["later"])
    for name in ("late", "later"):
        expect("latency unknown" in probed[name] and
               "path of more than 0.9 s never shows one" in probed[name], probed[name])
    expect("0.9 s" not in probed["good"] + probed["back"], "said of others")
    for line in json_lines(probed["json"])[:2]:
        expect(line["sample"] in (1, 2), f"{line}")
        equal((line["sent"], line["answered_syn"], line["latency_ms"], line["ambiguous"]),
              (1, 1, None, 1), "as JSON")


if __name__ == "__main__":
    skip_unless_stamped()
    probed = probe_all()
    run_tests(globals())

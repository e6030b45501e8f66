#!/usr/bin/python3
# Runs as one of two: it measures time, roughly.
"""netsim's names and its grammar: zones, a real name server and its troubles, messages."""
import json
import os
import sys

from harness import NETSIM, equal, expect, folder, run, run_tests, skip_unless_root, write
from netsim_seen import netsim, scenario


def test_canaries_and_zones_are_listed():
    file = scenario("""
        198.18.0.0-198.18.0.1 name=c%d.north.example canary=yes ttl=5m
        2001:db8::/127 name=c%d.north.example canary=yes
        198.18.1.1 canary=yes port=5070
        198.18.2.0/31 name=pbx%d.south.example ttl=10s canary=no
        198.18.3.1 name=gw.elsewhere.test
    """)
    equal(netsim("canaries", file).stdout.split(),
          ["c0.north.example", "c1.north.example", "198.18.1.1:5070"], "canaries")
    zone = netsim("zone", file, "example").stdout
    for line in ("$ORIGIN example.", "c1.north.example. 300 A 198.18.0.1",
                 "c0.north.example. 60 AAAA 2001:db8::", "pbx1.south.example. 10 A 198.18.2.1"):
        expect(line in zone.splitlines(), f"{line} is not in {zone}")
    expect("elsewhere" not in zone, zone)
    equal(len(netsim("zone", file, "north.example").stdout.splitlines()), 5 + 4, "lines")
    for domain in ("example", "north.example", "test"):
        checked = run(["nsd-checkzone", domain, write("zone", netsim("zone", file, domain).stdout)])
        expect("ok" in checked.stdout, f"{domain}: {checked}")


# Asks the name server: JSON of [[at, name, type, over TCP]]; prints [rcode, answers, ms] or null.
ASK = r"""
import json, socket, struct, sys, time
begin, results = time.monotonic(), []
for at, name, kind, tcp in json.loads(sys.argv[1]):
    time.sleep(max(0, begin + at - time.monotonic()))
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    question = struct.pack("!6H", 7, 256, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)
    asked = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
        s.settimeout(0.4)
        try:
            s.connect(("127.0.0.1", 5300))
            s.sendall((struct.pack("!H", len(question)) if tcp else b"") + question)
            answer = s.recv(4096)
            answer = answer[2:] if tcp and len(answer) > 2 else s.recv(4096) if tcp else answer
            assert answer[:2] == question[:2]
            results.append([answer[3] & 15, answer[7], (time.monotonic() - asked) * 1e3])
        except OSError:
            results.append(None)
print(json.dumps(results))
"""


def ask(text, questions):
    before = set(os.listdir(folder()))
    done = run([NETSIM, "run", scenario(text), "--dns", "5300", "--", sys.executable, "-c", ASK,
                json.dumps(questions)], env={**os.environ, "TMPDIR": folder()})
    equal(done.returncode, 0, f"status: {done.stderr}")
    equal(set(os.listdir(folder())) - before - {"test.scenario"}, set(), "files left")
    return json.loads(done.stdout)


NAMES = """
    198.18.0.0/24 name=p%03d.north.example
    2001:db8::/120 name=p%03d.north.example
    198.18.1.1 name=gw.south.test
"""


def test_a_real_name_server_has_the_names():
    answers = ask(NAMES, [[0, name, kind, tcp] for name in ("p007.north.example", "gw.south.test")
                          for kind in (1, 28) for tcp in (False, True)] +
                  [[0, "p256.north.example", 1, False]])
    equal([a[:2] for a in answers], [[0, 1]] * 4 + [[0, 1], [0, 1], [0, 0], [0, 0], [3, 0]],
          "codes and numbers of answers")


def test_the_name_server_can_be_slow_dead_and_wrong():
    times = {"before": 0.2, "slow": 0.8, "dead": 1.6, "wrong": 2.7, "after": 4.2}
    name = "p007.north.example"
    questions = [[at, name, 1, tcp] for at in times.values() for tcp in (False, True)]
    questions.insert(7, [times["wrong"], "gw.south.test", 1, False])
    answers = ask(NAMES + """
        dns slow=200ms from=700ms to=1400ms
        dns dead from=1500ms to=2600ms
        dns nxdomain from=2600ms to=4s
        dns servfail name=south.test
    """, questions)
    south = answers.pop(7)
    found = dict(zip(times, zip(answers[::2], answers[1::2])))
    for tcp in (0, 1):
        for moment in ("before", "after"):
            equal(found[moment][tcp][:2], [0, 1], moment)
            expect(found[moment][tcp][2] < 150, f"{moment}: {found[moment][tcp]}")
        equal(found["slow"][tcp][:2], [0, 1], "slow")
        expect(200 <= found["slow"][tcp][2] < 380, f"slow: {found['slow'][tcp]}")
        equal(found["dead"][tcp], None, "dead")
        equal(found["wrong"][tcp][:2], [3, 0], "nxdomain")
    equal(south[:2], [2, 0], "servfail, for one name only")


def test_what_is_wrong_about_a_change_is_named():
    wrong_lines = [
        ("198.18.0.1 burst=10%", "burst=10%: must be none or P%:R%"),
        ("198.18.0.1 burst=0%:5%", "must be none or P%:R%"),
        ("198.18.0.1 burst-step=1us", "must be packet, or a number"),
        ("198.18.0.1 answer=late:soon", "answer=late:soon: must be synack, rst"),
        ("198.18.0.1 answer=rst:5ms", "answer=rst:5ms: must be"),
        ("198.18.0.1 timestamps=windows", "must be linux, bsd, none, unsent or zero"),
        ("198.18.0.1 timer=5", "must be on or off"),
        ("198.18.0.1 window=65536", "must be from 0 to 65535"),
        ("198.18.0.1 ttl=1500ms", "must be whole seconds"),
        ("198.18.0.1 canary=maybe", "must be yes or no"),
        ("198.18.0.1 group=a,b,c,d,e", "must be one to four names"),
        ("198.18.0.1 group=a/b", "must be one to four names"),
        ("198.18.0.1 explode from=1s", "explode: must be KEY=VALUE, or after the range outage"),
        ("198.18.0.1 outage from=1s to=1s", "from= must be before to="),
        ("198.18.0.1 outage latency=1ms", "latency=1ms: no key of this change"),
        ("198.18.0.1 outage colour=red", "no such key of a change"),
        ("198.18.0.1 step from=1s", "needs latency=, jitter="),
        ("198.18.0.1 step from=x latency=1ms", "from=x: must be a number with us, ms, s, m or h"),
        ("198.18.0.1 step latency=+x", "must be A, A..B, +A or +A..B"),
        ("198.18.0.1 ramp from=1s latency=5ms", "needs from= and to="),
        ("198.18.0.1 ramp from=1s to=9s until=8s latency=5ms", "until= must not be before to="),
        ("198.18.0.1 swing latency=5ms", "needs period="),
        ("198.18.0.1 swing period=0s latency=5ms", "needs a period= above 0s"),
        ("198.18.0.1 swing period=1s duty=5% latency=5ms", "duty= goes with wave=square"),
        ("198.18.0.1 swing period=1s wave=saw latency=5ms", "must be sine or square"),
        ("198.18.0.1 flap period=1s duty=x", "duty=x: must be from 0% to 100%"),
        ("198.18.0.1 step loss=5% loss=5%", "stands twice on the line"),
        ("uplink fly", "fly: must be outage, flap, step, ramp or swing"),
        ("uplink outage now", "now: must be KEY=VALUE"),
        ("group south outage", "group south: no range has group=south"),
        ("group /x outage", "must be a name of letters"),
        ("10.0.0.1 outage", "must lie inside 198.18.0.0/15"),
        ("dns fast", "fast: must be slow=T, dead, nxdomain or servfail"),
        ("dns from=1s", "must be slow=T, dead"),
        ("dns dead slow=1s", "each once"),
        ("dns slow=x", "must be a number with us"),
        ("dns dead from=2s to=1s", "from= must be before to="),
    ]
    for text, message in wrong_lines:
        file = scenario("# a comment\n" + text + "\n198.18.9.0/24\n")
        done = netsim("check", file)
        equal((done.returncode, done.stdout), (2, ""), f"status and output with {text}")
        expect(done.stderr.startswith(f"{file}:2: "), f"{text}: {done.stderr}")
        expect(message in done.stderr, f"{text}: {message} is not in {done.stderr}")
        equal(done.stderr.count("\n"), 1, f"lines with {text}")


def test_the_grammar_is_the_headers():
    with open("tests/netsim/scenario.h", encoding="utf-8") as file:
        head = file.read().split(" */\n#ifndef")[0]
    comment = "".join(line[3:] or "\n" for line in head.splitlines(True)
                      if line.startswith(" *"))
    grammar = netsim("--help-scenario").stdout
    expect(len(grammar) > 4000, "no grammar")
    equal(comment[comment.index("A scenario is"):].split("\n"), grammar.split("\n"), "grammar")


def test_wrong_usage_is_told():
    file = scenario("198.18.0.0/24\n")
    for arguments, status, message in (
            (["run", file, "--dns", "0", "--", "true"], 2, "--dns 0: must be a number from 1"),
            (["run", file, "--truth", "/nowhere/x", "--", "true"], 2, "cannot write /nowhere/x"),
            (["truth", file], 2, "it is no log of truth"),
            (["samples", file + ".none"], 1, "No such file"),
            (["samples", file, "--timeout", "3"], 2, "--timeout 3: must be a number with us"),
            (["samples", "--timeout", "3s"], 2, "samples takes one FILE"),
            (["samples", file, "--tmeout", "3s"], 2, "unrecognized option '--tmeout'"),
            (["zone", file], 2, "netsim zone SCENARIO DOMAIN..."),
            (["run", file, "--truth", "/dev/full", "--", "true"], 1, "No space left")):
        done = netsim(*arguments)
        expect(done.returncode == status and message in done.stderr, f"{arguments}: {done}")


# Sends SYNs as fast as told, from an address that nobody has, so that nobody says RST to the answers.
# Arguments: SYNs a second, seconds, addresses.


if __name__ == "__main__":
    skip_unless_root()
    run_tests(globals(), NETSIM)

#!/usr/bin/python3
"""Names: every way in which a name server answers or does not, addresses that move, two families."""
import socket
import time

from harness import (MOSPROBE, equal, expect, json_lines, path, read, run, run_tests, start, stop,
                     wait_until, write)
from strange_dns import NXDOMAIN, REFUSED, SERVFAIL, Answer, StrangeDns

PORT = 5063
HERE = [f"127.83.0.{i}" for i in range(1, 200)]


def listen(address="0.0.0.0", family=socket.AF_INET):
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind((address, PORT))
    server.listen(4096)
    return server


def close_all():
    """What the other tests connect to."""
    while everybody:
        everybody.pop().close()


class Prober:
    """One that runs against name servers of ours."""

    def __init__(self, dns, targets, keys="", servers=None, samples=2):
        write("targets", "\n".join(targets) + "\n")
        config = write("conf", f"""[prober]
id = test
targets = {path('targets')}
port = {PORT}
interval = 1s
timeout = 400ms
samples = {samples}
deny = 127.99.0.0/16
address_rate = none
[guard]
window = 0s
[redis]
url =
[dns]
servers = {servers or dns.server}
timeout = 300ms
{keys}
""")
        with open(path("out"), "w", encoding="utf-8") as out:
            self.process = start([MOSPROBE, "run", "-c", config, "--output", "jsonl"],
                                 "log", stdout=out)
        self.log = path("log")
        with open(self.log, encoding="utf-8") as log:
            self.begin = len(log.read())

    def said(self, words):
        return [line for line in read("log")[self.begin:].splitlines() if words in line]

    def results(self, name=None):
        whole = read("out")
        return [line for line in json_lines(whole[:whole.rfind("\n") + 1])
                if name in (None, line["host"])]

    def last(self, name):
        results = self.results(name)
        return results[-1] if results else {}

    def wait(self, name, what, seconds=15, **fields):
        wait_until(lambda: all(self.last(name).get(key) == value
                               for key, value in fields.items()), f"{name}: {what}", seconds)

    def end(self):
        stop(self.process)
        equal(self.process.returncode, 0, "exit status")


def test_every_answer():
    """What comes of each: an address and answers, a name that does not exist, or nothing known."""
    good, absent, unknown = ("ok", ""), ("failed", "dns_fail"), ("missing", "dns_unknown")
    names = {
        "plain": (Answer(HERE[0]), good),
        "alias": (Answer(HERE[1], through=("a.test", "b.test", "c.test")), good),
        "loop": (Answer(through=("b.test", "loop.test", "b.test", "loop.test")), absent),
        "several": (Answer(*HERE[2:6]), good),
        "huge": (Answer(*HERE[10:190], how="truncated"), good),
        "truncated": (Answer(HERE[6], how="truncated"), good),
        "forever": (Answer(HERE[7], ttl=2**31 - 1), good),
        "fleeting": (Answer(HERE[8], ttl=0), good),
        "nxdomain": (Answer(code=NXDOMAIN), absent),
        "empty": (Answer(), absent),
        "servfail": (Answer(code=SERVFAIL), unknown),
        "refused": (Answer(code=REFUSED), unknown),
        "silent": (Answer(how="silent"), unknown),
        "garbage": (Answer(how="garbage"), unknown),
        "cut": (Answer(HERE[9], how="cut"), unknown),
        "foreign": (Answer(HERE[9], how="foreign"), unknown),
        "six": (Answer("::1"), good),
        "denied": (Answer("127.99.0.1"), ("missing", "skipped")),
    }
    dns = StrangeDns({f"{name}.test": answer for name, (answer, _) in names.items()})
    prober = Prober(dns, [f"{name}.test" for name in names])
    for name, (_, (outcome, error)) in names.items():
        prober.wait(f"{name}.test", f"{outcome} {error}", outcome=outcome, error=error)
    # A TTL of nought is no reason to ask all the time, one of a lifetime none to believe for ever.
    time.sleep(2)
    expect(dns.asked["fleeting.test"] <= 4, f"asked for fleeting.test: {dns.asked}")
    prober.end()
    expect(prober.last("several.test")["addr"] in HERE[2:6], "one of several addresses")
    equal({line["addr"] for line in prober.results("several.test")},
          {prober.last("several.test")["addr"]}, "addresses of several.test, kept")
    equal(prober.last("alias.test")["addr"], HERE[1], "through three names")
    for name in ("nxdomain.test", "empty.test", "loop.test"):
        equal({line["state"] for line in prober.results(name)}, {"unverified"}, f"state of {name}")


def test_probe_says_what_is_wrong_with_a_name():
    dns = StrangeDns({"denied.test": Answer("127.99.0.1"), "servfail.test": Answer(code=SERVFAIL)})
    config = write("probe.conf", "[prober]\nsamples = 1\ndeny = 127.99.0.0/16\n"
                   f"[dns]\nservers = {dns.server}\ntimeout = 200ms\n")
    for name, words in (("denied.test", "denied"), ("gone.test", "does not exist"),
                        ("servfail.test", "resolver fails")):
        done = run([MOSPROBE, "probe", name, "-c", config])
        expect(words in done.stdout + done.stderr, f"{name}: {done.stdout}{done.stderr}")
        equal(done.returncode, 1, f"status for {name}")


def test_names_that_are_none():
    for name, words in (("a" * 64 + ".test", "63"), (".".join(["a" * 60] * 5), "253"),
                        ("b\u00fccher.test", "xn--"), ("a..test", "empty"), ("-a.test", "-")):
        write("odd", name + "\n")
        done = run([MOSPROBE, "check", "--targets", path("odd"), "--redis", ""])
        expect(f"{path('odd')}:1:" in done.stdout and words in done.stdout,
               f"{name}: {done.stdout}{done.stderr}")


def test_an_address_that_moves_is_in_its_result():
    """Logged once; each result names the address that its samples went to."""
    dns = StrangeDns({"pbx.test": Answer(HERE[0], ttl=1)})
    prober = Prober(dns, ["pbx.test"], "ttl_min = 1s")
    prober.wait("pbx.test", "its address", addr=HERE[0])
    dns.names["pbx.test"] = Answer(HERE[1], ttl=1)
    prober.wait("pbx.test", "its new address", addr=HERE[1])
    prober.end()
    addresses = [line["addr"] for line in prober.results("pbx.test")]
    equal(addresses, sorted(addresses, key=HERE.index), "addresses in time")
    equal(len(prober.said(f"name=pbx.test from={HERE[0]} to={HERE[1]}")), 1, "told")
    equal({line["outcome"] for line in prober.results("pbx.test")} - {"missing"}, {"ok"}, "outcomes")


def test_a_cycle_goes_to_one_address():
    """Also when the name moves in its middle: only one in two is there, and no cycle has both."""
    dns = StrangeDns({"pbx.test": Answer(HERE[0], ttl=1)})
    prober = Prober(dns, ["pbx.test"], "ttl_min = 1s", samples=10)
    for i in range(12):
        time.sleep(0.7)
        dns.names["pbx.test"] = Answer((HERE[0], "127.84.0.1")[i % 2], ttl=1)
    prober.end()
    found = {(line["addr"], line["outcome"]) for line in prober.results("pbx.test")
             if line["outcome"] != "missing"}
    expect(found <= {(HERE[0], "ok"), ("127.84.0.1", "ok")}, f"{found}")
    equal(len(found), 2, "both addresses were used")


def test_stale_while_the_resolver_fails():
    """And the other server is asked when one is dead; then nothing is, and all goes on."""
    first, second = StrangeDns({}), StrangeDns({})
    for dns in (first, second):
        dns.names = {"pbx.test": Answer(HERE[0], ttl=1), "other.test": Answer(HERE[1], ttl=1)}
    prober = Prober(first, ["pbx.test", "new.test"], "ttl_min = 1s",
                    servers=f"{first.server}, {second.server}")
    prober.wait("pbx.test", "an answer", outcome="ok")
    first.alive = False
    before = second.asked.get("pbx.test", 0)
    wait_until(lambda: second.asked.get("pbx.test", 0) > before, "the second server", 15)
    second.alive = False
    mark = len(prober.results("pbx.test"))
    time.sleep(6)
    prober.end()
    equal({line["outcome"] for line in prober.results("pbx.test")[mark:]}, {"ok"},
          "with a stale address")


def test_asked_again_after_three_failed_cycles():
    """Before its TTL has run out: who does not answer may have moved."""
    dns = StrangeDns({"pbx.test": Answer("127.84.0.9", ttl=3600)})
    close_all()
    prober = Prober(dns, ["pbx.test"])
    prober.wait("pbx.test", "a refusal", outcome="failed")
    dns.names["pbx.test"] = Answer(HERE[3], ttl=3600)
    here = listen(HERE[3])
    prober.wait("pbx.test", "an answer at its new address", outcome="ok", addr=HERE[3])
    prober.end()
    here.close()
    expect(dns.asked["pbx.test"] <= 8, f"asked {dns.asked['pbx.test']} times")


def test_the_other_family_is_tried():
    """One is used and kept; after a cycle without an answer the other, until that fails."""
    dns = StrangeDns({f"{name}.test": Answer(HERE[0], "::1") for name in ("any", "four", "six")})
    close_all()
    four, six = listen(HERE[0]), listen("::1", socket.AF_INET6)
    prober = Prober(dns, ["any.test", "four.test family=4", "six.test family=6"])
    prober.wait("any.test", "IPv4 at first", addr=HERE[0], outcome="ok")
    prober.wait("six.test", "IPv6 only", addr="::1", outcome="ok")
    four.close()
    prober.wait("any.test", "IPv6 then", addr="::1", outcome="ok")
    prober.wait("four.test", "nothing else", addr=HERE[0], outcome="failed")
    mark = len(prober.results("any.test"))
    four = listen(HERE[0])
    prober.wait("four.test", "there again", outcome="ok")
    time.sleep(3)
    equal({line["addr"] for line in prober.results("any.test")[mark:]}, {"::1"}, "kept")
    six.close()
    prober.wait("any.test", "back", addr=HERE[0], outcome="ok")
    prober.end()
    four.close()
    failed = [line for line in prober.results("any.test") if line["outcome"] == "failed"]
    expect(2 <= len(failed) <= 4, f"failed cycles: {len(failed)}")


def test_a_resolver_that_fails_is_one_event():
    """And nobody's fault: names are missing, not failed, until they have been found once."""
    names = [f"name{i}.test" for i in range(4)]
    dns = StrangeDns({name: Answer(HERE[0], ttl=1) for name in names})
    dns.alive = False
    close_all()
    here = listen(HERE[0])
    prober = Prober(dns, names, "ttl_min = 1s")

    def events():
        return [line for line in prober.results("") if line["type"] == "alert"]

    wait_until(lambda: len(events()) == 1, "that it is told", 30)
    dns.alive = True
    for name in names:
        prober.wait(name, "an answer", 30, outcome="ok")
    wait_until(lambda: len(events()) == 2, "that it works again", 30)
    prober.end()
    here.close()
    outcomes = {line["outcome"] for name in names for line in prober.results(name)}
    expect("failed" not in outcomes, f"held against names: {outcomes}")
    trigger, resolve = events()
    equal((trigger["kind"], trigger["event_action"], resolve["event_action"]), ("vantage", "trigger", "resolve"),
          "events")
    equal(trigger["dedup_key"], resolve["dedup_key"], "dedup_key")
    expect("look-ups of the last minute failed" in trigger["reason"], trigger["reason"])
    expect("resolver: works again after" in resolve["reason"], resolve["reason"])


def test_addresses_outlive_the_process():
    """Started again while the resolver is dead, every name has the address that it had."""
    names = [f"name{i}.test" for i in range(5)]
    dns = StrangeDns({name: Answer(HERE[i], ttl=1) for i, name in enumerate(names)})
    close_all()
    here = [listen(address) for address in HERE[:5]]
    state = f"[prober]\nstate_dir = {path('state')}"
    prober = Prober(dns, names, f"ttl_min = 1s\n{state}")
    for name in names:
        prober.wait(name, "an answer", outcome="ok")
    prober.end()
    dns.alive = False
    prober = Prober(dns, [*names, "new.test"], f"ttl_min = 1s\n{state}")
    for i, name in enumerate(names):
        prober.wait(name, "an answer at its old address", outcome="ok", addr=HERE[i])
    prober.wait("new.test", "nothing is known of it", outcome="missing", addr="")
    prober.end()
    with open(path("state/names.state"), "a", encoding="ascii") as file:
        file.write("x")
    prober = Prober(dns, names, f"ttl_min = 1s\n{state}")
    prober.wait(names[0], "nothing is known of it", outcome="missing", addr="")
    prober.end()
    for server in here:
        server.close()
    expect(prober.said("event=names_damaged"), "it was told")


if __name__ == "__main__":
    everybody = [listen(), listen("::1", socket.AF_INET6)]
    run_tests(globals(), MOSPROBE)

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Runs alone: 24 probers at once give the network 250 ms to answer.
"""A slot is never poisoned: with one slot per family, every way in which a connect can end comes before
every other, for each source of stamps and both engines, and each sample says what the network, or our own side, did."""
import collections

from harness import (MOSPROBE, NETSIM, equal, expect, path, read, run, run_tests, samples_of,
                     skip_unless_stamped, write)

SOURCES = ("bpf", "tcp_info", "clock")
ENGINES = ("io_uring", "epoll")
WAYS = [(source, engine) for source in SOURCES for engine in ENGINES]
PARTS = 4  # the sequence is cut into as many, each for a prober of its own

# What is said of an address, in netsim's words or, with a star, of our own machine; what becomes of a
# sample with the kernel half, and without it when that differs: then nobody knows that no SYN left.
KINDS = {
    "latency=5ms": ("ok",),
    "answer=rst": ("refused",),
    "answer=silence": ("timeout",),
    "answer=icmp-host": ("unreachable",),
    "answer=icmp-port": ("unreachable",),
    "answer=icmp-admin": ("unreachable",),
    "answer=bad-ack": ("timeout",),
    "answer=bad-ack-first:1ms": ("ok",),
    "answer=rst-bad-ack": ("timeout",),
    "answer=late:400ms": ("timeout",),  # while the next one has the slot
    "answer=twice:100us": ("ok",),
    "answer=cookie": ("ok",),
    "timestamps=none": ("ok",),
    "timestamps=unsent": ("timeout",),
    "timestamps=zero": ("ok",),
    "window=0": ("ok",),
    "*drop": ("local_error syn_not_sent", "timeout"),
    "*reject": ("local_error syn_not_sent", "unreachable"),
    "*reject with tcp reset": ("local_error syn_not_sent", "refused"),
    "*unreachable": ("local_error no_route",),
    "*prohibit": ("local_error no_route",),
    "*blackhole": ("local_error no_route",),
}
NAMES = list(KINDS)
CONF = """[prober]
interval = {interval}
timeout = 250ms
samples = 1
output = samples
max_in_flight = 1
engine = {engine}
deny = {deny}
[guard]
window = 0s
[redis]
url =
"""


def circuit():
    """A closed walk over the kinds that takes each step from one to another, and to itself, once
    (Hierholzer); without its last, which is the first."""
    left = {kind: list(NAMES) for kind in NAMES}
    stack, walk = [NAMES[0]], []
    while stack:
        if left[stack[-1]]:
            stack.append(left[stack[-1]].pop())
        else:
            walk.append(stack.pop())
    return walk[:0:-1]


def parts():
    """The circuit in pieces; each begins with the last of the one before."""
    walk = circuit()
    size = -(-len(walk) // PARTS)
    return [[walk[start - 1]] + walk[start:start + size] for start in range(0, len(walk), size)]


def address(family, part, i):
    return (f"198.18.{part * 8 + i // 200}.{i % 200 + 1}" if family == 4 else
            f"2001:db8::{part + 1}:{i + 1:x}")


def target(ip):
    return f"[{ip}]" if ":" in ip else ip


def places(addresses):
    """The addresses in the order of their places in the interval, which are a matter of the name."""
    done = run([MOSPROBE, "run", "-c",
                write("places.conf", CONF.format(interval="1s", engine="auto",
                                                 deny="0.0.0.0/1, 128.0.0.0/1, ::/0")),
                "--targets", write("places", "\n".join(map(target, addresses)) + "\n"),
                "--cycles", "1", "--stamps", "clock"])
    equal(done.returncode, 0, done.stderr)
    found = samples_of(done.stdout)
    equal({s["reason"] for s in found}, {"denied"}, "nothing is connected to")
    equal(len(found), len(addresses), "places")
    # The interval of the first that is due begins at the same moment for all.
    return [s["addr"] for s in sorted(found, key=lambda s: int(s["due_ns"]) % 10**9)]


def local_rules(kind_of):
    """Shell commands for what our own machine does."""
    rules, routes = [], []
    for ip, kind in kind_of.items():
        word = kind[1:]
        if kind[0] != "*":
            continue
        if word in ("unreachable", "prohibit", "blackhole"):
            routes.append(f"route add {word} {ip}")
        else:
            rules.append(f"{'ip6' if ':' in ip else 'ip'} daddr {ip} meta l4proto tcp {word}")
    write("rules", "table inet slots { chain output { type filter hook output priority 0;\n" +
          "\n".join(rules) + "\n}\n}\n")
    write("routes", "\n".join(routes) + "\n")
    return f"nft -f {path('rules')} && ip -batch {path('routes')} || exit 9\n"


def run_all():
    """The kinds by address, and the samples by source and part."""
    kind_of, files = {}, []
    lines = [(walk, [address(family, part, i) for i in range(len(walk))])
             for part, walk in enumerate(parts()) for family in (4, 6)]
    place = {ip: i for i, ip in enumerate(places(sum((own for _, own in lines), [])))}
    for part in range(PARTS):
        addresses = []
        for walk, own in lines[2 * part:2 * part + 2]:
            own.sort(key=place.get)
            kind_of.update(zip(own, walk))
            addresses += own
        files.append(write(f"part{part}", "\n".join(map(target, addresses)) + "\n"))
    network = "".join(f"{ip} {kind}\n" for ip, kind in kind_of.items() if kind[0] != "*")
    write("network", "198.18.0.0/16 latency=5ms\n2001:db8::/64 latency=5ms\n" + network)
    for engine in ENGINES:
        write(f"{engine}.conf", CONF.format(interval="12s", deny="none", engine=engine))
    script = local_rules(kind_of)
    for source, engine in WAYS:
        for part, file in enumerate(files):
            output = path(f"{source}.{engine}.{part}")
            script += (f"{MOSPROBE} run -c {path(engine + '.conf')} --targets {file} --cycles 1 "
                       f"--stamps {source} >{output} 2>{output}.log &\n")
    done = run([NETSIM, "run", path("network"), "--", "sh", "-c", script + "wait"], 100)
    equal(done.returncode, 0, done.stderr)
    return kind_of, {(*way, part): samples_of(read(".".join(map(str, (*way, part)))))
                     for way in WAYS for part in range(PARTS)}


def rotated(found, wanted):
    """Whether a walk is the other, begun at another place."""
    return len(found) == len(wanted) and any(
        found == wanted[i:] + wanted[:i] for i in range(len(wanted)))


def has_latency(source, outcome):
    """Without the kernel half nobody knows when a refusal came, nor whose it is."""
    return outcome == "ok" or (outcome == "refused" and source == "bpf")


def check_way(source, engine, family):
    steps, latencies = set(), []
    for part, walk in enumerate(parts()):
        found = sorted((s for s in samples[source, engine, part] if (":" in s["addr"]) == (family == 6)),
                       key=lambda s: int(s["start_ns"]))
        log = read(f"{source}.{engine}.{part}.log")
        equal(len(found), len(walk), f"samples; {log}")
        kinds = [kind_of[s["addr"]] for s in found]
        wrong = collections.Counter()
        for before, kind, sample in zip([None] + kinds, kinds, found):
            outcome = f"{sample['outcome']} {sample['reason']}".strip()
            wanted = KINDS[kind][0 if source == "bpf" else -1]
            equal(sample["stamp_source"], source, "stamp_source")
            if outcome != wanted:
                wrong[f"{kind} after {before}: {outcome}, not {wanted}"] += 1
            elif has_latency(source, outcome):
                latencies.append(int(sample["rtt_ns"]) / 1e6)
        expect(not wrong, f"{sum(wrong.values())} wrong: {wrong.most_common(8)}")
        expect(rotated(kinds, walk), "they did not come in their order")
        steps |= set(zip(kinds, kinds[1:]))
    latencies.sort()
    # Never early, whatever was left on the slot; late is what a busy machine makes it.
    expect(latencies[0] > 4.99 and latencies[len(latencies) // 2] < 10,
           f"latencies of 5 ms: {latencies[0]} .. {latencies[-1]}")
    # Each part begins anywhere in its circle, and misses one step there.
    expect(len(steps) >= len(NAMES) ** 2 - PARTS, f"{len(steps)} steps of {len(NAMES) ** 2}")


def check(source, family):
    for engine in ENGINES:
        check_way(source, engine, family)


def test_every_outcome_after_every_other_bpf():
    check("bpf", 4)


def test_every_outcome_after_every_other_bpf_ipv6():
    check("bpf", 6)


def test_every_outcome_after_every_other_tcp_info():
    check("tcp_info", 4)


def test_every_outcome_after_every_other_tcp_info_ipv6():
    check("tcp_info", 6)


def test_every_outcome_after_every_other_clock():
    check("clock", 4)


def test_every_outcome_after_every_other_clock_ipv6():
    check("clock", 6)


if __name__ == "__main__":
    skip_unless_stamped()
    kind_of, samples = run_all()
    run_tests(globals())

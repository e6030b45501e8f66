# SPDX-License-Identifier: MIT
"""The page of bench/all: Markdown, out of its results."""
from whole.loads import GUARD_S, P99_MS, kept_up
from whole.peers import LATENCY_MS, best
from whole.plots import prober_us
from whole.stages import STAGES


def table(names, rows):
    lines = [names, ["---"] * len(names), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines) + "\n"


def loads(rows, _):
    text = f"""Every target answers at once (in the kernel, on the other core, where that is possible), and each result goes into a
Redis that also has the other core. The prober, its threads all together, is pinned to one. A run warms up until cycles are
folded (interval and {GUARD_S} s), then CPU time of each thread (schedstat: with the kernel's work for it and the interrupts
that ran there) is divided by the connects that the kernel counted (ActiveOpens). *Floor* is `bench/floor` at the same rate, to
the same targets, on the same core, before and after each run: connect() and connect(AF_UNSPEC) on as many sockets as a turn
of 2 ms needs; and a new socket for each probe, watched by epoll. (It sends the last ACK of each handshake, which the
prober holds back.) *Ratio* is that of the prober without the publisher's
thread, and with it, to the first.

"""
    text += table(["targets", "samples a cycle", "probes/s", "whole, us a probe", "publisher's thread", "without it", "floor",
                   "floor, a socket each", "ratio", "ratio, published", "Redis, us an entry", "lateness p99, ms",
                   "core taken by others + host", "all answered, nothing lost"],
                  [[f"{r['targets']:,}", r["samples_a_cycle"], f"{r['rate']:,.0f}", f"{r['cpu_us']:.1f}",
                    f"{r['threads_us'].get('publish', 0):.1f}", f"{prober_us(r):.1f}", f"{r['floor_us']['reset']:.1f}",
                    f"{r['floor_us']['socket']:.1f}", f"{prober_us(r) / r['floor_us']['reset']:.2f}",
                    f"{r['cpu_us'] / r['floor_us']['reset']:.2f}", f"{r['redis_us']:.1f}" if "redis_us" in r else "-",
                    f"{r['p99_ms']:.1f}", f"{r['waited'] * 100:.1f} + {r['stolen'] * 100:.1f} %",
                    ("yes" if r["sound"] else "NO") + ("" if r["floor_sound"] else "; the floor was held up")] for r in rows])
    staged = [r for r in rows if r.get("stages_us")]
    if staged:
        text += """Where it goes: `perf record -g` of the same process, right after its CPU time was taken; each sample belongs to one stage,
by the kernel's functions above it or by the source file of mosprobe that it stood in, and its share is one of the us
above. *connect* has the SYN's way out and the SYN-ACK's way in, *reset* is AF_UNSPEC, *publish* the whole thread of that name
and the making of results, *ring and waiting* is io_uring, the waking up and the way into the kernel and out.

"""
        text += table(["targets", "samples a cycle", "probes/s", *STAGES, "samples of perf"],
                      [[f"{r['targets']:,}", r["samples_a_cycle"], f"{r['rate']:,.0f}",
                        *(f"{r['stages_us'][stage]:.2f}" for stage in STAGES), r["stages_us"]["samples"]] for r in staged])
    return text


def steps(rows, _):
    text = "One load, a step more in each row; the first is the floor beside the second.\n\n"
    if not rows:
        return text
    first = rows[0]
    lines = [["connect and AF_UNSPEC only", f"{first['rate']:,.0f}", f"{first['floor_us']['reset']:.1f}", "1", "-"]]
    for r in rows:
        what = {"clock": "the prober (schedule, ring, windows, score, alerts), a clock for stamps",
                "tcp_info": "the same, TCP_INFO for stamps", "bpf": "the same, stamps in the kernel"}[r["stamps"]]
        lines.append([f"{what}; published" if r["published"] else what, f"{r['rate']:,.0f}", f"{r['cpu_us']:.1f}",
                      f"{r['cpu_us'] / r['floor_us']['reset']:.2f}", f"{r['p99_ms']:.1f}"])
    return text + table([f"{first['targets']:,} targets", "probes/s", "us a probe", "ratio to its floor", "lateness p99, ms"], lines)


def sustained(found, _):
    text = f"""The whole pipeline, published, at rates that grow until it does not keep up: p99 of the lateness {P99_MS} ms or more, a sample
that was not answered, a packet that the link lost, a result dropped, or less than 98 % of the rate. A second and more between
two samples of a target, so few targets have several samples a cycle.

"""
    text += table(["targets", "most a second that were kept up with", "in a minute", "at the next rate"],
                  [[f"{int(t):,}", f"{e['best']:,.0f}", f"{e['best'] * 60:,.0f}",
                    "; ".join(f"p99 {r['p99_ms']:.1f} ms, {r['rate']:,.0f} of {r['wanted_rate']:,.0f}/s"
                              for r in e["rows"][-1:] if not kept_up(r)) or "not tried"] for t, e in found.items()])
    return text + table(["targets", "samples a cycle", "wanted/s", "made/s", "us a probe", "lateness p99, ms", "most, ms", "kept up"],
                        [[f"{int(t):,}", r["samples_a_cycle"], f"{r['wanted_rate']:,.0f}", f"{r['rate']:,.0f}",
                          f"{r['cpu_us']:.1f}", f"{r['p99_ms']:.1f}", f"{r['most_ms']:.1f}", "yes" if kept_up(r) else "no"]
                         for t, e in found.items() for r in e["rows"]])


def errors(rows, _):
    sources = [name for name in ("bpf", "tcp_info", "clock") if name in rows[0]]
    text = f"Every sample against the simulated network's log of truth; answers after {LATENCY_MS} ms.\n\n"
    return text + table(["probes/s", "compared", *(f"{s}: p50, p99 us" for s in sources), "wrong"],
                        [[f"{r['rate']:,}", f"{r[sources[0]]['compared']:,}",
                          *(f"{r[s]['error_p50_ms'] * 1e3:.1f}, {r[s]['error_p99_ms'] * 1e3:.1f}" for s in sources),
                          sum(r[s]["wrong"] for s in sources)] for r in rows])


def peers(found, _):
    core = "on the other core" if all(r.get("answers_elsewhere", True) for r in found.get("fping", [])) else "on its core"
    text = f"""All in the same simulated network, answers after {LATENCY_MS} ms; the tool has one core, the network and what asks it to
probe the other. CPU time is user and system of the tool's process. The error is what it says of a latency against the log
of truth, at that load. The floor's connects stay for {LATENCY_MS + 2} ms here, so as many are in flight as the prober has.
blackbox_exporter resolves nothing here and is asked over connections that stay open, so many at a time; its scraper is not
counted, and it neither scores nor publishes: both figures of mosprobe stand beside it. fping sends ICMP, which this network
does not answer: the kernel of its namespace does, {core}, so for it the error is what it reads itself, a bound. It has
65,535 sequence numbers for 10 s, so more than 6,553 a second it does only in bursts.

"""
    lines = []
    for tool, rows in found.items():
        for r in rows:
            how = f"{r['at_once']} at once" if "at_once" in r else f"a gap of {r['gap_ms']} ms" if "gap_ms" in r else \
                "published" if r["published"] else "not published"
            own = f"{prober_us(r):.1f}" if tool == "mosprobe" else "-"
            floor = f"{prober_us(r) / r['floor_us']:.2f}" if "floor_us" in r else "-"
            lines.append([tool, how, f"{r['rate']:,.0f}", f"{r['cpu_us']:.1f}", own, floor,
                          f"{r['error_p50_ms'] * 1e3:,.1f}", f"{r['error_p99_ms'] * 1e3:,.1f}", f"{r['failed']:.0f}"])
    text += table(["tool", "how", "probes/s", "us a probe", "without publishing", "ratio to the floor", "error p50, us", "p99, us",
                   "failed"], lines)
    ours = found.get("mosprobe", [])
    for tool in found:
        if tool == "mosprobe" or not ours:
            continue
        theirs, mine = best(found[tool]), best(ours)
        text += (f"- {tool} at its best rate costs {theirs['cpu_us'] / prober_us(mine):.1f} times mosprobe's probe at "
                 f"{mine['rate']:,.0f} a second, {theirs['cpu_us'] / mine['cpu_us']:.1f} times with publishing.\n")
    return text + "\n"


def memory(found, _):
    text = f"No labels, no Redis, answers at once; after {found['cycles']} cycles.\n\n"
    text += table(["targets", "interval", "resident, MiB"],
                  [[f"{r['targets']:,}", f"{r['interval_s']} s", f"{r['resident_kib'] / 1024:.1f}"] for r in found["rows"]])
    return text + f"{found['bytes_a_target']:.0f} bytes a target (the slope).\n\n"


def redis(found, _):
    return (f"One publisher's thread and Redis with a core each, as fast as they go, {found['results']:,} results of "
            f"{found['targets']:,} targets with two labels, no append-only file, no history:\n\n" +
            table(["results/s", "publisher, us a result", "Redis, us a result", "bytes an entry", "bytes a target"],
                  [[f"{found['per_s']:,.0f}", f"{found['publisher_us']:.1f}", f"{found['redis_us']:.1f}",
                    f"{found['entry_bytes']:.0f}", f"{found['target_bytes']:.0f}"]]))


def others(found, _):
    text = f"""A process that has nothing to do with the prober sends itself datagrams of 160 bytes over loopback: its CPU time for one, sent
and received; the median of {found['rounds']} turns of {found['packets']:,}. *In its cgroup*: one that runs in the cgroup to which the
prober's programs are attached, which it makes for itself where it can. By the kernel: kernel.bpf_stats_enabled.

"""
    by = found["by_kernel"]
    return text + table(["", "ns a datagram", "spread", "programs run for it", "ns a run"],
                        [[name, f"{ns:.0f}", f"{found['spread_ns'][name]:.0f}",
                          f"{by[name]['runs']:.1f}" if name in by else "-",
                          f"{by[name]['ns']:.0f}" if name in by and by[name]["runs"] else "-"]
                         for name, ns in found["ns"].items()])


PARTS = {"loads": ("What a probe costs, by number of targets", loads), "steps": ("Step by step", steps),
         "sustained": ("How many a second, and how late they start", sustained),
         "errors": ("How right a latency is, by load", errors), "peers": ("Side by side with others", peers),
         "memory": ("Memory", memory), "redis": ("Redis", redis), "others": ("What other traffic pays", others)}


def goals(results):
    """What was asked for, and what was found: (text, found, reached), of what was measured."""
    rows = results.get("loads") or []
    published = [r for r in rows if r["published"]]
    found = []
    if rows:
        ratios = [prober_us(r) / r["floor_us"]["reset"] for r in rows]
        last = ratios[-1]
        found.append(("CPU a probe without publishing, at most 1.25 of the floor (most targets of the table)",
                      f"{last:.2f}", last <= 1.25))
        fives = [r["cpu_us"] / r["floor_us"]["reset"] for r in published if r["samples_a_cycle"] == 5]
        if fives:
            found.append(("published, five samples: at most 1.6", f"{fives[0]:.2f}", fives[0] <= 1.6))
        found.append(("the ratio is flat within 10 % over the numbers of targets", f"{min(ratios):.2f} to {max(ratios):.2f}",
                      max(ratios) <= 1.1 * min(ratios)))
    peer_rows = results.get("peers") or {}
    if "blackbox_exporter" in peer_rows and "mosprobe" in peer_rows:
        times = best(peer_rows["blackbox_exporter"])["cpu_us"] / prober_us(best(peer_rows["mosprobe"]))
        found.append(("a twentieth of blackbox_exporter's CPU a probe, each at its best rate, without publishing",
                      f"1/{times:.1f}", times >= 20))
    if results.get("memory"):
        size = results["memory"]["bytes_a_target"]
        found.append(("512 bytes a target", f"{size:.0f}", size <= 512))
    rates = results.get("sustained") or {}
    if 1000000 in rates:
        found.append(("1,000,000 targets a minute, one sample each, lateness p99 under 5 ms, published (seconds, not ten minutes)",
                      f"{rates[1000000]['best'] * 60:,.0f}", rates[1000000]["best"] >= 16666))
    return found


def page(results, drawn):
    m = results["machine"]
    text = f"""# mosprobe on this machine

{results['date']}, {'quick form, ' if results['quick'] else ''}{results['seconds']:.0f} s, mosprobe {results['version']}. Machine: {m['cpus']} x {m['cpu']}, \
{m['memory_gib']} GiB, {m['system']}, Linux {m['kernel']}, {m['descriptors']:,} descriptors. Stamps: {m['stamps']}.
All figures are of this one run and in results.json beside this page.

"""
    if results["told"]:
        text += "What this machine cannot do here:\n\n" + "".join(f"- {line}\n" for line in results["told"]) + "\n"
    if results["failed"]:
        text += "What failed:\n\n" + "".join(f"- {part}: {why}\n" for part, whys in results["failed"].items()
                                              for why in whys) + "\n"
    reached = goals(results)
    if reached:
        text += table(["asked", "found", "reached"], [[a, f, "yes" if r else "NO"] for a, f, r in reached])
    for part, (title, function) in PARTS.items():
        if results.get(part):
            text += f"## {title}\n\n" + "".join(f"![{name}]({name})\n\n" for name in drawn.get(part, []))
            text += function(results[part], results)
    return text.rstrip("\n") + "\n"

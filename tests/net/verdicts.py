# SPDX-License-Identifier: MIT
"""What must hold of a prober after a soak, judged from what was seen of it."""
from watching import STALL_MS

# RSS. glibc keeps what was freed in pieces and in an arena for each thread, and a Redis that was away leaves a larger
# buffer: that comes with the first round, before this is looked at first. A leaked byte a sample is 36 MB after an hour.
SLACK_MIB, SLACK_PART = 4, 0.05


def is_explained(late):
    """Others or the host had the processor for as long as it takes."""
    return late["others_ms"] + late["host_ms"] >= STALL_MS


def same(found, what, begin, end):
    found.append((what, begin, end, "the same", begin == end))


def none(found, what, count, *about):
    found.append((what, 0, count, "0", count == 0, *about))


def of_what_it_holds(found, rest, full):
    begin, end = rest
    same(found, "descriptors at rest", begin["descriptors"], end["descriptors"])
    same(found, "threads", begin["Threads"], end["Threads"])
    same(found, "slots", begin["slots"], end["slots"])
    same(found, "slots in use at rest", begin["slots_in_use"], end["slots_in_use"])
    same(found, "sockets with a port", begin["ports"], end["ports"])
    same(found, "probes that keep a port", begin["waiting"], end["waiting"])
    begin_mib, end_mib = (look["VmRSS"] / 1024 for look in full)
    slack_mib = SLACK_MIB + SLACK_PART * begin_mib
    found.append(("resident memory with all targets, MiB", round(begin_mib, 1), round(end_mib, 1),
                  f"{slack_mib:.1f} more", end_mib <= begin_mib + slack_mib))


def of_streams(found, streams):
    none(found, "results that stand twice", streams["twice"], streams["examples"])
    none(found, "cycles missing of targets that stay", streams["gaps"], streams["gap_examples"])
    none(found, "more gaps of guests than they have left", streams["guest_gaps"])
    none(found, "transitions that stand twice", streams["transitions_twice"])
    none(found, "transitions missing", streams["transition_gaps"], streams["transition_examples"])
    found.append(("results: cycles of the prober, in the stream", streams["cycles"], streams["results"], "the same",
                  streams["cycles"] == streams["results"]))
    entries = streams["results"] + streams["transitions"]
    found.append(("entries: written, in the streams", streams["written"], entries, "the same",
                  streams["written"] == entries))
    none(found, "entries dropped", streams["dropped"])
    none(found, "entries left unwritten", streams["left"])
    found.append(("transitions", "-", streams["transitions"], "some", streams["transitions"] > 0))


def judge(evidence):
    """[(what, at first, at last, allowed, whether it holds, what it is about)]."""
    found = []
    of_what_it_holds(found, evidence["rest"], evidence["full"])
    unexplained = [late for late in evidence["late"] if not is_explained(late)]
    count = sum(late["starts"] for late in unexplained)
    found.append(("late starts: all, unexplained", int(sum(late["starts"] for late in evidence["late"])), int(count), "0",
                  count == 0, unexplained[:5]))
    of_streams(found, evidence["streams"])
    times = {name: 0 for name in evidence["acts_wanted"]}
    for act in evidence["acts"]:
        times[act["what"]] += 1
    found.append(("things that happened to it", "-", sum(times.values()), "each", all(times.values()), times))
    found.append(("outcomes that came", "-", len(evidence["outcomes"]), "each of the network's",
                  set(evidence["outcomes_wanted"]) <= set(evidence["outcomes"]), evidence["outcomes"]))
    found.append(("samples a second", evidence["rate_wanted"], round(evidence["rate"]), "90 % of that",
                  evidence["rate"] >= 0.9 * evidence["rate_wanted"]))
    found.append(("exit status", "-", evidence["status"], "0", evidence["status"] == 0))
    return [(*verdict, [])[:6] for verdict in found]

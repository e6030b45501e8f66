# SPDX-License-Identifier: MIT
"""The pictures of bench/all, out of its results."""
from plotting import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, block, draw
from whole.peers import best
from whole.stages import STAGES

COLOURS = dict(zip(STAGES, ("#4477aa", "#66ccee", ORANGE, "#bbbbbb", "#ccbb44", GREEN, "#117733", PURPLE, RED, "#dddddd")))
TOOLS = {"mosprobe": BLUE, "blackbox_exporter": RED, "asyncio script": ORANGE, "fping": GREEN}
TARGETS = "set logscale x\nset xtics ('1,000' 1e3, '10,000' 1e4, '100,000' 1e5, '1,000,000' 1e6)\n"


def load_name(row):
    return f"{row['targets']:,} x {row['samples_a_cycle']}\\n{row['rate']:,.0f}/s"


def prober_us(row):
    """Without the thread that publishes."""
    return row["cpu_us"] - row["threads_us"].get("publish", 0)


def cost(rows, path):
    series = (("published", "whole pipeline, published", RED, lambda r: r["cpu_us"]),
              ("prober", "without the thread that publishes", BLUE, prober_us),
              ("socket", "floor: a socket for each, epoll", GREY, lambda r: r["floor_us"]["socket"]),
              ("reset", "floor: connect, AF_UNSPEC", "#333333", lambda r: r["floor_us"]["reset"]))
    last = len(rows)
    data = "".join(block(name, [(k, load_name(row), of(row)) for k, row in enumerate(rows)]) for name, _, _, of in series)
    draw(path, "What a probe costs", "targets x samples a cycle, probes a second", "CPU time, us a probe",
         [f"${name} using 1:3:xtic(2) with linespoints lw 2.4 pt 7 ps 0.6 lc rgb '{colour}' title '{title}'"
          for name, title, colour, _ in series],
         f"set yrange [0:*]\nset xrange [-0.4:{last - 0.6}]\nset xlabel offset 0,-0.8\nset bmargin 8.5\n", data)


def stages(rows, path):
    rows = [row for row in rows if row.get("stages_us")]
    if not rows:
        return
    data = block("stages", [(load_name(row), *(row["stages_us"][stage] for stage in STAGES)) for row in rows])
    draw(path, "Where the time goes", "targets x samples a cycle, probes a second", "CPU time, us a probe",
         [f"$stages using {k + 2}:xtic(1) lc rgb '{COLOURS[stage]}' title '{stage}'" for k, stage in enumerate(STAGES)],
         "set style data histograms\nset style histogram rowstacked\nset boxwidth 0.6\nset style fill solid 0.9 noborder\n"
         "set yrange [0:*]\nset xtics font \",10\"\nset xlabel offset 0,-1\nset bmargin 5.5\nset rmargin 26\n"
         "set key at screen 0.99,0.5 right center vertical Left reverse invert maxrows 12 width 0\n", data, "940,520")


def sustained(found, path):
    points = [(int(targets), each["best"]) for targets, each in found.items() if each["best"]]
    if points:
        draw(path, "How many a second", "targets", "probes a second, p99 of lateness under 5 ms",
             [f"$best using 1:2 with linespoints lw 2.4 pt 7 ps 0.8 lc rgb '{BLUE}' title 'whole pipeline, published'"],
             TARGETS + "set yrange [0:*]\nset xrange [700:1.4e6]\nset format y \"%.0s%c\"\n", block("best", points))


def lateness(found, path):
    colours = iter((GREEN, ORANGE, BLUE, PURPLE))
    plots, data = [], ""
    for k, (targets, each) in enumerate(found.items()):
        data += block(f"t{k}", [(row["rate"], row["p99_ms"]) for row in each["rows"]])
        plots.append(f"$t{k} using 1:2 with linespoints lw 2.2 pt 7 ps 0.6 lc rgb '{next(colours)}' title '{int(targets):,} targets'")
    draw(path, "How late a sample starts", "probes a second", "p99 of the lateness, ms",
         [*plots, "5 with lines lw 1.5 dt (6,4) lc rgb '#555555' title '5 ms'"],
         "set logscale y\nset yrange [1:*]\nset xrange [0:*]\nset format x \"%.0s%c\"\n", data)


def errors(rows, path):
    plots, data = [], ""
    for source, title, colour in (("clock", "clock", RED), ("tcp_info", "TCP_INFO", ORANGE), ("bpf", "in the kernel", BLUE)):
        if source not in rows[0]:
            continue
        data += block(source, [(row["rate"], max(0.01, row[source]["error_p50_ms"] * 1e3),
                                row[source]["error_p99_ms"] * 1e3) for row in rows])
        plots.append(f"${source} using 1:2 with linespoints lw 2.4 pt 7 ps 0.6 lc rgb '{colour}' title '{title}: p50'")
        plots.append(f"${source} using 1:3 with lines lw 1.6 dt (6,4) lc rgb '{colour}' title 'p99'")
    draw(path, "How far a latency is from the truth", "probes a second", "error, us", plots,
         "set logscale y\nset xrange [0:*]\nset yrange [0.1:*]\nset format x \"%.0s%c\"\nset format y \"%g\"\n", data)


def peers(found, path):
    """Each tool at its best rate: its cost and its error."""
    points, data = [], ""
    for k, (tool, rows) in enumerate(found.items()):
        row = best(rows)
        data += block(f"p{k}", [(row["cpu_us"], row["error_p99_ms"] * 1e3, f"{tool}, {row['rate']:,.0f}/s")])
        points.append(f"$p{k} using 1:2 with points pt 7 ps 1.1 lc rgb '{TOOLS[tool]}' notitle")
        where = "right offset -1,0" if tool == "asyncio script" else "left offset 1,0"
        points.append(f"$p{k} using 1:2:3 with labels {where} tc rgb '{TOOLS[tool]}' notitle")
    draw(path, "Side by side, each at its best rate", "CPU time, us a probe (mosprobe: published)",
         "error of a latency, p99, us", points,
         "set logscale xy\nset xrange [5:3000]\nset yrange [0.5:*]\nset format y \"%.0s%c\"\nset bmargin 4.5\n", data)


def all_of(results, folder):
    """Draws what there are results for; returns {part: file names}."""
    drawn = {}

    def add(part, name, function, found):
        function(found, f"{folder}/{name}.svg")
        drawn.setdefault(part, []).append(f"{name}.svg")

    if results.get("loads"):
        add("loads", "cost", cost, results["loads"])
        if any(row.get("stages_us") for row in results["loads"]):
            add("loads", "stages", stages, results["loads"])
    if results.get("sustained"):
        if len(results["sustained"]) > 1:
            add("sustained", "sustained", sustained, results["sustained"])
        add("sustained", "lateness", lateness, results["sustained"])
    if results.get("errors"):
        add("errors", "errors", errors, results["errors"])
    if results.get("peers"):
        add("peers", "peers", peers, results["peers"])
    return drawn

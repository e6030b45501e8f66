"""The picture of bench/accuracy."""
import tempfile

from accuracy import quantile
from plotting import BLUE, GREEN, ORANGE, RED, draw

# What is drawn of a row's errors: name, title, a colour.
SERIES = (("clock", "a clock in user space", RED),
          ("tcp_info", "TCP_INFO", ORANGE),
          ("bpf", "stamps in the kernel (bpf)", BLUE),
          ("tcpdump", "these against tcpdump", GREEN))


def plot(rows, name):
    """rows: (in flight, {series: errors in ns}). Bands from the median to p99."""
    with tempfile.NamedTemporaryFile("w", suffix=".dat", encoding="utf-8") as data:
        for series, _, _ in SERIES:
            for in_flight, errors in rows:
                data.write(f"{in_flight} {quantile(errors[series], .5) / 1e3:.3f} "
                           f"{quantile(errors[series], .99) / 1e3:.3f}\n")
            data.write("\n\n")
        data.flush()
        bands, edges, medians = [], [], []
        for k, (_, title, colour) in enumerate(SERIES):
            of = f"'{data.name}' index {k}"
            bands.append(f"{of} using 1:2:3 with filledcurves fc rgb '{colour}' "
                         "fs transparent solid 0.12 notitle")
            edges.append(f"{of} using 1:3 with lines lw 1.5 dt (6,4) lc rgb '{colour}' notitle")
            medians.append(f"{of} using 1:2 with linespoints lw 2.6 pt 7 ps 0.55 lc rgb '{colour}' "
                           f"title '{title}'")
        key = ["NaN with lines lw 2.6 lc rgb '#555555' title 'median'",
               "NaN with lines lw 1.5 dt (6,4) lc rgb '#555555' title '99 % are below'"]
        ticks = [round(10.0**n * digit, 1) for n in range(-1, 6) for digit in (1, 3)]
        draw(name, "How far a latency is from the truth", "connects in flight", "error, microseconds",
             bands + edges + medians + key, f"""
set logscale xy
set xrange [{rows[0][0] * 0.85}:{rows[-1][0] * 1.18}]
set yrange [0.1:*]
set xtics ({', '.join(f"'{row[0]:,}' {row[0]}" for row in rows)})
set ytics ({', '.join(f"'{tick:,g}' {tick}" for tick in ticks)})
""")

"""The picture of bench/accuracy."""
import subprocess
import tempfile

from accuracy import quantile

# What is drawn of a row's errors: name, title, a colour (told apart by nearly all eyes).
SERIES = (("clock", "a clock in user space", "#cc3311"),
          ("tcp_info", "TCP_INFO", "#e69f00"),
          ("bpf", "stamps in the kernel (bpf)", "#0072b2"),
          ("tcpdump", "these against tcpdump", "#009e73"))


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
        subprocess.run(["gnuplot"], input=f"""
set terminal svg size 860,520 dynamic noenhanced font 'Helvetica,Arial,sans-serif,14' background '#ffffff'
set output '{name}'
set title 'How far a latency is from the truth' font ',18' offset 0,0.3
set logscale xy
set xlabel 'connects in flight' offset 0,0.3
set ylabel 'error, microseconds' offset -1,0
set xrange [{rows[0][0] * 0.85}:{rows[-1][0] * 1.18}]
set yrange [0.1:*]
set xtics ({', '.join(f"'{row[0]:,}' {row[0]}" for row in rows)}) nomirror out
set ytics ({', '.join(f"'{tick:,g}' {tick}" for tick in ticks)}) nomirror out
set grid ytics xtics lt 1 lw 0.6 lc rgb '#dddddd'
set border 3 lw 1 lc rgb '#555555'
set key at screen 0.54,0.02 bottom center vertical Left reverse maxrows 2 width -3 samplen 2 spacing 1.25
set tmargin 3
set bmargin 6.5
set lmargin 13
set rmargin 4
plot {', '.join(bands + edges + medians + key)}
""", text=True, check=True)

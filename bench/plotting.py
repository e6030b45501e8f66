# SPDX-License-Identifier: MIT
"""How the pictures of the benchmarks look: gnuplot, SVG."""
import subprocess

# Told apart by nearly all eyes.
RED, ORANGE, BLUE, GREEN, PURPLE, GREY = "#cc3311", "#e69f00", "#0072b2", "#009e73", "#aa4499", "#888888"


def block(name, rows):
    """Data that a plot calls $name; a text with blanks stands in quotes."""
    lines = (" ".join(f'"{word}"' if isinstance(word, str) else f"{word:.6g}" for word in row) for row in rows)
    return f"${name} << EOD\n" + "\n".join(lines) + "\nEOD\n"


def draw(path, title, x, y, plots, commands="", data="", size="860,520"):
    """plots: what `plot` takes, a list. commands: what stands before it. data: blocks."""
    subprocess.run(["gnuplot"], input=f"""
{data}
set terminal svg size {size} dynamic noenhanced font 'Helvetica,Arial,sans-serif,14' background '#ffffff'
set output '{path}'
set title '{title}' font ',18' offset 0,0.3
set xlabel '{x}' offset 0,0.3
set ylabel '{y}' offset -1,0
set xtics nomirror out
set ytics nomirror out
set grid ytics xtics lt 1 lw 0.6 lc rgb '#dddddd'
set border 3 lw 1 lc rgb '#555555'
set key at screen 0.54,0.02 bottom center vertical Left reverse maxrows 2 width -3 samplen 2 spacing 1.25
set tmargin 3
set bmargin 6.5
set lmargin 13
set rmargin 4
{commands}
plot {', '.join(plots)}
""", text=True, check=True)

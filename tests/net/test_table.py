#!/usr/bin/python3
"""The live table in a real terminal: what stands on the screen, that it fits, and that Ctrl-C ends
it with the terminal as it was."""
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import termios
import time

from harness import MOSPROBE, Fail, equal, expect, path, read, run_tests, start, stop, write

OPEN, OTHER, CLOSED = "127.79.0.1", "127.79.0.2", "127.79.0.3"
CONFIG = """[prober]
id = screen
interval = 1s
timeout = 300ms
deny = none
[redis]
url =
"""


class Screen:
    """As much of a VT100 as the table needs. Whatever else comes is a fault, as is a character
    behind the last column."""

    PIECE = re.compile(r"\x1b\[(?P<words>\??[0-9;]*)(?P<what>[A-Za-z])|(?P<move>[\r\n])|"
                       r"(?P<text>[ -~]+)")

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [""] * rows
        self.row = self.column = 0
        self.cursor = True
        self.scrolled = self.drawn = self.hidden = 0
        self.rest = ""

    def take(self, text):
        text, at = self.rest + text, 0
        while piece := self.PIECE.match(text, at):
            if piece["text"]:
                self.put(piece["text"])
            elif piece["move"]:
                self.move(piece["move"])
            else:
                self.control(piece["words"] + piece["what"])
            at = piece.end()
        self.rest = text[at:]
        expect(re.fullmatch(r"(\x1b(\[[?0-9;]*)?)?", self.rest), f"no VT100: {self.rest!r}")

    def put(self, text):
        expect(self.column + len(text) <= self.columns,
               f"{text!r} from column {self.column} on is wider than {self.columns}")
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + text + line[self.column + len(text):]
        self.column += len(text)

    def move(self, how):
        if how == "\r":
            self.column = 0
        elif self.row < self.rows - 1:
            self.row += 1
        else:
            self.lines = self.lines[1:] + [""]
            self.scrolled += 1

    def control(self, what):
        if what == "H":
            self.row = self.column = 0
            self.drawn += 1
        elif what == "K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif what == "J":
            self.lines[self.row] = self.lines[self.row][:self.column]
            self.lines[self.row + 1:] = [""] * (self.rows - self.row - 1)
        elif what in ("?25l", "?25h"):
            self.cursor = what == "?25h"
            self.hidden += not self.cursor
        else:
            expect(what.endswith("m"), f"an unexpected control: {what!r}")

    def shows(self, *texts):
        return all(any(text in line for line in self.lines) for text in texts)


class Terminal:
    """A prober in a terminal of this size."""

    def __init__(self, columns, rows, targets):
        self.screen = Screen(columns, rows)
        self.log = f"table{columns}x{rows}.log"
        command = [MOSPROBE, "run", "-c", write("table.conf", CONFIG), "--targets",
                   write("table.targets", targets), "--output", "table"]
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        modes = termios.tcgetattr(slave)
        modes[3] &= ~termios.ECHO  # no ^C between what the prober writes
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        # The terminal is the one that controls the session: so Ctrl-C becomes a SIGINT.
        self.process = start(command, self.log, stdin=slave, stdout=slave,
                             env={**os.environ, "TERM": "vt100"},
                             preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process, signal.SIGKILL)
        os.close(self.master)

    def look(self):
        """Takes what has come. Returns False when the other side has been closed."""
        if not select.select([self.master], [], [], 0.05)[0]:
            return True
        try:
            self.screen.take(os.read(self.master, 65536).decode("ascii"))
        except OSError:  # EIO: nobody has it open any more
            return False
        return True

    def until(self, condition, what, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            shown = "\n".join(self.screen.lines)
            expect(time.monotonic() < end, f"{what} did not come within {seconds} s:\n{shown}")
            if not self.look():
                raise Fail(f"it has ended: {read(self.log)}\n{shown}")

    def row(self, target):
        """The cells of a target, or none."""
        return next((line.split() for line in self.screen.lines if line.startswith(target)), [])

    def ctrl_c(self):
        """Ends it; returns its status."""
        os.write(self.master, b"\x03")
        end = time.monotonic() + 10
        while self.look():
            expect(time.monotonic() < end, "it goes on after Ctrl-C")
        return stop(self.process)


def test_a_terminal_of_80_by_24():
    targets = f"{OPEN}:8079\n{CLOSED}:5999\n"
    with socket.create_server((OPEN, 8079), backlog=1000), Terminal(80, 24, targets) as terminal:
        screen = terminal.screen
        terminal.until(lambda: screen.shows("mosprobe screen: 2 targets", "samples", "TARGET",
                                            f"{OPEN}:8079", f"{CLOSED}:5999"), "the table", 5)
        titles = next(line for line in screen.lines if line.startswith("TARGET"))
        for title in ("TARGET", "STATE", "MOS", "BAND", "LAT ms", "JIT ms", "LOSS%", "FAIL%",
                      "CAUSE"):
            expect(title in titles, f"{title} is not in {titles}")
        equal(terminal.row(CLOSED)[1:3], ["unverified", "-"], "state and MOS of the closed port")
        terminal.until(lambda: terminal.row(OPEN)[1:2] == ["ok"], "state ok")
        row = terminal.row(OPEN)
        expect(4.3 < float(row[2]) <= 4.39, f"MOS in {row}")
        equal(row[3], "good", "band")
        terminal.until(lambda: screen.shows("2 targets: 1 ok, 1 unverified"), "the headline")
        expect(not screen.cursor, "the cursor is shown while the table is drawn")
        equal(screen.lines[0], "mosprobe screen: 2 targets: 1 ok, 1 unverified", "headline")
        ends_well(terminal)


def ends_well(terminal):
    screen = terminal.screen
    scrolled, drawn = screen.scrolled, screen.drawn
    expect(drawn >= 3, f"drawn {drawn} times")
    equal(scrolled, 0, "times that the screen was scrolled by drawing")
    equal(terminal.ctrl_c(), 0, "status")
    expect(screen.cursor, "the cursor is still hidden")
    expect(screen.shows("TARGET", OPEN), "the table is gone")
    equal((screen.column, screen.lines[screen.row]), (0, ""), "the prompt's line")
    log = read(terminal.log)
    expect("cpu_us=" in log, f"the closing figures: {log}")
    expect(": error: " not in log, log)


def test_a_terminal_that_is_too_small():
    """The worst targets, and lines that are cut."""
    long = "a-name-that-is-longer-than-the-terminal-is-wide.invalid"
    targets = f"{OPEN}:8079\n{OTHER}:8079\n{CLOSED}:5999\n{long}\n"
    with socket.create_server((OPEN, 8079), backlog=1000), Terminal(40, 6, targets) as terminal:
        screen = terminal.screen
        terminal.until(lambda: screen.shows("the worst 2 of 4"), "the third line")
        terminal.until(lambda: terminal.row(OPEN)[1:2] == ["ok"], "state ok")
        equal(screen.row, 5, "the row of the cursor")
        ends_well(terminal)


def test_terminals_of_other_sizes():
    targets = f"{OPEN}:8079\n{CLOSED}:5999\n"
    for columns, rows, there, gone in (
            (200, 24, ("LATENCY ms", "JITTER ms", "ERROR"), ()),
            (10, 24, ("TARGET",), ("MOS", "CAUSE")), (1, 3, ("m",), ("TARGET",))):
        with socket.create_server((OPEN, 8079), backlog=1000), \
                Terminal(columns, rows, targets) as terminal:
            screen = terminal.screen
            terminal.until(lambda there=there: screen.shows(*there), f"{there}")
            terminal.until(lambda: screen.drawn >= 3, "three drawings")
            expect(not any(screen.shows(title) for title in gone), f"one of {gone} is there")
            equal(screen.scrolled, 0, "times that the screen was scrolled by drawing")
            equal(terminal.ctrl_c(), 0, "status")
            expect(screen.cursor, "the cursor is still hidden")


if __name__ == "__main__":
    run_tests(globals())

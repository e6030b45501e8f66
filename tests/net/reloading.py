"""A prober whose files change while it runs, and somebody who answers it."""
import itertools
import os
import signal
import socket

from harness import MOSPROBE, equal, json_lines, path, read, start, stop, wait_until, write

PORT = 5070    # of every loopback address: another than that of any server of other tests


def address(number):
    return f"127.81.{number // 250}.{number % 250 + 1}"


def listen():
    """One that answers at every loopback address."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("0.0.0.0", PORT))
    server.listen(4096)
    return server


class Prober:
    """One that runs, with its targets file and what it said so far."""

    _numbers = itertools.count(1)

    def __init__(self, targets, keys="", sections="", prober="interval = 1s\ntimeout = 500ms",
                 output="jsonl"):
        self.number = next(self._numbers)
        self.targets(targets)
        self.keys, self.sections, self.prober = keys, sections, prober
        self.config(keys, sections)
        with open(self.path("out"), "w", encoding="utf-8") as out:
            self.process = start([MOSPROBE, "run", "-c", self.path("conf"), "--output", output],
                                 self.path("log"), stdout=out)

    def path(self, name):
        return path(f"{name}{self.number}")

    def targets(self, lines):
        # As an editor does: another file in its place.
        write("targets.new", "\n".join(lines) + "\n")
        os.rename(path("targets.new"), self.path("targets"))

    def config(self, keys, sections):
        write(f"conf{self.number}", f"[prober]\nid = test\ntargets = {self.path('targets')}\ndeny = none\nport = {PORT}\n"
              f"{self.prober}\n{keys}\n[guard]\nwindow = 0s\n{sections}")

    def said(self, words):
        return [line for line in read(f"log{self.number}").splitlines() if words in line]

    def reload(self, lines=None, words="event=reload_"):
        """Reads the files again, and waits until that was told."""
        before = len(self.said(words))
        if lines is not None:
            self.targets(lines)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.said(words)) > before, "the reload", 10)
        return self.said(words)[-1]

    def lines(self, kind="result"):
        whole = read(f"out{self.number}")
        return [line for line in json_lines(whole[:whole.rfind("\n") + 1]) if line["type"] == kind]

    def cycles(self):
        """{target: [its cycles' numbers]}."""
        cycles = {}
        for line in self.lines():
            cycles.setdefault(line["target"], []).append(int(line["cycle"]))
        return cycles

    def seen(self, target, count=1):
        wait_until(lambda: len(self.cycles().get(target, ())) >= count, f"results of {target}", 15)

    def end(self):
        stop(self.process)
        equal(self.process.returncode, 0, "exit status")


def target(number):
    return f"{address(number)}:{PORT}"

"""Clocks that are set while mosprobe runs: the machine's own, for a moment and always set right again, and
those that one process sees."""
import mmap
import os
import struct
import subprocess
import sys

from harness import expect, path, run, write

# Sets the wall clock on by the seconds that it reads, a line each, against where it belongs; and right again
# at the end of its input, after a while at most, whatever becomes of who started it.
SET = """
import select, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
right = time.time_ns() - time.monotonic_ns()
end = time.monotonic() + 20
try:
    while select.select([sys.stdin], [], [], max(0, end - time.monotonic()))[0]:
        line = sys.stdin.readline()
        if not line:
            break
        time.clock_settime_ns(time.CLOCK_REALTIME, time.monotonic_ns() + right + int(float(line) * 1e9))
finally:
    time.clock_settime_ns(time.CLOCK_REALTIME, time.monotonic_ns() + right)
"""

SEEN = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *seconds;

__attribute__((constructor)) static void find(void)
{
	int fd = open(getenv("CLOCKS"), O_RDONLY);

	seconds = mmap(0, 16, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int error = (int)syscall(SYS_clock_gettime, id, ret);

	if (id == CLOCK_REALTIME)
		ret->tv_sec += seconds[0];
	if (id == CLOCK_BOOTTIME)
		ret->tv_sec += seconds[1];
	return error;
}
"""


class Machine:
    """In a with statement: set(seconds) sets the machine's wall clock against where it belongs."""

    inside = ()

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-c", SET], stdin=subprocess.PIPE, text=True,
                                        start_new_session=True)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def set(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()


class Seen:
    """The same as seen by one process only, which `inside` runs; sleep(seconds) is a suspended machine."""

    def __init__(self):
        library, clocks = path("clocks.so"), path("clocks")
        done = run(["cc", "-shared", "-fPIC", "-o", library, write("clocks.c", SEEN)])
        expect(done.returncode == 0, done.stderr)
        with open(clocks, "wb") as file:
            file.write(bytes(16))
        self.inside = ("env", f"LD_PRELOAD={library}", f"CLOCKS={clocks}")
        self._fd = os.open(clocks, os.O_RDWR)
        self._seconds = mmap.mmap(self._fd, 16)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.set(0)

    def set(self, seconds):
        self._seconds[:8] = struct.pack("q", int(seconds))

    def sleep(self, seconds):
        self._seconds[:] = struct.pack("qq", seconds, seconds)

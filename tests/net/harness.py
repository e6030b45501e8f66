"""What the tests of the real binary share: TAP, a temporary folder, servers that are started and ended
here, and commands with a bound on their time. Python's standard library only."""
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

B = os.path.abspath(os.environ.get("B", "build"))
MOSPROBE = os.path.join(B, "mosprobe")
NETSIM = os.path.join(B, "netsim")


class Fail(Exception):
    """A test's expectation was not met."""


def expect(condition, message):
    if not condition:
        raise Fail(message)


def equal(found, wanted, what):
    if found != wanted:
        raise Fail(f"{what}: found {found!r}, wanted {wanted!r}")


def run_tests(tests, needs_root=True):
    """Runs (name, function) pairs and prints TAP; ends the process."""
    if needs_root and os.geteuid() != 0:
        print("1..0 # SKIP needs root: BPF, cgroup and network namespaces")
        sys.exit(0)
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception as fault:  # a test that dies has failed, the others go on
            failed += 1
            print(f"not ok {number} - {name}")
            text = str(fault) if isinstance(fault, Fail) else traceback.format_exc()
            print("\n".join(f"# {line}" for line in text.splitlines()), flush=True)
    sys.exit(1 if failed else 0)


_folder = None


def folder():
    """A temporary folder of this test program, removed at its end; short, for Unix sockets."""
    global _folder
    if _folder is None:
        _folder = tempfile.mkdtemp(prefix="mosprobe-test.")
        atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    return _folder


def path(name):
    return os.path.join(folder(), name)


def write(name, text):
    with open(path(name), "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return path(name)


def read(name):
    with open(path(name), encoding="utf-8", errors="replace") as file:
        return file.read()


_servers = []


def start(command, log, **options):
    """Starts a server in a session of its own; it is ended, by its process group, at the end."""
    with open(path(log), "ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True, **options)
    _servers.append(process)
    return process


def stop(process, how=signal.SIGTERM):
    if process.poll() is None:
        try:
            os.killpg(process.pid, how)
            process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
    if process in _servers:
        _servers.remove(process)


@atexit.register
def _stop_all():
    for process in list(_servers):
        stop(process, signal.SIGKILL)


def wait_until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise Fail(f"{what} did not come within {seconds} s")


def free_port(address="127.0.0.1", kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as s:
        s.bind((address, 0))
        return s.getsockname()[1]


def listens(address, port):
    try:
        with socket.create_connection((address, port), 1):
            return True
    except OSError:
        return False


def run(command, seconds=60, **options):
    """Runs a command to its end; returns its CompletedProcess with text output."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=seconds, check=False,
                          **options)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Redis:
    """A redis-server on a Unix socket, without persistence unless asked."""

    def __init__(self, name="redis", *options):
        self.socket = path(f"{name}.sock")
        self.url = f"unix://{self.socket}"
        self.options = options
        self.name = name
        self.start()

    def start(self):
        self.process = start(["redis-server", "--port", "0", "--unixsocket", self.socket,
                              "--save", "", "--dir", folder(), "--dbfilename",
                              f"{self.name}.rdb", *self.options], f"{self.name}.log")
        wait_until(lambda: run(["redis-cli", "-s", self.socket, "ping"]).returncode == 0,
                   "redis-server")

    def cli(self, *words):
        return run(["redis-cli", "-s", self.socket, *words]).stdout

    def json(self, *words):
        return json.loads(self.cli("--json", *words))

    def stop(self, how=signal.SIGTERM):
        stop(self.process, how)


class Nsd:
    """An authoritative DNS server (nsd) on 127.0.0.1 for one zone."""

    def __init__(self, zone, records):
        self.port = free_port(kind=socket.SOCK_DGRAM)
        self.server = f"127.0.0.1:{self.port}"
        write("zone", f"$ORIGIN {zone}.\n$TTL 60\n@ SOA ns.{zone}. root.{zone}. 1 60 60 60 5\n"
              f"@ NS ns.{zone}.\nns A 127.0.0.1\n{records}")
        config = write("nsd.conf", f"""server:
    ip-address: 127.0.0.1
    port: {self.port}
    username: ""
    chroot: ""
    zonesdir: "{folder()}"
    database: ""
    pidfile: "{path('nsd.pid')}"
    xfrdfile: "{path('xfrd.state')}"
    zonelistfile: "{path('zone.list')}"
    xfrdir: "{folder()}"
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: {zone}
    zonefile: zone
""")
        self.process = start(["nsd", "-d", "-c", config], "nsd.log")
        wait_until(lambda: listens("127.0.0.1", self.port), "nsd")

"""What the tests of the real binaries share: TAP, a temporary folder, processes that are started
and ended here, and commands with a bound on their time. Python's standard library only.

A test program is a module with functions test_*, which hands its globals() to run_tests(). Names of
tests as arguments run only those. Runs from the root of the tree; B is the build folder."""
import atexit
import itertools
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

# A system call that the prober's filter lacks ends it, instead of being refused.
os.environ.setdefault("MOSPROBE_SANDBOX_STRICT", "1")

# Of an entry of the streams, without labels: all of them, in this order.
RESULT_FIELDS = """v prober target host port addr at_ms cycle n answered failed sent lost
latency_ms jitter_ms stddev_ms latency_rise_ms loss_pct fail_pct r mos_cycle mos band state cause
r_base r_delay r_jitter r_loss r_codec r_failed outcome error stamp_source impaired""".split()
ALERT_FIELDS = """v event_id kind event_action severity state previous_state dedup_key incident_key
prober target host port addr at_ms since_ms held_ms seq reason threshold mos latency_ms jitter_ms
loss_pct fail_pct n cause outcome error low_min_24h alerts_24h suppressed_by summary""".split()


class Fail(Exception):
    """A test's expectation was not met."""


def expect(condition, message):
    if not condition:
        raise Fail(message)


def equal(found, wanted, what):
    if found != wanted:
        raise Fail(f"{what}: found {found!r}, wanted {wanted!r}")


def skip(reason):
    """Skips the whole program."""
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def skip_unless_root(what="network namespaces"):
    if os.geteuid() != 0:
        skip(f"needs root: {what}")


def skip_unless_stamped():
    """Skips the whole program where the kernel half cannot run."""
    skip_unless_root("BPF, cgroup and network namespaces")
    found = run([MOSPROBE, "check", "--redis", ""]).stdout.splitlines()
    if not any(line.startswith("ok") and line.split()[1] == "bpf" for line in found):
        skip("needs BPF; mosprobe check says: " + " / ".join(
            line for line in found if not line.startswith("ok")))


def run_tests(module, program=MOSPROBE):
    """Runs the functions test_* of a module (its globals()), which test a program, and prints TAP;
    ends the process."""
    if not os.access(program, os.X_OK):
        print(f"Bail out! {program} is not built")
        sys.exit(2)
    wanted = set(sys.argv[1:])
    tests = [(name[5:].replace("_", " "), function) for name, function in module.items()
             if name.startswith("test_") and (not wanted or name in wanted)]
    if len(tests) < len(wanted):
        print(f"Bail out! not all of these are tests: {' '.join(sorted(wanted))}")
        sys.exit(2)
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
            print("\n".join(f"# {line[:1000]}" for line in text.splitlines()), flush=True)
    sys.exit(1 if failed else 0)


def _told_to_end(number, _):
    signal.signal(number, signal.SIG_IGN)  # once: what was started is ended in peace
    sys.exit(1)


signal.signal(signal.SIGTERM, _told_to_end)
signal.signal(signal.SIGHUP, _told_to_end)

_folder = None


def folder():
    """A temporary folder of this test program, removed at its end; short, for Unix sockets."""
    global _folder
    if _folder is None:
        _folder = tempfile.mkdtemp(prefix="mosprobe-test.")
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


_started = []


def start(command, log, **options):
    """Starts a process in a session of its own; it is ended, with its process group, at the end.
    What it says goes to a log unless the options say otherwise."""
    # It ends with this program, even when that is killed.
    command = ["setpriv", "--pdeathsig", "KILL", *command]
    with open(path(log), "ab") as output:
        options = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, **options}
        process = subprocess.Popen(command, start_new_session=True, **options)
    _started.append(process)
    return process


def stop(process, how=signal.SIGTERM, seconds=10):
    """Ends a process that was started, and what it started; returns its status."""
    if process.poll() is None:
        os.killpg(process.pid, how)
        # Not reaped yet: until it is, the process group's number is nobody else's.
        until = time.monotonic() + seconds
        while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if time.monotonic() > until:
                break
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process in _started:
        _started.remove(process)
    return process.returncode


@atexit.register
def _clean_up():
    for process in list(_started):
        stop(process, signal.SIGKILL)
    if _folder:
        shutil.rmtree(_folder, ignore_errors=True)


def wait_until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, f"{what} did not come within {seconds} s")
        time.sleep(0.02)


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
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False,
                          **options)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def samples_of(text):
    """What `--output samples` printed: a dictionary for each sample."""
    lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


class Redis:
    """A redis-server on a Unix socket in a folder of its own, without persistence unless asked. In
    a with statement it ends with the block."""

    _numbers = itertools.count(1)

    def __init__(self, *options):
        self.folder = path(f"redis{next(self._numbers)}")
        os.mkdir(self.folder)
        self.socket = os.path.join(self.folder, "socket")
        self.url = f"unix://{self.socket}"
        self.options = options
        self.password = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)

    def start(self):
        self.process = start(["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir",
                              self.folder, "--save", "", *self.options],
                             os.path.join(self.folder, "log"))
        # One that is still loading, or that asks for a password, answers something else.
        wait_until(lambda: run(["redis-cli", "-s", self.socket, "ping"]).stdout.startswith(
            ("PONG", "NOAUTH")), "redis-server")

    def stop(self, how=signal.SIGTERM):
        stop(self.process, how)

    def cli(self, *words):
        """The answer to a command, whose words may begin with options of redis-cli."""
        command = ["redis-cli", "-s", self.socket, "-3", "--json", "-e"]
        if self.password:
            command += ["--no-auth-warning", "-a", self.password]
        done = run(command + [str(word) for word in words])
        expect(done.returncode == 0, f"redis-cli {words}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def stream(self, key):
        """Its entries: [(id, [names], {name: value})]."""
        return [(entry, words[::2], dict(zip(words[::2], words[1::2])))
                for entry, words in self.cli("XRANGE", key, "-", "+")]

    def scores(self, key):
        """A sorted set: {member: score}."""
        return dict(self.cli("ZRANGE", key, 0, -1, "WITHSCORES"))


class Nsd:
    """An authoritative DNS server (nsd) on 127.0.0.1 for one zone."""

    def __init__(self, zone, records):
        self.port = free_port(kind=socket.SOCK_DGRAM)
        self.server = f"127.0.0.1:{self.port}"
        write("zone", f"$ORIGIN {zone}.\n$TTL 60\n@ SOA ns.{zone}. root.{zone}. 1 60 60 60 5\n"
              f"@ NS ns.{zone}.\nns A 127.0.0.1\n{records}")
        self.config = write("nsd.conf", f"""server:
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
        self.start()

    def start(self):
        self.process = start(["nsd", "-d", "-c", self.config], "nsd.log")
        wait_until(lambda: listens("127.0.0.1", self.port), "nsd")

    def stop(self):
        stop(self.process, signal.SIGKILL)

# SPDX-License-Identifier: MIT
"""What the benchmarks share: what the machine has, a simulated network to run something in, the targets,
the floor, one run of the prober, CPU times, a private Redis, quantiles."""
import importlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

B = os.environ.get("B", "build")
HERE = os.path.dirname(os.path.abspath(__file__))
# Of 198.18.0.0/15, without the link's own four at its end: more targets than these use further ports.
FIRST, ADDRESSES = 198 << 24 | 18 << 16, 131068
TICK = os.sysconf("SC_CLK_TCK")


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def address(i):
    a = FIRST + i % ADDRESSES
    return f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}"


def write_targets(path, count):
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            file.write(f"{address(i)}:{5060 + i // ADDRESSES}\n")


def which(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Machine:
    """What can be measured here. `told` says what is missing and what that costs."""

    def __init__(self):
        self.told = []
        cpus = sorted(os.sched_getaffinity(0))
        self.cpus, self.prober_cpu, self.other_cpu = len(cpus), cpus[0], cpus[-1]
        if self.cpus == 1:
            self._tell("one core: the prober and the network that answers share it, so a rate is of both "
                       "together, and latencies wait for each other")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.descriptors = hard
        if hard < 20000:
            self._tell(f"{hard} descriptors: no more than that many connects are in flight, the prober's and "
                       "the peers'")
        with open("/proc/self/uid_map", encoding="ascii") as file:
            whole = file.read().split() == ["0", "0", "4294967295"]
        self.network = os.geteuid() == 0
        self.root = self.network and whole
        if not self.root and self.network:
            self._tell("no root: in a user namespace, with stamps of tcp_info and a network in user space. Left "
                       "out: answers in the kernel (so the highest rates), stamps in the kernel, what BPF costs")
        if not self.network:
            self._tell("no root, and no user namespaces: left out is all that needs a simulated network")
        self.xdp = self.root and self._netsim_runs()
        if self.root and not self.xdp:
            self._tell("no XDP: the network answers in user space, which bounds the rates")
        self.stamps = "bpf" if self._bpf_works() else "tcp_info"
        if self.root and self.stamps != "bpf":
            self._tell("no BPF: stamps are those of tcp_info")
        self.has = {name: bool(which(name)) for name in (
            "redis-server", "redis-cli", "gnuplot", "perf", "fping", "prometheus-blackbox-exporter", "bpftool")}
        for name, absent in {"redis-server": "nothing is published", "gnuplot": "no plots",
                             "perf": "no stages inside of a run", "fping": "no fping",
                             "prometheus-blackbox-exporter": "no blackbox_exporter",
                             "bpftool": "no BPF cost"}.items():
            if not self.has[name]:
                self._tell(f"{name} is not installed: {absent}")

    def _tell(self, text):
        self.told.append(text)

    @staticmethod
    def _netsim_runs():
        with tempfile.NamedTemporaryFile("w", suffix=".network") as file:
            file.write("seed 1\n")
            file.flush()
            return not subprocess.run([f"{B}/netsim", "run", file.name, "--xdp", "call", "--", "true"],
                                      capture_output=True, check=False).returncode

    def _bpf_works(self):
        if not self.root:
            return False
        found = subprocess.run([f"{B}/mosprobe", "check", "--redis", ""], capture_output=True, text=True,
                               check=False).stdout
        return any(line.split()[:2] == ["ok", "bpf"] for line in found.splitlines())

    def describe(self):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = re.search(r"model name\s*: (.*)", file.read())
        with open("/proc/meminfo", encoding="ascii") as file:
            memory_gib = int(file.readline().split()[1]) / 2**20
        with open("/etc/os-release", encoding="utf-8") as file:
            system = re.search(r'PRETTY_NAME="(.*)"', file.read())
        return {"cpu": model[1].strip() if model else "?", "cpus": self.cpus, "memory_gib": round(memory_gib, 1),
                "system": system[1] if system else "?", "kernel": os.uname().release,
                "descriptors": self.descriptors, "root": self.root, "xdp": self.xdp, "stamps": self.stamps}


def ask_for_the_cpu():
    """Where the kernel groups processes by session, a nice value counts inside of a session only; whatever
    else runs on the machine would take half of each core."""
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as file:
            file.write("-20")
    except OSError:
        pass


def pinned(cpu, *command):
    return ["taskset", "-c", str(cpu), *map(str, command)]


class Network:
    """Runs functions of the benchmarks in a simulated network: the network's answers on the other core."""

    def __init__(self, machine, folder):
        self.machine, self.folder = machine, folder

    def run(self, function, scenario=None, truth=None, timeout_s=600, **arguments):
        """function: "module.name" below bench/, called there with the arguments (JSON) and the folder. scenario: in
        user space; none: the kernel answers at once, where it can. Returns what it returned, and netsim's log."""
        m = self.machine
        with open(f"{self.folder}/network", "w", encoding="utf-8") as file:
            file.write("seed 1\n" + (scenario or ("" if m.xdp else "198.18.0.0-198.19.255.251 latency=100us\n")))
        if m.xdp and not scenario:
            how = ["--xdp", "cpu", "--cpu", str(m.other_cpu)] if m.cpus > 1 else ["--xdp", "call"]
        else:
            how = ["--cpu", str(m.other_cpu), *(["--truth", truth] if truth else [])]
        result = f"{self.folder}/result"
        done = subprocess.run([f"{B}/netsim", "run", f"{self.folder}/network", *how, "--verbose", "--",
                               sys.executable, f"{HERE}/measuring.py", function, result,
                               json.dumps({"folder": self.folder, "cpu": m.prober_cpu, "other_cpu": m.other_cpu,
                                           **arguments})],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=timeout_s)
        if done.returncode:
            raise RuntimeError(f"{function}: status {done.returncode}: {done.stderr[-1500:]}")
        with open(result, encoding="utf-8") as file:
            found = json.load(file)
        lost = re.search(r"lost by the link: (\d+) in its ring, (\d+) before the CPU that answers, (\d+) answers",
                         done.stderr)
        return found, {"link_lost": sum(map(int, lost.groups())) if lost else 0, "log": done.stderr}


def _inside(function, result, arguments):
    sys.path[:0] = [HERE]
    arguments = json.loads(arguments)
    os.sched_setaffinity(0, {arguments["other_cpu"]})
    module, name = function.rsplit(".", 1)
    found = getattr(importlib.import_module(module), name)(**arguments)
    with open(result, "w", encoding="utf-8") as file:
        json.dump(found, file)


def connects():
    """How many connects were begun in this network namespace."""
    with open("/proc/self/net/snmp", encoding="ascii") as file:
        names, values = [line.split() for line in file if line.startswith("Tcp:")]
    return int(values[names.index("ActiveOpens")])


def stolen_s(cpu):
    """What the host took away of a core, since the start of time."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = next(line for line in file if line.startswith(f"cpu{cpu} ")).split()
    return int(fields[8]) / TICK


def thread_ns(pid):
    """CPU time of each thread, by its name, with the kernel's work for it and the interrupts that ran there."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as file:
                name = file.read().strip()
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                found[name] = found.get(name, 0) + int(file.read().split()[0])
        except FileNotFoundError:
            continue    # it has ended
    return found


def waited_ns(pid):
    """How long its first thread was ready to run and something else had its core."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[1])


def process_s(pid):
    """CPU time of a process, with threads that have ended and children that it has waited for."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK


def resident_kib(pid):
    """0 of a process that has ended and was not waited for."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        found = re.search(r"VmRSS:\s+(\d+) kB", file.read())
    return int(found[1]) if found else 0


def floor(cpu, rate, targets, seconds=2, mode="reset", stay_ms=None):
    """A bare connect and its end at this rate, to the same targets; what bench/floor prints. stay_ms: how long a connect
    stays, where answers take their time."""
    stay = ["-w", stay_ms] if stay_ms else []
    sockets = min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 64)
    done = subprocess.run(pinned(cpu, f"{B}/bench/floor", "-r", max(1, round(rate)), "-t", targets, "-a", ADDRESSES,
                                 "-s", seconds, "-n", sockets, *stay, mode), capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(f"bench/floor {mode}: {done.stderr}")
    found = json.loads(done.stdout)
    # Where its core is taken for long, what fell due is more than its sockets.
    return {**found, "sound": not found["failed"] and not found["no_socket"]}


PROBER_LOG = {
    "answered": r"event=end_samples .*\bok=(\d+)", "samples": r"event=end_samples .*\bsamples=(\d+)",
    "cycles": r"event=end_samples .*\bcycles=(\d+)",
    "late": r"event=end_starts .*\blate=(\d+)", "p99_ms": r"\blate_p99_ms=([\d.]+)", "most_ms": r"\blate_max_ms=([\d.]+)",
    "written": r"event=end_redis .*\bwritten=(\d+)", "dropped": r"event=end_redis .*\bdropped=(\d+)",
    "left": r"event=end_redis .*\bunwritten=(\d+)"}


def read_prober_log(text):
    found = {name: re.search(pattern, text) for name, pattern in PROBER_LOG.items()}
    if not found["samples"] or not found["p99_ms"]:
        raise RuntimeError(f"mosprobe: {text[-1500:]}")
    return {name: float(match[1]) for name, match in found.items() if match}


def _moment(pid):
    return time.monotonic(), connects(), thread_ns(pid), waited_ns(pid)


def _wait(process, seconds):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise RuntimeError("mosprobe ended early")


def prober(folder, cpu, other_cpu, warm_s, seconds, perf=None, words=(), **_):
    """Runs mosprobe with the folder's configuration; measures it for `seconds`, `warm_s` after its first connects, and
    then, where a file is given, records where its time goes."""
    stolen_before_s, began_s = stolen_s(cpu), time.monotonic()
    with open(f"{folder}/prober.log", "w+", encoding="utf-8") as log:
        process = subprocess.Popen(pinned(cpu, f"{B}/mosprobe", "run", "-c", f"{folder}/conf", "--output", "none", *words),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        try:
            before = connects()
            # One connect is the proof that stamps arrive.
            until = time.monotonic() + 60
            while connects() < before + 3 and process.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            _wait(process, warm_s)
            a = _moment(process.pid)
            _wait(process, seconds)
            b = _moment(process.pid)
            memory_kib = resident_kib(process.pid)
            if perf:
                subprocess.run(["perf", "record", "-q", "-F", "1499", "-g", "-p", str(process.pid), "-o", perf, "--",
                                "sleep", str(min(8, seconds))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               check=False)
            process.send_signal(signal.SIGTERM)
            process.wait(120)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            log.seek(0)
            text = log.read()
    probes, taken_s = b[1] - a[1], b[0] - a[0]
    threads = {name: (ns - a[2].get(name, 0)) / 1e3 / max(1, probes) for name, ns in b[2].items()}
    return {"rate": probes / taken_s, "probes": probes, "threads_us": threads, "cpu_us": sum(threads.values()),
            "resident_kib": memory_kib, "waited": (b[3] - a[3]) / 1e9 / taken_s, "stolen": (stolen_s(cpu) - stolen_before_s) / (time.monotonic() - began_s),
            **read_prober_log(text)}


class Redis:
    """A redis-server on a Unix socket in a folder of its own, pinned to a core; ends with the block."""

    def __init__(self, folder, cpu, *options):
        self.folder, self.socket = folder, f"{folder}/redis.sock"
        self.process = subprocess.Popen(
            pinned(cpu, "redis-server", "--port", 0, "--unixsocket", self.socket, "--save", "", "--dir", folder, *options),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def __enter__(self):
        until = time.monotonic() + 20
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def cli(self, *words):
        return subprocess.run(["redis-cli", "-s", self.socket, *map(str, words)], stdout=subprocess.PIPE, text=True,
                              check=True, timeout=60).stdout

    def info(self, section, name):
        return float(next(line.split(":")[1] for line in self.cli("INFO", section).splitlines()
                          if line.startswith(name + ":")))

    def cpu_s(self):
        return self.info("cpu", "used_cpu_user") + self.info("cpu", "used_cpu_sys")


def drive_publisher(folder, results, targets, *options, cpu=0, other_cpu=1):
    """The real publisher, pushed by a driver, into a Redis with a core of its own; what each costs, and what stays."""
    with Redis(folder, other_cpu, *options) as redis:
        empty = redis.info("memory", "used_memory")
        driver = subprocess.Popen(pinned(cpu, f"{B}/tests/net/publish_driver", f"url=unix://{redis.socket}",
                                         f"results={results}", f"targets={targets}", "stop=60",
                                         "results_maxlen=100000000", "spool=1GiB"),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        publisher_ns = 0
        while driver.poll() is None:
            # Without the part of the driver that makes the results up.
            publisher_ns = thread_ns(driver.pid).get("publish", publisher_ns)
            time.sleep(0.05)
        counters, said = json.loads(driver.stdout.read() or "{}"), driver.stderr.read()
        if counters.get("written") != results:
            raise RuntimeError(f"the publisher: {counters} {said}")
        redis_s, used = redis.cpu_s(), redis.info("memory", "used_memory") - empty
        redis.cli("DEL", "mosprobe:{driver}:results")
        left = redis.info("memory", "used_memory") - empty
        return {"per_s": results / counters["seconds"], "publisher_us": publisher_ns / 1e3 / results,
                "redis_us": redis_s * 1e6 / results, "entry_bytes": (used - left) / results,
                "target_bytes": left / targets}


if __name__ == "__main__":
    _inside(*sys.argv[1:])

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a running prober may: nothing, once its programs are in the kernel; and all goes on without."""
import os
import pwd
import signal
import socket

from harness import (B, MOSPROBE, Redis, equal, expect, folder, json_lines, path, read, run, run_tests,
                     skip_unless_stamped, start, stop, wait_until, write)

USER = "nobody"
ADDRESS = "127.79.0.1"
CONF = """[prober]
id = rights
interval = 1s
timeout = 300ms
deny = none
address_rate = none
output = jsonl
{keys}
[redis]
url = {url}
"""
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
AS_USER = ["setpriv", "--reuid", USER, "--regid", "nogroup", "--clear-groups"]
# As systemd starts it: AmbientCapabilities=, CapabilityBoundingSet=.
WITH_BPF = [*AS_USER, "--inh-caps=-all,+bpf,+net_admin", "--ambient-caps=-all,+bpf,+net_admin",
            "--bounding-set=-all,+bpf,+net_admin"]
WITHOUT = [*AS_USER, "--inh-caps=-all", "--bounding-set=-all"]


class Prober:
    """One that probes a port that answers."""

    def __init__(self, name, keys="", url="", prefix=(), options=()):
        self.name, self.keys, self.url = name, keys, url
        self.targets(1)
        self.config(keys)
        with open(path(f"{name}.out"), "w", encoding="utf-8") as out:
            self.process = start([*prefix, MOSPROBE, "run", "-c", path(f"{name}.conf"), *options],
                                 f"{name}.log", stdout=out)

    def config(self, keys):
        write(f"{self.name}.conf", CONF.format(keys=f"{keys}\ntargets = {self.name}.targets",
                                               url=self.url))

    def targets(self, count):
        write(f"{self.name}.targets",
              "".join(f"{ADDRESS}:{server.getsockname()[1]} line={i}\n"
                      for i, server in enumerate(servers[:count])))

    def results(self):
        text = read(f"{self.name}.out")
        return json_lines(text[:text.rfind("\n") + 1])

    def said(self, words):
        return [line for line in read(f"{self.name}.log").splitlines() if words in line]

    def seen(self, count=1, seconds=10):
        wait_until(lambda: len(self.results()) >= count, f"results; {read(self.name + '.log')}",
                   seconds)

    def reload(self, count, words="event=reload_"):
        self.targets(count)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.said(words), words)
        return self.said(words)[-1]

    def threads(self):
        """What the kernel says of each of its threads: {name: {key: value}}."""
        found = {}
        folder_of = f"/proc/{self.process.pid}/task"
        for thread in os.listdir(folder_of):
            with open(f"{folder_of}/{thread}/status", encoding="utf-8") as status:
                lines = dict(line.rstrip("\n").split(":\t", 1) for line in status)
            found[lines["Name"], thread] = lines
        return found

    def end(self):
        equal(stop(self.process), 0, f"status; {read(self.name + '.log')}")


def may_nothing(prober, uid=None):
    threads = prober.threads()
    expect(len(threads) > 2, f"threads: {list(threads)}")
    for name, lines in threads.items():
        for key in CAPABILITIES:
            if key != "CapBnd" or uid is None:
                equal(int(lines[key], 16), 0, f"{key} of {name}")
        equal(lines["NoNewPrivs"], "1", f"NoNewPrivs of {name}")
        equal(lines["Seccomp"], "2", f"filter of {name}")
        if uid is not None:
            equal(lines["Uid"].split(), [str(uid)] * 4, f"Uid of {name}")
            equal(lines["Gid"].split(), [str(pwd.getpwuid(uid).pw_gid)] * 4, f"Gid of {name}")


def stamped_by(results, source):
    for result in results:
        equal((result["stamp_source"], result["outcome"]), (source, "ok"), "result")


def test_root_becomes_the_user():
    prober = Prober("root", f"user = {USER}\nstate_dir = {path('open/state')}")
    prober.seen(2)
    uid = pwd.getpwnam(USER).pw_uid
    may_nothing(prober, uid)
    for lines in prober.threads().values():
        equal(int(lines["CapBnd"], 16), 0, "CapBnd")
        expect(lines["Groups"].strip() in ("", str(pwd.getpwnam(USER).pw_gid)), lines["Groups"])
    stamped_by(prober.results(), "bpf")
    equal(os.stat(path("open/state")).st_uid, uid, "whose state_dir it is")
    expect(os.path.exists(path("open/state/targets.state")), "its memory")
    # The thread that probes still has the priority of its own, and no other has.
    nice = {thread: os.getpriority(os.PRIO_PROCESS, int(thread)) for _, thread in prober.threads()}
    equal(nice.pop(str(prober.process.pid)), -10, "nice of the thread that probes")
    expect(set(nice.values()) <= {0, 5}, f"nice of the others: {nice}")
    expect("targets=2 added=1" in prober.reload(2), "reload")
    prober.end()


def test_root_without_a_user():
    prober = Prober("plain")
    prober.seen()
    may_nothing(prober)
    expect(prober.said("every capability given up"), read("plain.log"))
    stamped_by(prober.results(), "bpf")
    expect("targets=2 added=1" in prober.reload(2), "reload")
    prober.end()


def works_as_user(name, prefix, source):
    prober = Prober(name, prefix=prefix)
    prober.seen()
    may_nothing(prober, pwd.getpwnam(USER).pw_uid)
    stamped_by(prober.results(), source)
    expect("targets=2 added=1" in prober.reload(2), "reload")
    prober.end()
    return prober


def test_two_capabilities_are_enough():
    works_as_user("ambient", WITH_BPF, "bpf")


def test_none_is_enough():
    prober = works_as_user("none", WITHOUT, "tcp_info")
    expect(prober.said("using TCP_INFO instead") and prober.said("started without capabilities"),
           read("none.log"))


def test_a_file_that_a_reload_cannot_read():
    prober = Prober("closed", f"user = {USER}")
    prober.seen()
    equal(prober.said("a reload cannot read it"), [], "said of files that it can read")
    prober.end()
    os.chmod(path("closed.targets"), 0o600)
    prober = Prober("closed", f"user = {USER}")
    prober.seen()
    warned = prober.said("a reload cannot read it")
    equal(len(warned), 1, f"{warned}")
    expect("closed.targets error=\"Permission denied\"" in warned[0], warned[0])
    expect("nothing was changed" in prober.reload(2), "reload")
    before = len(prober.results())
    prober.seen(before + 1)
    prober.end()


def refused(keys, words, prefix=()):
    write("refused.targets", f"{ADDRESS}:9\n")
    write("refused.conf", CONF.format(keys=f"{keys}\ntargets = refused.targets", url=""))
    done = run([*prefix, MOSPROBE, "run", "-c", path("refused.conf")])
    equal(done.returncode, 1, f"status: {done.stderr}")
    expect(words in done.stderr.splitlines()[-1], done.stderr)


def test_a_user_that_it_cannot_become():
    refused("user = no-such-user", "[prober] user = no-such-user: there is no such user")
    refused("user = daemon", "[prober] user = daemon: Operation not permitted", WITHOUT)


def test_who_stands_by_again_keeps_its_programs():
    """What was loaded with rights cannot be loaded again without."""
    with Redis() as redis:
        os.chmod(redis.folder, 0o755)
        os.chmod(redis.socket, 0o777)
        both = [Prober(name, f"user = {USER}\nstandby = yes", redis.url) for name in ("a", "b")]
        wait_until(lambda: any(p.results() for p in both), "results")
        first, second = both if both[0].results() else both[::-1]
        first.process.send_signal(signal.SIGSTOP)
        second.seen(1, 20)
        first.process.send_signal(signal.SIGCONT)
        wait_until(lambda: first.said("event=lease_lost"), "that it has lost the lease", 30)
        before = len(first.results())
        second.end()
        first.seen(before + 4, 20)
        equal(first.said("no stamps in the kernel"), [], "of its programs")
        # What it missed meanwhile is missing.
        stamped_by(first.results()[-2:], "bpf")
        may_nothing(first, pwd.getpwnam(USER).pw_uid)
        first.end()


DRIVER = os.path.join(B, "tests/net/sandbox_driver")
KILLED = -signal.SIGSYS


def calls(mode, wanted):
    """What comes of system calls in the sandbox: ok, an errno, or the end of the process."""
    found = {}
    for name in wanted:
        done = run([DRIVER, mode, name])
        found[name] = done.stdout.strip() if done.returncode == 0 else done.returncode
    equal(found, wanted, f"calls in a sandbox that is {mode}")


ALLOWED = {"thread": "ok", "execute": "ok", "inet": "ok", "is-there": "ok", "open": "ok",
           "open-through-ring": "EACCES"}
DEADLY = ("fork", "execve", "bpf", "unshare", "setuid", "ring")
UNKNOWN = ("write-and-execute", "packet", "kill", "limit", "memory-lock")


def test_calls():
    calls("yes", {**ALLOWED, **dict.fromkeys(DEADLY, KILLED), **dict.fromkeys(UNKNOWN, "ENOSYS")})


def test_calls_when_strict():
    calls("strict", {**ALLOWED, **dict.fromkeys(DEADLY + UNKNOWN, KILLED)})


def test_without_a_sandbox():
    prober = Prober("open-box", "sandbox = no")
    prober.seen()
    for lines in prober.threads().values():
        equal(lines["Seccomp"], "0", "filter")
        equal(int(lines["CapEff"], 16), 0, "rights")
    prober.end()
    expect(prober.said("system calls not filtered"), read("open-box.log"))


if __name__ == "__main__":
    skip_unless_stamped()
    os.chmod(folder(), 0o755)
    os.mkdir(path("open"))
    servers = [socket.create_server((ADDRESS, 0), backlog=1024) for _ in range(2)]
    run_tests(globals())

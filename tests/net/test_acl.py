#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The least that a Redis user must be allowed, as the README has it: with that everything works, and each word of it is
needed."""
import shlex
import signal
import socket

from harness import MOSPROBE, Redis, equal, expect, path, read, run, run_tests, start, stop, wait_until, write

PASSWORD = "secret-of-this-test"
CONF = """[prober]
id = ID
interval = 1s
timeout = 500ms
samples = 8
window = 2
average = 2
deny = none
address_rate = none
state_dir = {dir}
[alert]
warning_for = 1s
critical_for = 1s
recovery_for = 1s
[redis]
url = {url}
username = mosprobe
password_file = {password}
wait_replicas = 0
"""


def allowed():
    """The words of the README's two commands, for the prober and for the others."""
    lines, found = read_file("README.md").splitlines(), []
    for i, line in enumerate(lines):
        if line.strip().startswith("redis-cli ACL SETUSER mosprobe"):
            text = line.strip()
            while text.endswith("\\"):
                i += 1
                text = text[:-1] + " " + lines[i].strip()
            found.append(shlex.split(text)[4:])
    equal(len(found), 2, "commands of the README")
    return found


def read_file(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def users(redis, words):
    redis.cli("ACL", "SETUSER", "mosprobe", *(word.replace("PASSWORD", PASSWORD) for word in words))


def test_what_the_readme_allows_is_enough():
    prober_words, other_words = allowed()
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    port = server.getsockname()[1]
    target, gone = f"127.0.0.1:{port}", "127.0.0.1:1"
    key = f"mosprobe:{{ID}}:target:{target}"
    with Redis() as redis:
        users(redis, prober_words)
        config = write("conf", CONF.format(url=redis.url, password=write("password", PASSWORD + "\n"), dir=path("kept")))
        targets = write("targets", f"{target}\n{gone}\n")
        prober = start([MOSPROBE, "run", "-c", config, "--targets", targets, "--output", "none"], "log")
        wait_until(lambda: redis.cli("HGET", key, "state") == "ok", "a settled target", 15)
        # Its connection is lost: lease, fence, what was not answered.
        redis.cli("CLIENT", "KILL", "TYPE", "normal")
        write("targets", f"{target}\n")
        prober.send_signal(signal.SIGHUP)
        wait_until(lambda: redis.cli("EXISTS", f"mosprobe:{{ID}}:target:{gone}") == 0, "that it is gone", 10)
        redis.cli("ZADD", "mosprobe:{ID}:mute", "+inf", "somebody")
        redis.cli("XGROUP", "CREATE", "mosprobe:{ID}:alerts", "pager", "0", "MKSTREAM")
        server.close()
        wait_until(lambda: redis.cli("ZSCORE", "mosprobe:{ID}:open", target) is not None, "an alert", 15)
        wait_until(lambda: redis.cli("HGET", "mosprobe:{ID}:prober", "consumer_lag"), "the lag of consumers", 15)
        stop(prober, signal.SIGKILL)
        prober = start([MOSPROBE, "run", "-c", config, "--targets", targets, "--output", "none"], "again.log")
        count = redis.cli("XLEN", "mosprobe:{ID}:results")
        wait_until(lambda: redis.cli("XLEN", "mosprobe:{ID}:results") > count + 1, "results", 10)
        denied = run([MOSPROBE, "check", "-c", config, "--targets", targets]).stdout
        expect("writes as prober ID" in denied, denied)
        users(redis, other_words)
        checked = run([MOSPROBE, "check", "-c", config, "--targets", targets]).stdout
        expect("fail" not in checked and PASSWORD not in checked, checked)
        tested = run([MOSPROBE, "test-alert", target, "-c", config], 40)
        expect("trigger  in the stream" in tested.stdout, tested.stdout + tested.stderr)
        equal(stop(prober), 0, "status")
        equal(redis.cli("EXISTS", "mosprobe:{ID}:lease"), 0, "the lease is let go of")
        refused = [entry for entry in redis.cli("ACL", "LOG") if entry["reason"] == "command" or entry["reason"] == "key"]
        # Of `check` before its words were allowed.
        equal({entry["object"] for entry in refused} - {"exists", "scard", "srandmember"}, set(), "what was refused")
    for log in ("log", "again.log"):
        expect("NOPERM" not in read(log) and PASSWORD not in read(log), read(log))


def test_what_is_missing_is_named():
    prober_words, _ = allowed()
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    for word, what in (("+xadd", "mosprobe:{ID}:results: NOPERM"), ("+client|kill", None), ("+set", "mosprobe:{ID}:lease: NOPERM"),
                       ("+xinfo|stream", "mosprobe:{ID}:results: NOPERM"), ("+hset", "mosprobe:{ID}:writer: NOPERM"),
                       ("~mosprobe:{ID}:*", "NOPERM")):
        with Redis() as redis:
            users(redis, [w for w in prober_words if w != word])
            config = write("conf", CONF.format(url=redis.url, password=write("password", PASSWORD + "\n"), dir=path("other")))
            words = [MOSPROBE, "run", "-c", config, "--targets",
                     write("one", f"127.0.0.1:{server.getsockname()[1]}\n"), "--output", "none"]
            if what:
                prober = start(words, "missing.log")
                wait_until(lambda: what in read("missing.log"), f"what is said without {word}", 10)
                expect("the ACL of this Redis user must allow" in read("missing.log"), read("missing.log"))
                stop(prober)
                continue
            # Only when there is somebody to fence: whose place is not taken, then, rather than shared.
            first = start(words, "first.log")
            wait_until(lambda: redis.cli("EXISTS", "mosprobe:{ID}:results"), "results", 10)
            first.send_signal(signal.SIGSTOP)
            redis.cli("DEL", "mosprobe:{ID}:lease")
            words[3] = write("conf2", read("conf").replace(path("other"), path("second")))
            second = start(words, "missing.log")
            wait_until(lambda: "CLIENT KILL: NOPERM" in read("missing.log"), "what is said", 10)
            first.send_signal(signal.SIGCONT)
            stop(second)
            stop(first)
    server.close()


if __name__ == "__main__":
    run_tests(globals())

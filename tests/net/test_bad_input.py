#!/usr/bin/python3
"""Bad input and poor machines: each gives one clear message, or a named fallback; never a crash,
never a silent default."""
import socket
import subprocess

from harness import (MOSPROBE, Redis, equal, expect, json_lines, path, run, run_tests,
                     skip_unless_stamped, start, stop, write)

BASE = """[prober]
id = bad
interval = 1s
timeout = 300ms
deny = none
[redis]
url =
"""
LOCAL = "127.78.0.1:9 samples=2\n"


def message(config, targets, *words):
    """What a run says that must end with status 2 and one message."""
    done = run([MOSPROBE, "run", "-c", write("bad.conf", config), "--targets",
                write("bad.targets", targets), "--cycles", "1", *words])
    equal(done.returncode, 2, f"status: {done.stderr}")
    equal(len(done.stderr.splitlines()), 1, f"one message: {done.stderr}")
    return done.stderr


def refused(wanted, *words, config=BASE, targets=LOCAL):
    wanted = wanted.replace("CONF", path("bad.conf")).replace("TARGETS", path("bad.targets"))
    equal(message(config, targets, *words), f"mosprobe: {wanted}\n", "message")


def contains(wanted, *words, config=BASE, targets=LOCAL):
    found = message(config, targets, *words)
    expect(wanted in found, f"{wanted!r} is not in {found}")


def test_no_targets_given():
    done = run([MOSPROBE, "run", "-c", write("bad.conf", BASE)])
    equal((done.returncode, len(done.stderr.splitlines())), (2, 1), done.stderr)
    expect("no targets" in done.stderr, done.stderr)


def test_missing_targets_file():
    done = run([MOSPROBE, "run", "-c", write("bad.conf", BASE), "--targets", "/nonexistent/t"])
    equal(done.stderr, "mosprobe: /nonexistent/t: No such file or directory\n", "message")
    equal(done.returncode, 2, "status")


def test_empty_targets():
    refused("TARGETS: no targets in it", targets="# nothing\n\n")


def test_duplicate_target():
    for line in ("bad.targets:3:", "bad.targets:1"):
        contains(line, targets="a.example\nb.example\nA.example.\n")


def test_long_name():
    contains("at most 253 characters, this has 300", targets="a" * 300 + "\n")


def test_bad_port():
    for port in ("0", "65536", "abc", "", "-1", "50 60"):
        contains("bad.targets:1:", targets=f"a.example:{port}\n")


def test_label_with_newline():
    contains("quote", targets='a.example tenant="Acme\nGmbH"\n')


def test_unknown_key():
    contains("bad.conf:2: [prober]", config="[prober]\nintervall = 1s\n")
    contains("interval", config="[prober]\nintervall = 1s\n")


def test_unknown_section():
    contains("alert", config="[allert]\nwarning = 3\n")


def test_nul_byte():
    contains("NUL", config="[prober]\nid = a\0b\n")


def test_value_out_of_range():
    refused("CONF:2: [alert] warning = 7.0: must be from 1.0 to 4.5",
            config="[alert]\nwarning = 7.0\n")


def test_unknown_option():
    done = run([MOSPROBE, "run", "--intervall", "1s"])
    equal(done.returncode, 2, "status")
    expect("--intervall" in done.stderr, done.stderr)


def test_unknown_verb():
    done = run([MOSPROBE, "rum"])
    equal((done.returncode, "rum" in done.stderr), (2, True), done.stderr)


def works(words, prefix=(), config=BASE, seconds=20):
    """A run that must do its work; returns its results and its log."""
    conf = write("bad.conf", config)
    write("bad.targets", LOCAL)
    done = run([*prefix, MOSPROBE, "run", "-c", conf, "--targets", path("bad.targets"), "--cycles",
                "1", "--output", "jsonl", *words], seconds)
    equal(done.returncode, 0, f"status: {done.stderr}")
    results = json_lines(done.stdout)
    equal(len(results), 1, "results")
    equal(results[0]["error"], "refused", "error")
    return done.stderr


def test_redis_not_there():
    text = works(["--redis", "unix:///nonexistent/redis.sock"])
    expect("redis" in text.lower() and "No such file" in text, text)


def test_redis_silent():
    """A connection that accepts and says nothing."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path("mute.sock"))
        listener.listen(8)
        works(["--redis", f"unix://{path('mute.sock')}"])


def test_redis_password():
    with Redis("--requirepass", "secret-of-this-test") as redis:
        def with_password(password):
            file = write("password", password)
            return works([], config=BASE.replace("url =",
                                                 f"url = {redis.url}\npassword_file = {file}"))

        text = works(["--redis", redis.url])
        expect("password" in text.lower(), text)
        text = with_password("nope")
        expect("WRONGPASS" in text or "password" in text.lower(), text)
        expect("nope" not in text, "a password in the log")
        text = with_password("secret-of-this-test")
        expect("written=1 " in text, text)
        expect("secret-of-this-test" not in text, "a password in the log")


def test_redis_wrong_type():
    with Redis() as redis:
        redis.cli("SET", "mosprobe:{bad}:results", "somebody else's")
        text = works(["--redis", redis.url])
        expect("WRONGTYPE" in text, text)


def test_no_bpf_privilege():
    text = works([], prefix=["setpriv", "--bounding-set=-all", "--inh-caps=-all"])
    expect("TCP_INFO" in text and "no stamps in the kernel" in text, text)


def test_no_bpf_privilege_but_wanted():
    write("bad.targets", LOCAL)
    done = run(["setpriv", "--bounding-set=-all", "--inh-caps=-all", MOSPROBE, "run", "-c",
                write("bad.conf", BASE), "--targets", path("bad.targets"), "--stamps", "bpf"])
    equal(done.returncode, 1, "status")
    equal(len(done.stderr.splitlines()), 1, done.stderr)
    expect("BPF" in done.stderr, done.stderr)


def test_no_cgroup2():
    mount = next(line.split()[1] for line in open("/proc/self/mounts", encoding="utf-8")
                 if line.split()[2] == "cgroup2")
    text = works([], prefix=["unshare", "-m", "sh", "-c", f"umount {mount} && exec \"$@\"", "sh"])
    expect("no cgroup2 is mounted" in text and "TCP_INFO" in text, text)


def test_few_descriptors():
    works([], prefix=["prlimit", "--nofile=64:64"])


def test_too_few_descriptors():
    write("bad.targets", LOCAL)
    done = run(["prlimit", "--nofile=20:20", MOSPROBE, "run", "-c", write("bad.conf", BASE),
                "--targets", path("bad.targets")])
    equal(done.returncode, 1, "status")
    expect("RLIMIT_NOFILE" in done.stderr, done.stderr)


def test_tcp_info_answers():
    """Without BPF the latency comes from TCP_INFO, and the result says so."""
    with socket.create_server(("127.78.0.2", 8070)):
        done = run([MOSPROBE, "run", "-c", write("bad.conf", BASE), "--targets",
                    write("bad.targets", "127.78.0.2:8070\n"), "--cycles", "1", "--output", "jsonl",
                    "--stamps", "tcp_info"])
    result = json_lines(done.stdout)[0]
    equal((result["stamp_source"], result["outcome"]), ("tcp_info", "ok"), "result")
    expect(0 < result["latency_ms"] < 5, f"latency {result['latency_ms']}")


def test_denied_by_default():
    done = run([MOSPROBE, "probe", "127.0.0.1", "--json"])
    equal(done.returncode, 1, "status")
    lines = json_lines(done.stdout)
    expect(all((line["outcome"], line["note"]) == ("skipped", "denied") for line in lines
               if line["type"] == "sample"), done.stdout)


def test_closed_pipe():
    """A reader that goes away ends the run, quietly."""
    write("bad.targets", LOCAL)
    prober = start([MOSPROBE, "run", "-c", write("bad.conf", BASE), "--targets",
                    path("bad.targets"), "--output", "jsonl"], "pipe.log", stdout=subprocess.PIPE)
    expect(prober.stdout.readline().startswith(b"{"), "a result")
    prober.stdout.close()
    prober.wait(timeout=10)
    equal(stop(prober), 0, "status")


if __name__ == "__main__":
    skip_unless_stamped()
    run_tests(globals())

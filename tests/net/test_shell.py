#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What surrounds a prober and is not as it should be: files that others may write or read, a full disk, a terminal that goes
away, a locale with decimal commas, another time zone."""
import os
import re
import signal
import socket

from harness import (MOSPROBE, Redis, equal, expect, folder, free_port, json_lines, path, read, run, run_tests,
                     skip_unless_root, start, stop, wait_until, write)
from viewing import Terminal, comma_locale
from watching import scrape

ADDRESS = "127.79.9.1"
CONF = """[prober]
id = shell
targets = targets
interval = 1s
timeout = 300ms
samples = 4
deny = none
output = {output}
{prober}
[alert]
warning = 3.55
[guard]
window = 0s
[redis]
url = {url}
{redis}
{more}
"""
NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]


def conf(name="conf", url="", output="jsonl", prober="", redis="", more="", mode=0o644):
    write(f"{name}", CONF.format(url=url, output=output, prober=prober, redis=redis, more=more))
    os.chmod(path(name), mode)
    return path(name)


def once(config, prefix=()):
    return run([*prefix, MOSPROBE, "run", "-c", config, "--cycles", "1"], 20)


def refused(config, status, said, prefix=()):
    done = once(config, prefix)
    equal((done.returncode, done.stderr), (status, f"mosprobe: {said}\n"), "status, and one message")


def works(config, prefix=()):
    done = once(config, prefix)
    equal((done.returncode, len(json_lines(done.stdout))), (0, 1), f"status, results: {done.stderr}")
    return done.stderr


def checked(config, what):
    """(verdict, what is said) of a line of `check`."""
    lines = [line.split(maxsplit=2) for line in run([MOSPROBE, "check", "-c", config]).stdout.splitlines()]
    found = [(line[0], line[2]) for line in lines if line[1] == what]
    equal(len(found), 1, f"lines about {what}: {lines}")
    return found[0]


def test_files_that_cannot_be_read():
    secret = write("secret", "x\n")
    os.chmod(secret, 0o600)
    refused(conf(mode=0o600), 2, f"{path('conf')}: Permission denied", NOBODY)
    refused(conf(redis=f"password_file = {secret}"), 2, f"{secret}: Permission denied", NOBODY)
    works(conf(mode=0o600))


def test_a_configuration_that_anybody_may_write_to():
    said = f"{path('conf')}: anybody may write to it (mode 666): chmod o-w"
    refused(conf(mode=0o666), 2, said)
    equal(checked(path("conf"), "configuration"), ("fail", said), "check")
    works(conf(mode=0o664))
    prober = start([MOSPROBE, "run", "-c", conf(output="none")], "reload.log")
    wait_until(lambda: "event=rights_left" in read("reload.log"), "its start")
    os.chmod(path("conf"), 0o646)
    prober.send_signal(signal.SIGHUP)
    wait_until(lambda: "(mode 646): chmod o-w" in read("reload.log"), "that a reload refuses it")
    equal(stop(prober), 0, "status")


def test_a_password_file_that_others_may_write_or_read():
    file = write("password", "secret-of-this-test\n")
    with Redis("--requirepass", "secret-of-this-test") as redis:
        config = conf(url=redis.url, redis=f"password_file = {file}")
        os.chmod(file, 0o602)
        refused(config, 2, f"{file}: anybody may write to it (mode 602): chmod o-w")
        equal(checked(config, "redis")[0], "fail", "check")
        for mode, who in ((0o640, "its group"), (0o644, "anybody")):
            os.chmod(file, mode)
            said = f"{file}: {who} may read the password (mode {mode:o}): chmod 600"
            expect(f'event=password_exposed why="{said}"\n' in works(config), said)
            equal(checked(config, "password_file"), ("warn", said), "check")
        os.chmod(file, 0o600)
        expect("may read" not in works(config), "a warning")
        equal(checked(config, "password_file"), ("ok", f"{file}: its owner's alone"), "check")


def test_a_state_dir_that_is_not_ours_alone():
    state = path("state")
    os.mkdir(state)
    config = conf(prober=f"state_dir = {state}")
    os.chmod(state, 0o1777)
    refused(config, 1, f"state_dir {state}: anybody may write there: chmod o-w")
    # Root has no more right to it than anybody by then.
    os.chmod(state, 0o700)
    os.chown(state, 65534, 65534)
    expect("another user" not in works(config, NOBODY), "a warning to its owner")
    said = ("warning: whose folder it is can change what is known of targets event=state_owner "
            f'state_dir={state} why="belongs to another user (uid 65534)"')
    done = once(config)
    equal((done.returncode, done.stderr.splitlines()),
          (1, [f"mosprobe: {said}", f"mosprobe: state_dir {state}: Permission denied"]), "another's")
    for name in os.listdir(state):
        os.unlink(f"{state}/{name}")
    os.chown(state, 65534, 0)
    os.chmod(state, 0o770)
    expect(f"{said}\n" in works(config), said)
    os.chown(state, 0, 0)
    # Who could write there once has left a link.
    victim = write("victim", "precious\n")
    os.unlink(f"{state}/lock")
    os.symlink(victim, f"{state}/lock")
    refused(config, 1, f"state_dir {state}: lock: Too many levels of symbolic links")
    equal(read("victim"), "precious\n", "what the link names")


def test_a_full_disk():
    """Probing goes on, and that it is full is told once; when there is room again it remembers as before."""
    small = path("small")
    os.mkdir(small)
    equal(run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "mosprobe-test", small]).returncode, 0, "mount")
    try:
        with Redis() as redis:
            config = conf("full.conf", redis.url, "none", f"state_dir = {small}")
            prober = start([MOSPROBE, "run", "-c", config], "full.log")
            results = lambda: redis.cli("XLEN", "mosprobe:{shell}:results")
            fill = lambda: run(["dd", "if=/dev/zero", f"of={small}/filler", "bs=4k"])
            wait_until(lambda: "event=rights_left" in read("full.log"), "its start")
            fill()
            wait_until(lambda: "No space left" in read("full.log"), "that it is said")
            before = results()
            wait_until(lambda: results() >= before + 3, "more results")
            told = [line for line in read("full.log").splitlines() if "No space left" in line]
            equal(len(told), len(set(told)), f"each is told once: {told}")
            os.unlink(f"{small}/filler")
            before = results()
            wait_until(lambda: results() >= before + 3, "results after it")
            stop(prober, signal.SIGKILL)
            done = start([MOSPROBE, "run", "-c", config], "again.log")
            wait_until(lambda: "restored=1 targets=1" in read("again.log"), "what was remembered")
            stop(done)
    finally:
        run(["umount", small])


def test_check_tells_of_the_metrics():
    port = free_port()
    config = conf(more=f"[metrics]\nlisten = {port}")
    equal(checked(config, "metrics"), ("ok", f"{port} is free"), "free")
    with socket.create_server(("127.0.0.1", port)):
        said = f"cannot listen at 127.0.0.1 port {port}: Address already in use"
        equal(checked(config, "metrics"), ("warn", f"{said}: by the prober that runs, or another port must be found"), "in use")
        refused(config, 1, f"[metrics] listen = {port}: {said}")
    config = conf(more="[metrics]\nlisten = 192.0.2.1:9317")
    equal(checked(config, "metrics"), ("fail", "cannot listen at 192.0.2.1 port 9317: Cannot assign requested address"),
          "an address that is not here")
    equal(checked(conf(), "metrics"), ("ok", "off: [metrics] listen"), "none")


def test_a_terminal_that_goes_away():
    """A table ends with it, in order; one that prints nothing there goes on."""
    with Redis() as redis:
        results = lambda: redis.cli("XLEN", "mosprobe:{shell}:results")
        for controls in (True, False):
            redis.cli("FLUSHALL")
            table = Terminal(["run", "-c", conf(url=redis.url, output="table")], controls, "table.log")
            wait_until(lambda: b"mosprobe shell: 1 target" in table.read(0.2), "the table")
            wait_until(results, "a result")
            os.close(table.master)
            equal(table.ended(), 0, "status")
            expect("event=output_gone" in read("table.log"), read("table.log"))
            expect(" unwritten=0" in read("table.log"), "all is in Redis")
        redis.cli("FLUSHALL")
        quiet = Terminal(["run", "-c", conf(url=redis.url, output="none")], True, errors=True)
        wait_until(results, "a result")
        os.close(quiet.master)
        before = results()
        wait_until(lambda: results() >= before + 2, "more results")
        equal(stop(quiet.process), 0, "status")


def test_a_locale_with_decimal_commas():
    commas = comma_locale()
    environment = {**os.environ, **commas}
    number = re.compile(r"\d,\d")
    with Redis() as redis:
        port = free_port()
        config = conf(url=redis.url, more=f"[metrics]\nlisten = {port}")
        with open(path("commas.out"), "w", encoding="utf-8") as out:
            prober = start([MOSPROBE, "run", "-c", config], "commas.log", stdout=out, env=environment)
        wait_until(lambda: json_lines(read("commas.out")), "a result")
        series = scrape(port)
        expect(0 < series["mosprobe_turn_seconds_sum"] < 20, "a metric with a fraction")
        top = Terminal(["top", "-c", config], True, **commas)
        screen = top.read(1.5)
        expect(b"MOS 1.0" in screen and b"4.5" in screen, screen)
        os.write(top.master, b"q")
        equal(top.ended(), 0, "status of top")
        os.close(top.master)
        stop(prober)
        result = json_lines(read("commas.out"))[0]
        expect(isinstance(result["latency_ms"], float) and isinstance(result["mos"], float), f"numbers: {result}")
        for _, _, fields in redis.stream("mosprobe:{shell}:results"):
            expect(4 < float(fields["mos"]) < 4.5, f"in Redis: {fields}")
            equal([value for value in fields.values() if number.search(value)], [], "commas in Redis")
        expect("late_p99_ms=" in read("commas.log") and not number.search(read("commas.log")), read("commas.log"))
    table = run([MOSPROBE, "run", "-c", conf(output="table"), "--cycles", "1"], env=environment).stdout
    expect(re.search(r"\d\.\d", table) and not number.search(table), table)
    words = [MOSPROBE, "score", "--rtt-ms", "80.5", "--jitter-ms", "4.25", "--loss-pct", "1.5"]
    for more in ([], ["--json"]):
        equal(run(words + more, env=environment).stdout, run(words + more, env={**os.environ, "LC_ALL": "C"}).stdout, "score")
    rows = "rtt_ms,jitter_ms,loss_pct,codec\n80.5,4.25,1.5,g711\n"
    equal(run([MOSPROBE, "score", "--csv"], input=rows, env=environment).stdout.splitlines()[1].count(","), 5, "columns of CSV")


def test_another_time_zone():
    """All times are UTC: no function of local time is linked, so neither TZ nor /etc/localtime can move anything, whenever
    they change. What stands on the screen says the same."""
    linked = {line.split()[-1].split("@")[0] for line in run(["nm", "-D", MOSPROBE]).stdout.splitlines()}
    expect("gmtime_r" in linked, linked)
    equal(sorted(name for name in linked if re.match("localtime|mktime|timelocal|tzset|tzname|ctime|daylight", name)), [],
          "functions of local time")
    pages = []
    with Redis() as redis:
        config = conf(url=redis.url)
        works(config)
        name = read("targets").strip()
        for zone in ("UTC", "Asia/Kolkata", "Pacific/Kiritimati"):
            page = run([MOSPROBE, "card", name, "-c", config], env={**os.environ, "TZ": zone}).stdout
            pages.append(re.sub(r"measured \d+ s ago|for \d+ s", "", page))
    expect("MOS" in pages[0], pages[0])
    equal(pages[1:], pages[:1] * 2, "a card")


if __name__ == "__main__":
    skip_unless_root("users and a file system of its own")
    os.chmod(folder(), 0o755)
    server = socket.create_server((ADDRESS, 0), backlog=1024)
    write("targets", f"{ADDRESS}:{server.getsockname()[1]}\n")
    run_tests(globals())

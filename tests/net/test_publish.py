#!/usr/bin/python3
"""The publisher against real Redis servers, each private, on a Unix socket in a temporary folder.

Runs from the root of the tree; B is the build folder with tests/net/publish_driver. TAP on standard
output.
"""
import collections
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

DRIVER = os.path.join(os.environ.get("B", "build"), "tests/net/publish_driver")
RESULT_FIELDS = """v prober target host port addr at_ms cycle n answered failed sent lost latency_ms
jitter_ms stddev_ms latency_rise_ms loss_pct fail_pct r mos_cycle mos band state cause r_base r_delay
r_jitter r_loss r_codec r_failed outcome error stamp_source impaired label.tenant label.site""".split()
ALERT_FIELDS = """v event_id kind event_action severity state previous_state dedup_key incident_key
prober target host port addr at_ms since_ms held_ms seq reason threshold mos latency_ms jitter_ms
loss_pct fail_pct n cause outcome error low_min_24h alerts_24h suppressed_by summary label.tenant
label.site""".split()
NOT_IN_HASH = {"prober", "target", "host", "port", "label.tenant", "label.site"}
STATE_FIELDS = {"since_ms", "seq", "event_id", "dedup_key", "result_id", "alert_id", "low_min_24h",
                "alerts_24h"}
RESULTS = "mosprobe:{driver}:results"
ALERTS = "mosprobe:{driver}:alerts"


class Redis:
    """One redis-server, started and ended by us."""

    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="mosprobe-")
        self.path = self.folder + "/redis.sock"
        self.url = "unix://" + self.path
        self.options = options
        self.password = None
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--daemonize", "no",
             "--dir", self.folder, "--logfile", self.folder + "/log", "--save", "",
             *self.options])
        wait_until(lambda: self.answers(), 10, "redis-server answers")

    def answers(self):
        done = subprocess.run(["redis-cli", "-s", self.path, "ping"], capture_output=True,
                              check=False)
        return b"PONG" in done.stdout or b"NOAUTH" in done.stdout

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def cli(self, *words):
        command = ["redis-cli", "-s", self.path, "-3", "--json"]
        if self.password:
            command += ["--no-auth-warning", "-a", self.password]
        done = subprocess.run(command + [str(word) for word in words], capture_output=True,
                              check=True)
        return json.loads(done.stdout)

    def stream(self, key):
        """[(id, [names], {name: value})]"""
        entries = []
        for entry_id, words in self.cli("XRANGE", key, "-", "+"):
            entries.append((entry_id, words[::2], dict(zip(words[::2], words[1::2]))))
        return entries


class Driver:
    def __init__(self, url, **options):
        words = [f"{name}={value}" for name, value in options.items()]
        self.process = subprocess.Popen([DRIVER, "url=" + url, *words], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.log = []
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip())

    def lines(self, text):
        return [line for line in self.log if text in line]

    def end(self):
        """Its counters."""
        out = self.process.stdout.read()
        self.process.wait(timeout=60)
        self.reader.join()
        assert self.process.returncode == 0, f"driver ended {self.process.returncode}: {self.log}"
        return json.loads(out)


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def same(found, expected, what):
    assert found == expected, f"{what}: {found!r}, expected {expected!r}"


def id_key(entry_id):
    return tuple(int(part) for part in entry_id.split("-"))


def assert_exactly_once(redis, counters, dropped=0):
    results = redis.stream(RESULTS)
    seen = collections.Counter((f["target"], f["cycle"]) for _, _, f in results)
    twice = [key for key, times in seen.items() if times > 1]
    same(twice, [], "results that stand twice")
    same(len(seen), counters["results"] - dropped, "results")
    seqs = sorted(int(f["seq"]) for _, _, f in redis.stream(ALERTS))
    same(seqs, list(range(1, counters["transitions"] + 1)), "sequence numbers of the alerts")
    same(counters["written"], len(seen) + len(seqs), "written")
    same(counters["dropped"], dropped, "dropped")
    for key in (RESULTS, ALERTS):
        ids = [id_key(entry_id) for entry_id, _, _ in redis.stream(key)]
        same(ids, sorted(set(ids)), "ids rise")
    return results


def assert_hashes_are_newest(redis, results):
    newest = {f["target"]: (entry_id, f) for entry_id, _, f in results}
    for target, (entry_id, fields) in newest.items():
        found = redis.cli("HGETALL", f"mosprobe:{{driver}}:target:{target}")
        same(found["result_id"], entry_id, f"result_id of {target}")
        same(found["cycle"], fields["cycle"], f"cycle of {target}")


def test_fields_and_keys():
    with Redis() as redis:
        # What a former process left behind.
        for key in ("worst", "open"):
            redis.cli("ZADD", f"mosprobe:{{driver}}:{key}", 1, "gone.example.com:5060")
        for key in ("unverified", "muted"):
            redis.cli("SADD", f"mosprobe:{{driver}}:{key}", "gone.example.com:5060")
        driver = Driver(redis.url, results=1050, targets=100, every=10)
        counters = driver.end()
        results = assert_exactly_once(redis, counters)
        alerts = redis.stream(ALERTS)
        for _, names, fields in results:
            same(names, RESULT_FIELDS, "fields of a result")
            same(fields["latency_rise_ms"], "", "what does not exist")
        for _, names, fields in alerts:
            same(names, ALERT_FIELDS, "fields of an alert")
        same(alerts[0][2]["event_action"], "trigger", "event_action")
        same(len(driver.lines("connected, version")), 1, "connected is said once")

        newest = {f["target"]: (entry_id, f) for entry_id, _, f in results}
        alert_ids = {f["target"]: entry_id for entry_id, _, f in alerts}
        for target, (entry_id, fields) in newest.items():
            key = f"mosprobe:{{driver}}:target:{target}"
            found = redis.cli("HGETALL", key)
            same(set(found), set(RESULT_FIELDS) - NOT_IN_HASH | STATE_FIELDS, "fields of a hash")
            same(found["result_id"], entry_id, "result_id")
            same(found["alert_id"], alert_ids.get(target, ""), "alert_id")
            for name in set(RESULT_FIELDS) - NOT_IN_HASH:
                same(found[name], fields[name], f"{name} in the hash of {target}")
            same(redis.cli("OBJECT", "ENCODING", key), "listpack", "encoding")

        def number(target):
            return int(target[3:].split(".")[0])

        worst = redis.cli("ZRANGE", "mosprobe:{driver}:worst", 0, -1, "WITHSCORES")
        scores = dict(worst if isinstance(worst[0], list) else zip(worst[::2], worst[1::2]))
        same(set(scores), {t for t in newest if number(t) % 10 > 1}, "members of worst")
        for target, score in scores.items():
            assert abs(float(score) - float(newest[target][1]["mos"])) < 1e-9, "score of worst"
        same(set(redis.cli("SMEMBERS", "mosprobe:{driver}:unverified")),
             {t for t in newest if number(t) % 10 == 0}, "unverified")
        same(set(redis.cli("SMEMBERS", "mosprobe:{driver}:muted")),
             {t for t in newest if number(t) % 10 == 1}, "muted")
        opened = redis.cli("ZRANGE", "mosprobe:{driver}:open", 0, -1, "WITHSCORES")
        opened = dict(opened if isinstance(opened[0], list) else zip(opened[::2], opened[1::2]))
        same({t: int(float(s)) for t, s in opened.items()},
             {t: 1764000000000 + number(t) for t in newest if number(t) % 10 in (2, 3)}, "open")


def test_heartbeat():
    with Redis() as redis:
        counters = Driver(redis.url, results=300, rate=200).end()
        found = redis.cli("HGETALL", "mosprobe:{driver}:prober")
        left = redis.cli("PTTL", "mosprobe:{driver}:prober")
        assert 0 < left <= 180000, f"expires in {left} ms"
        for name in ("v", "version", "started_ms", "spool_depth", "spool_age_ms", "dropped",
                     "written", "queue_refused", "targets_ok", "local_error_no_port"):
            assert found[name] != "", f"{name} is empty"
        assert 0 < int(found["written"]) <= counters["written"], found["written"]
        same(redis.cli("SMEMBERS", "mosprobe:probers"), ["driver"], "probers")


def test_what_redis_forgot():
    """A Redis that comes back empty, and one whose keys are deleted, get all of it again."""
    with Redis() as redis:
        driver = Driver(redis.url, results=2500, rate=500, targets=20, heartbeats=1, every=100)
        time.sleep(1)
        redis.kill()
        redis.start()
        wait_until(lambda: redis.cli("EXISTS", "mosprobe:{driver}:prober") == 1, 3,
                   "the last heartbeat is written again")
        time.sleep(1)
        redis.cli("FLUSHDB")
        driver.end()
        for number in range(20):
            found = redis.cli("HGETALL", f"mosprobe:{{driver}}:target:pbx{number}.example.com:5060")
            same(set(found), set(RESULT_FIELDS) - NOT_IN_HASH | STATE_FIELDS, "fields of a hash")
        same(redis.cli("SCARD", "mosprobe:{driver}:muted"), 2, "muted")
        same(redis.cli("ZCARD", "mosprobe:{driver}:open"), 4, "open")


def test_tcp_and_database():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Redis("--port", str(port), "--bind", "127.0.0.1") as redis:
        for url in (f"redis://localhost:{port}/3", f"redis://127.0.0.1:{port}/4",
                    f"{redis.url}?db=5"):
            same(Driver(url, results=50).end()["written"], 50, f"written to {url}")
            done = subprocess.run(["redis-cli", "-s", redis.path, "-n", url[-1], "XLEN", RESULTS],
                                  capture_output=True, check=True, text=True)
            same(done.stdout.strip(), "50", f"results in {url}")
        for url in ("redis://user:secret@localhost", "http://localhost", "redis://", "unix://x",
                    f"redis://localhost:{port}/x", "redis://[::1", "unix:///" + 200 * "x"):
            done = subprocess.run([DRIVER, "check=1", "url=" + url], capture_output=True,
                                  text=True, check=False)
            assert done.returncode, f"{url} is accepted"
            assert "secret" not in done.stdout + done.stderr, "a password is shown"


def test_ids_go_on_from_the_last():
    with Redis() as redis:
        future = (int(time.time()) + 3600) * 1000
        redis.cli("XADD", RESULTS, f"{future}-7", "old", "entry")
        redis.cli("XDEL", RESULTS, f"{future}-7")  # the last id stays
        driver = Driver(redis.url, results=2000, rate=1000, every=100)
        time.sleep(0.8)
        # And somebody else goes further ahead in the middle of it.
        redis.cli("XADD", RESULTS, f"{future + 1000}-0", "other", "writer")
        counters = driver.end()
        redis.cli("XDEL", RESULTS, f"{future + 1000}-0")
        results = assert_exactly_once(redis, counters)
        assert id_key(results[0][0]) > (future, 7), results[0][0]
        assert id_key(results[-1][0]) > (future + 1000, 0), results[-1][0]
        same(len(driver.lines("equal or smaller")), 1, "said once")


def test_killed_and_restarted():
    with Redis("--appendonly", "yes") as redis:
        driver = Driver(redis.url, results=30000, rate=6000, every=20, targets=500, stop=30)
        for _ in range(3):
            time.sleep(0.9)
            redis.kill()
            time.sleep(0.3)
            redis.start()
        counters = driver.end()
        results = assert_exactly_once(redis, counters)
        assert_hashes_are_newest(redis, results)
        assert counters["reconnects"] >= 3, counters


def stalled(stall, go_on):
    """More than the time-out for answers: given up, and what stood in the socket comes later."""
    with Redis() as redis:
        driver = Driver(redis.url, results=16000, rate=2000, every=20, targets=500, stop=30)
        time.sleep(1)
        stall(redis)
        time.sleep(6.5)
        go_on(redis)
        counters = driver.end()
        results = assert_exactly_once(redis, counters)
        assert_hashes_are_newest(redis, results)
        assert counters["reconnects"] >= 1, counters
        same(len(driver.lines("no answer comes")), 1, "said once")


def test_stopped_redis():
    stalled(lambda redis: redis.process.send_signal(signal.SIGSTOP),
            lambda redis: redis.process.send_signal(signal.SIGCONT))


def test_paused_clients():
    stalled(lambda redis: redis.cli("CLIENT", "PAUSE", 6400, "ALL"), lambda redis: None)


def test_spool_bound():
    redis = Redis()
    try:
        # 224 bytes a result: the bound is between 1,000 and 1,200 of them.
        driver = Driver(redis.url, results=5000, every=10, spool="256KiB", targets=50, stop=20)
        wait_until(lambda: driver.lines("the oldest are dropped"), 5, "dropping is said")
        redis.start()
        counters = driver.end()
        assert 3700 < counters["dropped"] < 4100, counters
        results = assert_exactly_once(redis, counters, counters["dropped"])
        oldest = int(results[0][2]["cycle"]) * 50 + int(results[0][2]["target"][3:].split(".")[0])
        same(oldest, counters["dropped"], "the oldest result that is left")
        same(len(driver.lines(f"{counters['dropped']} results were dropped in all")), 1, "told")
        same(len(driver.lines("cannot connect")), 1, "told once that nobody is there")
    finally:
        redis.__exit__()


def test_passwords():
    with Redis("--requirepass", "right") as redis:
        redis.password = "right"
        driver = Driver(redis.url, results=100, stop=1, password="wrong")
        same(driver.end()["written"], 0, "written")
        same(len(driver.lines("WRONGPASS")), 1, f"clear messages {driver.log}")
        assert not [line for line in driver.log if "wrong\"" in line], "the password is not told"
        driver = Driver(redis.url, results=100, stop=1)
        same(driver.end()["written"], 0, "written")
        same(len(driver.lines("NOAUTH")), 1, f"clear messages {driver.log}")
        counters = Driver(redis.url, results=100, password="right").end()
        assert_exactly_once(redis, counters)
        redis.cli("ACL", "SETUSER", "prober", "on", ">pw", "~mosprobe:*", "+@all", "-info")
        counters = Driver(redis.url, results=100, username="prober", password="pw").end()
        same(counters["written"], 100, "written as a user who may not ask INFO")


def test_wrong_type():
    with Redis() as redis:
        redis.cli("SET", RESULTS, "something else")
        driver = Driver(redis.url, results=1000, rate=1000, every=10, stop=15)
        wait_until(lambda: redis.cli("XLEN", ALERTS) == 100, 5, "alerts come all the same")
        same(len(driver.lines("WRONGTYPE")), 1, "said once")
        assert RESULTS in driver.lines("WRONGTYPE")[0], "the key is named"
        redis.cli("DEL", RESULTS)
        assert_exactly_once(redis, driver.end())
        same(len(driver.lines("takes entries again")), 1, "the end is said too")


def test_out_of_memory():
    with Redis() as redis:
        driver = Driver(redis.url, results=10000, rate=4000, every=20, stop=20, targets=300)
        time.sleep(0.7)
        redis.cli("CONFIG", "SET", "maxmemory", "1mb")
        time.sleep(1.5)
        redis.cli("CONFIG", "SET", "maxmemory", "0")
        counters = driver.end()
        results = assert_exactly_once(redis, counters)
        assert_hashes_are_newest(redis, results)
        assert driver.lines("OOM"), driver.log
        same(counters["reconnects"], 0, "reconnects")


def test_replica():
    with Redis() as redis:
        driver = Driver(redis.url, results=4000, rate=2000, every=20, stop=20)
        time.sleep(0.7)
        redis.cli("CONFIG", "SET", "replica-serve-stale-data", "yes")
        redis.cli("REPLICAOF", "127.0.0.1", "1")
        time.sleep(0.7)
        redis.cli("REPLICAOF", "NO", "ONE")
        counters = driver.end()
        assert_exactly_once(redis, counters)
        assert counters["reconnects"] >= 1, counters
        same(len(driver.lines("this is a replica")), 1, f"said once {driver.log}")


def test_strange_servers():
    for answer, said in ((None, "no answer comes"), (b"HTTP/1.1 400 Bad Request\r\n\r\n",
                                                    "is that a Redis?")):
        with tempfile.TemporaryDirectory(prefix="mosprobe-") as folder, \
                socket.socket(socket.AF_UNIX) as server:
            server.bind(folder + "/s")
            server.listen(64)
            clients = []

            def serve():
                try:
                    while True:
                        client = server.accept()[0]
                        clients.append(client)
                        if answer:
                            client.sendall(answer)
                except OSError:
                    pass

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            driver = Driver(f"unix://{folder}/s", results=100, stop=6 if answer is None else 1)
            counters = driver.end()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for client in clients:
                client.close()
            same(counters["written"], 0, "written")
            same(len(driver.lines(said)), 1, f"clear messages {driver.log}")
            same(len(driver.lines("100 entries were not published")), 1, "what is lost is told")


def test_check():
    def check(url, **options):
        words = [f"{name}={value}" for name, value in options.items()]
        done = subprocess.run([DRIVER, "check=1", "url=" + url, *words], capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout

    with Redis() as redis:
        Driver(redis.url, results=12).end()
        code, text = check(redis.url)
        same(code, 0, "exit status")
        assert f"at {redis.url}, results hold 12 of 1000000 entries" in text, text
        assert check(redis.url + "?db=99")[0] == 1, "no such database"
        assert check(redis.url, password="x")[0] == 1, "a password that is not asked for"
        redis.cli("DEL", RESULTS)
        redis.cli("SET", RESULTS, "x")
        code, text = check(redis.url)
        assert code == 1 and "WRONGTYPE" in text, text
        url = redis.url
    code, text = check(url)
    assert code == 1 and "is redis-server running there?" in text, text


def test_trimming():
    with Redis() as redis:
        counters = Driver(redis.url, results=20000, results_maxlen=1000, every=100).end()
        same(counters["written"], 20200, "written")
        length = redis.cli("XLEN", RESULTS)
        assert 1000 <= length < 2000, f"{length} entries"
        same(redis.cli("XLEN", ALERTS), 200, "alerts make no room for results")


def test_rate():
    with Redis() as redis:
        counters = Driver(redis.url, results=200000, targets=20000, every=1000, heartbeats=0,
                          stop=60).end()
        same(counters["written"], 200200, "written")
        rate = counters["results"] / counters["seconds"]
        print(f"# {rate:.0f} results a second, "
              f"{1e6 * counters['cpu_seconds'] / counters['results']:.1f} us of CPU each "
              "(the driver's own part included)")
        assert rate > 5000, f"{rate:.0f} results a second"


TESTS = [
    test_fields_and_keys, test_heartbeat, test_what_redis_forgot, test_tcp_and_database,
    test_ids_go_on_from_the_last, test_killed_and_restarted, test_stopped_redis,
    test_paused_clients, test_spool_bound, test_passwords, test_wrong_type, test_out_of_memory,
    test_replica, test_strange_servers, test_check, test_trimming, test_rate,
]


def main():
    if not os.access(DRIVER, os.X_OK):
        print(f"Bail out! {DRIVER} is not built")
        return 1
    tests = [test for test in TESTS if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]]
    failed = 0
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        name = test.__name__[5:].replace("_", " ")
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError, LookupError,
                ValueError) as error:
            failed += 1
            print(f"not ok {number} - {name}")
            for line in f"{type(error).__name__}: {error}".splitlines():
                print(f"# {line[:1000]}", flush=True)
    return 1 if failed else 0


sys.exit(main())

#!/usr/bin/python3
"""What the publisher writes into a Redis that is well: fields, keys, ids, bounds, access, rate."""
import collections
import statistics
import struct
import subprocess
import time

from harness import ALERT_FIELDS, RESULT_FIELDS, Redis, equal, expect, free_port, run_tests, wait_until
from publishing import (ALERTS, DRIVER, HASH_FIELDS, IN_KEY, RESULTS, Driver, check, exactly_once,
                        id_key, number, target_hash)

LABELS = ["label.tenant", "label.site"]


def test_fields_and_keys():
    with Redis() as redis:
        # What a former process left behind.
        for key in ("worst", "open"):
            redis.cli("ZADD", f"mosprobe:{{driver}}:{key}", 1, "gone.example.com:5060")
        for key in ("unverified", "muted"):
            redis.cli("SADD", f"mosprobe:{{driver}}:{key}", "gone.example.com:5060")
        driver = Driver(redis.url, results=1050, targets=100, every=10)
        results = exactly_once(redis, driver.end())
        alerts = redis.stream(ALERTS)
        for _, names, fields in results:
            equal(names, RESULT_FIELDS + LABELS, "fields of a result")
            equal(fields["latency_rise_ms"], "", "what does not exist")
        for _, names, fields in alerts:
            equal(names, ALERT_FIELDS + LABELS, "fields of an alert")
        equal(alerts[0][2]["event_action"], "trigger", "event_action")
        equal(len(driver.lines("event=redis_connected")), 1, "connected is said once")
        newest = {f["target"]: (entry_id, f) for entry_id, _, f in results}
        hashes(redis, newest, {f["target"]: entry_id for entry_id, _, f in alerts})
        sets(redis, newest)


def hashes(redis, newest, alert_ids):
    for target, (entry_id, fields) in newest.items():
        found = target_hash(redis, target)
        equal(set(found), HASH_FIELDS, "fields of a hash")
        equal(found["result_id"], entry_id, "result_id")
        equal(found["alert_id"], alert_ids.get(target, ""), "alert_id")
        for name in set(RESULT_FIELDS) - IN_KEY:
            equal(found[name], fields[name], f"{name} in the hash of {target}")
        equal(redis.cli("OBJECT", "ENCODING", f"mosprobe:{{driver}}:target:{target}"), "listpack",
              "encoding")


def sets(redis, newest):
    def of(*states):
        return {target for target in newest if number(target) % 10 in states}

    worst = redis.scores("mosprobe:{driver}:worst")
    equal(set(worst), of(*range(2, 10)), "members of worst")
    for target, score in worst.items():
        expect(abs(score - float(newest[target][1]["mos"])) < 1e-9, f"score of {target}: {score}")
    equal(set(redis.cli("SMEMBERS", "mosprobe:{driver}:unverified")), of(0), "unverified")
    equal(set(redis.cli("SMEMBERS", "mosprobe:{driver}:muted")), of(1), "muted")
    equal(redis.scores("mosprobe:{driver}:open"),
          {target: 1764000000000 + number(target) for target in of(2, 3)}, "open")


def test_what_it_takes_in_redis():
    """One value over 64 bytes would cost a hash four times as much."""
    with Redis() as redis:
        Driver(redis.url, results=3000, targets=100, every=50).end()
        for i in range(100):
            found = target_hash(redis, f"pbx{i}.example.com:5060")
            longest = max(found, key=lambda name: len(found[name]))
            expect(len(found[longest]) <= 64, f"{longest}: {found[longest]}")
            equal(redis.cli("OBJECT", "ENCODING", f"mosprobe:{{driver}}:target:pbx{i}.example.com:5060"), "listpack", "how")


def test_heartbeat():
    with Redis() as redis:
        counters = Driver(redis.url, results=300, rate=200).end()
        found = redis.cli("HGETALL", "mosprobe:{driver}:prober")
        left = redis.cli("PTTL", "mosprobe:{driver}:prober")
        expect(0 < left <= 180000, f"expires in {left} ms")
        for name in ("v", "version", "started_ms", "spool_depth", "spool_age_ms", "dropped",
                     "written", "queue_refused", "targets_ok", "local_error_no_port"):
            expect(found[name] != "", f"{name} is empty")
        expect(0 < int(found["written"]) <= counters["written"], f"written {found['written']}")
        equal(redis.cli("SMEMBERS", "mosprobe:probers"), ["driver"], "probers")


def test_consumers_that_are_behind():
    with Redis() as redis:
        Driver(redis.url, results=300, every=10).end()
        redis.cli("XGROUP", "CREATE", ALERTS, "pager", "0")
        redis.cli("XGROUP", "CREATE", ALERTS, "ticket", "$")
        redis.cli("XGROUP", "CREATE", RESULTS, "graphs", "0")
        redis.cli("XREADGROUP", "GROUP", "pager", "one", "COUNT", 4, "STREAMS", ALERTS, ">")
        driver = Driver(redis.url, results=6000, rate=2000, **{"from": 300})
        # Asked at the beginning, told of a second later.
        wait_until(lambda: "graphs" in (redis.cli("HGET", "mosprobe:{driver}:prober", "consumer_lag") or ""), "that it is told")
        found = redis.cli("HGETALL", "mosprobe:{driver}:prober")
        driver.end()
        lag = dict(word.split("=") for word in found["consumer_lag"].split())
        equal(set(lag), {"alerts:pager", "alerts:ticket", "results:graphs"}, "groups")
        expect(int(lag["results:graphs"]) >= 300, f"{lag}")
        equal(lag["alerts:pager"], "26", "entries that were not delivered")
        equal(found["consumer_pending"], "alerts:pager=4 alerts:ticket=0 results:graphs=0", "not acknowledged")


def test_tcp_and_database():
    port = free_port()
    with Redis("--port", str(port), "--bind", "127.0.0.1") as redis:
        for url in (f"redis://localhost:{port}/3", f"redis://127.0.0.1:{port}/4",
                    f"{redis.url}?db=5"):
            equal(Driver(url, results=50).end()["written"], 50, f"written to {url}")
            equal(redis.cli("-n", url[-1], "XLEN", RESULTS), 50, f"results in {url}")
        for url in ("redis://user:secret@localhost", "http://localhost", "redis://", "unix://x",
                    f"redis://localhost:{port}/x", "redis://[::1", "unix:///" + 200 * "x"):
            status, text = check(url)
            expect(status > 0, f"{url} is accepted")
            expect("secret" not in text, "a password is shown")


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
        results = exactly_once(redis, counters)
        expect(id_key(results[0][0]) > (future, 7), f"first id {results[0][0]}")
        expect(id_key(results[-1][0]) > (future + 1000, 0), f"last id {results[-1][0]}")
        equal(len(driver.lines("equal or smaller")), 1, "said once")


def test_passwords():
    with Redis("--requirepass", "right") as redis:
        redis.password = "right"
        driver = Driver(redis.url, results=100, stop=1, password="another-one")
        equal(driver.end()["written"], 0, "written")
        equal(len(driver.lines("WRONGPASS")), 1, f"clear messages {driver.log}")
        equal(driver.lines("another-one"), [], "lines that tell the password")
        driver = Driver(redis.url, results=100, stop=1)
        equal(driver.end()["written"], 0, "written")
        equal(len(driver.lines("NOAUTH")), 1, f"clear messages {driver.log}")
        exactly_once(redis, Driver(redis.url, results=100, password="right").end())
        redis.cli("ACL", "SETUSER", "prober", "on", ">pw", "~mosprobe:*", "+@all", "-info")
        counters = Driver(redis.url, results=100, username="prober", password="pw").end()
        equal(counters["written"], 100, "written as a user who may not ask INFO")


def test_check():
    with Redis() as redis:
        Driver(redis.url, results=12).end()
        status, text = check(redis.url)
        equal(status, 0, "exit status")
        expect(f"at {redis.url}, results hold 12 of 1000000 entries" in text, text)
        equal(check(redis.url + "?db=99")[0], 1, "status with no such database")
        equal(check(redis.url, password="x")[0], 1, "status with a password that is not asked for")
        redis.cli("DEL", RESULTS)
        redis.cli("SET", RESULTS, "x")
        status, text = check(redis.url)
        expect(status == 1 and "WRONGTYPE" in text, text)
    status, text = check(redis.url)
    expect(status == 1 and "is redis-server running there?" in text, text)


def test_history():
    """Every record of the last 24 hours, from the results as they stand in the stream."""
    targets, cycles = 20, 1500  # 25 hours
    with Redis() as redis:
        Driver(redis.url, results=targets * cycles, targets=targets, cycle_ms=60000).end()
        seen = collections.defaultdict(lambda: collections.defaultdict(list))
        for _, _, fields in redis.stream(RESULTS):
            seen[fields["target"]][int(fields["at_ms"]) // 300000].append(fields)
        for target, records in seen.items():
            key = f"mosprobe:{{driver}}:history:{target}"
            ring = subprocess.run(["redis-cli", "-s", redis.socket, "GET", key], stdout=subprocess.PIPE, timeout=10,
                                  check=True).stdout[:-1]
            expect(80000 < redis.cli("TTL", key) <= 90000, "its life")
            *whole, running = sorted(records)
            expect(len(whole) > 288, "more than a day")
            for number in whole[-288:]:
                at = number % 288 * 16
                found = struct.unpack("<7H2B", ring[at:at + 16])
                rows = records[number]
                wanted = [number & 0xffff]
                for name, scale, how in (("mos_cycle", 1000, min), ("mos_cycle", 1000, statistics.mean),
                                         ("latency_ms", 10, statistics.mean), ("jitter_ms", 10, statistics.mean),
                                         ("loss_pct", 100, statistics.mean), ("fail_pct", 100, statistics.mean)):
                    values = [float(row[name]) for row in rows if row[name]]
                    wanted.append(how(values) * scale if values else 65535)
                wanted += [sum(float(row["mos_cycle"]) < 3.5 for row in rows if row["mos_cycle"]), len(rows)]
                expect(all(abs(f - w) <= 0.6 for f, w in zip(found, wanted)), f"{target} {number}: {found} {wanted}")
            expect(struct.unpack("<H", ring[running % 288 * 16:][:2])[0] != running & 0xffff, "one that has not ended")
        redis.cli("FLUSHALL")
        Driver(redis.url, results=400, targets=10, cycle_ms=60000, history="off").end()
        equal(redis.cli("KEYS", "*history*"), [], "when it is off")


def test_trimming():
    with Redis() as redis:
        counters = Driver(redis.url, results=20000, results_maxlen=1000, every=100).end()
        equal(counters["written"], 20200, "written")
        length = redis.cli("XLEN", RESULTS)
        expect(1000 <= length < 2000, f"{length} entries")
        equal(redis.cli("XLEN", ALERTS), 200, "alerts make no room for results")


def test_rate():
    with Redis() as redis:
        counters = Driver(redis.url, results=200000, targets=20000, every=1000, heartbeats=0,
                          stop=60).end()
        equal(counters["written"], 200200, "written")
        rate = counters["results"] / counters["seconds"]
        print(f"# {rate:.0f} results a second, "
              f"{1e6 * counters['cpu_seconds'] / counters['results']:.1f} us of CPU each "
              "(the driver's own part included)")
        expect(rate > 5000, f"{rate:.0f} results a second")


if __name__ == "__main__":
    run_tests(globals(), DRIVER)

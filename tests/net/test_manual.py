#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The manual pages tell what there is, and nothing else: each key with its default and range, each verb and option, each key
in Redis, each field and each metric. Held against the table of keys, the help, and a prober that runs."""
import re
import urllib.request

from harness import (ALERT_FIELDS, MOSPROBE, RESULT_FIELDS, Redis, equal, expect, free_port, path, run, run_tests, start,
                     stop, wait_until, write)

CONF = """[prober]
id = manual
interval = 1s
timeout = 300ms
samples = 2
deny = none
output = none
[redis]
url = {url}
[metrics]
listen = {port}
"""


def text_of(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def sections(page, macro="Sh"):
    """{heading: its source}"""
    parts = re.split(rf"(?m)^\.{macro} (.*)\n", text_of(f"userspace/man/{page}"))
    return dict(zip(parts[1::2], parts[2::2]))


def names_in(source):
    """What its lists explain, in their order."""
    return [name for line in re.findall(r"(?m)^\.It Va (.*)$", source) for name in line.split(" , ")]


def same(there, told, what):
    equal((sorted(set(there) - set(told), key=str), sorted(set(told) - set(there), key=str)), ([], []),
          f"{what}: what is not told of, and what is not there")


def keys_of_the_page():
    """{(section, key): (default, what is allowed and said of it)}; without a section those of targets alone."""
    found = {}
    for source in sections("mosprobe.conf.5").values():
        section = re.search(r"(?m)^Section\n\.Li \[(\w+)\] :", source)
        for item in re.split(r"(?m)^\.It ", source)[1:]:
            head = re.match(r"Cm (\w+) No = (.*?)(?: Pq (.*))?\n", item)
            if head:
                found[section and section.group(1), head.group(1)] = (head.group(2), head.group(3) or "", item)
    return found


def table_of_keys():
    """The rows of config_keys.c: (section, key, {what is in it})."""
    code = text_of("userspace/pure/config_keys.c")
    choices = {name: re.findall(r'\{ "([^"]+)"', rows)
               for name, rows in re.findall(r"key_choice (\w+)\[\] = \{(.*?)\n\};", code, re.S)}
    for row in re.findall(r'\{ ((?:"\w+"|NULL), "\w+", KEY_.*?) \},\n', code, re.S):
        section, name = re.match(r'(?:"(\w+)"|NULL), "(\w+)"', row).groups()
        what = dict(re.findall(r'\.(\w+) =\s+("(?:[^"]*"\s*")*[^"]*"|\w+)', row))
        what = {key: re.sub(r'"\s*"', "", value).strip('"') for key, value in what.items()}
        yield section, name, {**what, "target": "DRAFT(" in row, "choices": choices.get(what.get("choices"), [])}


def test_each_key_with_default_and_range():
    page, rows = keys_of_the_page(), list(table_of_keys())
    expect(len(rows) > 70, f"rows: {len(rows)}")
    # An option only: nobody writes it into a file.
    same({row[:2] for row in rows} - {("prober", "cycles")}, page, "keys")
    for section, name, row in rows:
        if name == "cycles":
            continue
        default, allowed, said = page[section, name]
        initial = row.get("initial", "")
        what = f"[{section}] {name}"
        if name == "deny":
            expect(initial in said, f"{what}: {initial}")
        else:
            equal("" if default.startswith("Ar ") else default, initial, f"default of {what}")
        if "min" in row:
            expect(allowed.startswith(f"{row['min']} to {row['max']}"), f"range of {what}: {allowed}")
        for word in row["choices"] + ([row["zero"]] if "zero" in row else []):
            expect(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", said), f"{what}: {word}")
        if section:
            equal(allowed.endswith("target"), row["target"], f"a key of targets: {what}")


def test_each_key_of_the_example():
    page, section, seen = keys_of_the_page(), None, 0
    for line in text_of("scripts/mosprobe.conf.example").splitlines():
        section = line[1:-1] if line.startswith("[") else section
        key = re.match(r"(# )?([a-z_]+) = (.*)", line)
        if not key or " " in section:
            continue
        expect((section, key.group(2)) in page, f"[{section}] {key.group(2)}")
        if not key.group(1) and key.group(2) not in ("targets", "recovery", "deny"):
            equal(page[section, key.group(2)][0], key.group(3), f"[{section}] {key.group(2)}")
        seen += 1
    expect(seen > 60, f"{seen} keys")


def test_each_verb_and_option():
    page, verbs = sections("mosprobe.8", "S[hs]"), re.findall(r"(?m)^  ([a-z-]+) ", run([MOSPROBE, "--help"]).stdout)
    equal([heading for heading in page if heading in verbs or heading.islower()], verbs, "verbs")
    for verb in verbs:
        text = run([MOSPROBE, verb, "--help"]).stdout
        wanted = set(re.findall(r"--([a-z-]+)", text.replace("`mosprobe run --output jsonl`", ""))) - {"help"}
        same(wanted, re.findall(r"Fl -([a-z-]+)", page[verb]), f"options of {verb}")
        expect(re.search(rf"(?m)^\.Cm {verb}\n", page["SYNOPSIS"]), f"{verb} in the synopsis")


def test_each_field_of_the_streams():
    page = sections("mosprobe-streams.7")
    results, alerts = names_in(page["RESULTS"]), names_in(page["ALERTS"])
    equal(results, RESULT_FIELDS + ["label.KEY"], "results")
    equal(alerts, ALERT_FIELDS + ["label.KEY", "test"], "alerts")


def test_what_a_prober_writes():
    page = sections("mosprobe-streams.7")
    port = free_port()
    with Redis() as redis:
        write("targets", "127.0.0.1:9 site=here\n")
        prober = start([MOSPROBE, "run", "-c", write("manual.conf", CONF.format(url=redis.url, port=port)), "--targets",
                        path("targets")], "manual.log")
        wait_until(lambda: redis.cli("EXISTS", "mosprobe:{manual}:prober", "mosprobe:{manual}:target:127.0.0.1:9") == 2,
                   "a result and a heartbeat")
        patterns = [re.escape(key).replace(r"\{ID\}", r"\{manual\}").replace("TARGET", ".+")
                    for key in re.findall(r"(?m)^\.It Li (\S+)$", page["KEYS"])]
        found = redis.cli("KEYS", "*")
        expect(len(found) >= 7, f"{found}")
        equal([key for key in found if not any(re.fullmatch(pattern, key) for pattern in patterns)], [], "keys")
        same(redis.cli("HGETALL", "mosprobe:{manual}:prober"), names_in(page["HEARTBEAT"]), "heartbeat")
        same(redis.cli("HGETALL", "mosprobe:{manual}:target:127.0.0.1:9"),
             set(names_in(page["RESULTS"] + page["THE TARGET HASH"])) - {"prober", "target", "host", "port", "label.KEY"},
             "the hash of a target")
        for name in redis.cli("HGETALL", "mosprobe:{manual}:writer"):
            expect(name in page["KEYS"], f"writer: {name}")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            metrics = re.findall(r"(?m)^# TYPE (\w+)", answer.read().decode())
        same([name.removeprefix("mosprobe_") for name in metrics], names_in(sections("mosprobe.8")["METRICS"]), "metrics")
        equal(stop(prober), 0, "status")


def test_rights_in_redis():
    """Of the README, which are tried by tests/net/test_acl.py."""
    def rights(text):
        return [re.sub(r"[\s\\']+", " ", command).strip() for command in
                re.findall(r"ACL SETUSER ((?:.*\\\n)*.*\n)", re.sub(r"(?m)(?<!\\)\n(?=    [~+])", r" \\\n", text))]

    equal(len(rights(text_of("README.md"))), 3, "users")
    equal(rights(text_of("userspace/man/mosprobe.8")), rights(text_of("README.md")), "rights")


if __name__ == "__main__":
    run_tests(globals())

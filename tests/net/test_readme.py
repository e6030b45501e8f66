#!/usr/bin/python3
"""What the README shows is what the program says: tables, fields, verbs, example files."""
import re

from harness import MOSPROBE, Fail, equal, expect, run, run_tests


def readme():
    with open("README.md", encoding="utf-8") as file:
        return file.read()


def test_mos_tables():
    done = run(["scripts/mos-table"])
    equal(done.returncode, 0, done.stderr)
    for table in done.stdout.strip().split("\n\n"):
        expect(table in readme(), f"not in the README:\n{table}")


def test_example_is_good():
    done = run([MOSPROBE, "check", "-c", "scripts/mosprobe.conf.example", "--redis", "",
                "--targets", "/dev/null"])
    expect(done.stdout.startswith("ok    configuration"), done.stdout)


def test_verbs_have_help():
    for verb in ("run", "probe", "check", "top", "card", "replay", "score"):
        done = run([MOSPROBE, verb, "--help"])
        equal((done.returncode, f"mosprobe {verb}" in done.stdout), (0, True), verb)
    done = run([MOSPROBE, "--version"])
    equal(done.returncode, 0, "version")
    if not re.fullmatch(r"mosprobe \d+\.\d+\.\d+\n", done.stdout):
        raise Fail(done.stdout)


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
"""`mosprobe score`: a path in words and in JSON, plain G.107, CSV in bulk, and what it refuses."""
import csv
import itertools
import math
import random
import re
import select
import socket
import subprocess

from harness import MOSPROBE, equal, expect, json_lines, read, run, run_tests, start, stop, write

# Columns of the file of reference values, by our names.
VECTORS = {"one_way_ms": "Ta_ms", "loss_pct": "Ppl_pct", "burst_r": "BurstR", "ie": "Ie",
           "bpl": "Bpl"}


def score(*words, **options):
    return run([MOSPROBE, "score", *(str(word) for word in words)], **options)


def answer(*words):
    """The JSON of a question given as options."""
    done = score(*words, "--json")
    equal((done.returncode, done.stderr), (0, ""), f"status and messages of {words}")
    lines = json_lines(done.stdout)
    equal((len(lines), done.stdout.count("\n")), (1, 1), f"lines of {words}")
    return lines[0]


def near(found, wanted, within, what):
    expect(abs(found - wanted) <= within, f"{what}: {found!r}, not within {within} of {wanted!r}")


def table(text):
    """The lines of CSV: [{column: text}]."""
    return list(csv.DictReader(text.splitlines()))


def bulk(text):
    """What CSV of queries comes back as."""
    done = score("--csv", input=text)
    equal((done.returncode, done.stderr), (0, ""), "status and messages")
    return done.stdout


def test_the_best_of_plain_g107():
    found = answer("--one-way-ms", 0, "--loss-pct", 0)
    near(found["r"], 93.2062077233, 1e-9, "R")
    near(found["mos"], 4.4094059, 1e-6, "MOS")
    equal(found["band"], "good", "band")
    near(found["ro"] - found["is"] - found["idte"] - found["idle"] - found["idd"] - found["ie_eff"],
         found["r"], 1e-9, "what R is made of")


def test_json_of_a_path():
    found = answer("--rtt-ms", 80, "--jitter-ms", 4, "--loss-pct", 1, "--codec", "g711")
    equal([found[name] for name in ("rtt_ms", "jitter_ms", "loss_pct", "fail_pct", "codec")],
          [80, 4, 1, 0, "g711"], "the question")
    equal(found["ta_ms"], 80, "Ta: 40 ms of path, 20 ms of buffer, 20 ms of frame")
    parts = sum(found[f"r_{part}"] for part in ("base", "delay", "jitter", "loss", "codec"))
    near(found["r"], 93.2062077233 - parts, 1e-8, "R is what its parts say")
    near(found["mos"], 4.27, 0.005, "MOS")
    equal(found, answer("--rtt-ms", 80, "--jitter-ms", 4, "--loss-pct", 1), "g711 is the default")


def test_failures_count_as_mos_1():
    whole = answer("--rtt-ms", 80)
    some = answer("--rtt-ms", 80, "--fail-pct", 20)
    near(some["mos"], 0.8 * whole["mos"] + 0.2, 1e-9, "MOS with a fifth of failures")
    expect(some["r_failed"] > 0, f"r_failed {some['r_failed']}")
    dead = answer("--rtt-ms", 80, "--fail-pct", 100)
    equal((dead["mos"], dead["r"], dead["band"]), (1, None, "bad"), "nothing but failures")


def test_known_scores():
    """Of G.711 with loss concealment, and without (Bpl 4.3)."""
    for words, wanted in (
            (("--rtt-ms", 40, "--jitter-ms"), ((10, 4.37), (20, 4.30), (30, 3.98), (40, 3.45),
                                               (50, 2.92))),
            (("--rtt-ms", 40, "--loss-pct"), ((1, 4.28), (3, 4.08), (5, 3.85), (10, 3.33))),
            (("--rtt-ms", 40, "--bpl", 4.3, "--loss-pct"), ((1, 3.76), (3, 2.71), (5, 2.09))),
            (("--rtt-ms",), ((0, 4.385), (400, 4.04)))):
        for value, mos in wanted:
            near(answer(*words, value)["mos"], mos, 0.0051, f"MOS of {words} {value}")


def test_a_path_in_words():
    question = ("--rtt-ms", 200, "--jitter-ms", 30, "--loss-pct", 2, "--fail-pct", 5, "--codec",
                "g729a")
    done, found = score(*question), answer(*question)
    equal((done.returncode, done.stderr), (0, ""), "status and messages")
    lines = done.stdout.splitlines()
    equal(lines[0].split(), ["R", f"{found['r']:.2f}", "MOS", f"{found['mos']:.2f}",
                             found["band"]], "R, MOS and band")
    points = {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith("  ")}
    equal(points, {part: round(found[f"r_{part}"], 2) for part in
                   ("base", "delay", "jitter", "loss", "codec", "failed")}, "the parts of R")
    for words in ("100 ms", "2 % lost", "g729a: Ie 11, Bpl 19", "5 % of samples"):
        expect(words in done.stdout, f"{words!r} is not in {done.stdout}")


def test_plain_g107_in_words():
    done = score("--one-way-ms", 250, "--loss-pct", 1)
    equal((done.returncode, done.stderr), (0, ""), "status and messages")
    found = answer("--one-way-ms", 250, "--loss-pct", 1)
    equal(done.stdout.splitlines()[0].split(),
          ["R", f"{found['r']:.2f}", "MOS", f"{found['mos']:.2f}", found["band"]], "first line")
    for words in ("Ro 94.77", "Idd", "Ta = 250 ms", "Tr = 500 ms", "Ppl 1 %"):
        expect(words in done.stdout, f"{words!r} is not in {done.stdout}")
    for burst, loss, guessed in ((3, 2, True), (3, 1.9, False), (2, 10, False)):
        done = score("--one-way-ms", 250, "--loss-pct", loss, "--burst-r", burst)
        equal("a guess" in done.stdout, guessed, f"a word about BurstR {burst} at {loss} %")


def test_bands():
    floors = {"good": 4, "fair": 3.6, "poor": 3, "bad": 1}
    seen = set()
    for loss in range(31):
        found = answer("--one-way-ms", 20, "--loss-pct", loss)
        band = next(name for name, floor in floors.items() if found["mos"] >= floor)
        equal(found["band"], band, f"band of MOS {found['mos']}")
        seen.add(band)
    equal(seen, set(floors), "bands")


def test_csv_says_what_the_reference_says():
    with open("tests/data/emodel-vectors.csv", encoding="ascii") as file:
        vectors = [row for row in list(csv.DictReader(file))[::50] if float(row["A"]) == 0]
    expect(len(vectors) >= 40, f"only {len(vectors)} reference values")
    text = ",".join(VECTORS) + "\n" + "".join(
        ",".join(row[name] for name in VECTORS.values()) + "\n" for row in vectors)
    found = table(bulk(text))
    equal(len(found), len(vectors), "lines")
    for row, wanted in zip(found, vectors):
        near(float(row["r"]), float(wanted["R"]), 1e-6, f"R of {wanted}")
        near(float(row["mos"]), float(wanted["MOS"]), 1e-6, f"MOS of {wanted}")


def test_csv_says_what_the_options_say():
    columns = ["rtt_ms", "jitter_ms", "loss_pct", "fail_pct", "codec"]
    queries = [("80", "4", "1", "0", "g711"), ("250.5", "35", "2.5", "12", "g729a"),
               ("0", "0", "0", "0", "g723.1"), ("1e3", "100", "100", "50", "g711")]
    text = "".join(",".join(words) + "\n" for words in [columns] + queries)
    rows = table(bulk(text))
    equal(len(rows), len(queries), "lines")
    for row, query in zip(rows, queries):
        found = answer(*itertools.chain(*((f"--{name.replace('_', '-')}", value)
                                          for name, value in zip(columns, query))))
        for name in ("r", "mos"):
            near(float(row[name]), found[name], 1e-9, f"{name} of {query}")
    # All samples failed: a MOS, and no R.
    equal(bulk("rtt_ms,fail_pct\n80,100\n"), "rtt_ms,fail_pct,r,mos\n80,100,,1\n", "no R")


def test_columns_in_any_order():
    query = {"one_way_ms": "150", "loss_pct": "2", "burst_r": "1.5", "ie": "11", "bpl": "19"}
    answers = set()
    for order in itertools.permutations(query):
        line = ",".join(query[name] for name in order)
        first, second = bulk(f"{','.join(order)}\n{line}\n").splitlines()
        equal(first, ",".join(order) + ",r,mos", "header")
        expect(second.startswith(line + ","), f"{second} does not begin with {line}")
        answers.add(second[len(line) + 1:])
    equal(len(answers), 1, "different answers")
    r, mos = answers.pop().split(",")
    for text in (r, mos):
        expect(len(text.replace(".", "").lstrip("0")) >= 9, f"{text} has few digits")


def test_lines_come_back_as_they_were():
    """Blanks, CRLF, and a last line without an end."""
    found = bulk("rtt_ms , loss_pct\r\n 80 ,1\r\n80.000,\t1").splitlines()
    equal([line.rsplit(",", 2)[0] for line in found], ["rtt_ms , loss_pct", " 80 ,1", "80.000,\t1"],
          "lines")
    equal(found[1].split(",")[2:], found[2].split(",")[2:], "answers")
    equal(bulk("rtt_ms\n"), "rtt_ms,r,mos\n", "a header alone")


def test_csv_streams():
    """Answers come while questions are still to come; 10,000 of them."""
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}")
    some = random.Random(seed)
    lines = [f"{some.uniform(0, 900):.2f},{some.uniform(0, 60):.2f},{some.uniform(0, 30):.2f}\n"
             for _ in range(10000)]
    process = start([MOSPROBE, "score", "--csv"], "csv.log", stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, text=True)
    process.stdin.write("rtt_ms,jitter_ms,loss_pct\n" + "".join(lines[:2500]))
    process.stdin.flush()
    expect(select.select([process.stdout], [], [], 10)[0], "no answer before the end of the input")
    out, _ = process.communicate("".join(lines[2500:]), timeout=30)
    equal((stop(process), read("csv.log")), (0, ""), "status and messages")
    found = out.splitlines()
    equal(len(found), 10001, "lines")
    for line, answered in zip(lines, found[1:]):
        given, r, mos = answered.rsplit(",", 2)
        equal(given, line.rstrip(), "the question")
        expect(float(r) < 93.21 and 1 <= float(mos) <= 4.41, answered)
    for i in range(0, 10000, 2000):
        rtt, jitter, loss = lines[i].split(",")
        near(float(found[i + 1].rsplit(",", 1)[1]),
             answer("--rtt-ms", rtt, "--jitter-ms", jitter, "--loss-pct", loss.strip())["mos"],
             1e-9, f"MOS of {lines[i]}")


def test_settings_of_a_file():
    """[score] of a configuration, where the result shows each of its keys."""
    config = write("score.conf", "[score]\ncodec = g729a\nplayout_factor = 3\nplayout_min = 35ms\n"
                   "playout_max = 60ms\nframe = 30ms\nadvantage = 4\n[redis]\nurl =\n")
    for jitter, playout in ((0, 35), (15, 45), (400, 60)):
        found = answer("--rtt-ms", 100, "--jitter-ms", jitter, "-c", config)
        equal((found["ta_ms"], found["codec"]), (50 + playout + 30 + 5, "g729a"), f"jitter {jitter}")
    near(found["ppl_pct"], 100 * math.exp(-60 / 400), 1e-9, "Ppl of late packets")
    without = answer("--rtt-ms", 100, "--codec", "g729a", "-c",
                     write("other.conf", read("score.conf").replace("advantage = 4", "")))
    near(answer("--rtt-ms", 100, "-c", config)["r"] - without["r"], 4, 1e-9, "what A gives")
    equal(table(score("--csv", "-c", config, input="rtt_ms\n100\n").stdout)[0]["r"],
          f"{answer('--rtt-ms', 100, '--config', config)['r']:.13g}", "CSV")
    refused("score.conf:2: [score] codec = opus: opus has no published", "--rtt-ms", 1, "-c",
            write("score.conf", "[score]\ncodec = opus\n"))
    refused("No such file", "--rtt-ms", 1, "-c", "/nonexistent")


def test_the_prober_scores_alike():
    """What `run` says of targets with codecs of their own, scored in columns, is what `score` says of
    their latency, jitter and loss."""
    codecs = ["codec=g711", "codec=g711-noplc", "codec=g729a", "codec=g723.1", "codec=gsm-efr",
              "codec=g726-32 bpl=12", "ie=17 bpl=3.5", "ie=17 bpl=3.6", ""]
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in codecs]
    ports = [listener.getsockname()[1] for listener in listeners]
    config = write("run.conf", "[prober]\ninterval = 2s\ntimeout = 1s\ndeny = none\naddress_rate = none\n"
                   "[score]\nplayout_min = 60ms\nframe = 30ms\nadvantage = 2.5\n[redis]\nurl =\n"
                   "[alert]\nwarning = 2.2\ncritical = 2\nrecovery = 2.3\n")
    targets = write("run.targets", "".join(
        f"127.0.0.1:{port} {codec}\n" for port, codec in zip(ports, codecs)))
    done = run([MOSPROBE, "run", "-c", config, "--targets", targets, "--stamps", "tcp_info",
                "--output", "jsonl", "--cycles", "2"])
    equal(done.returncode, 0, done.stderr)
    results = [line for line in json_lines(done.stdout) if line["type"] == "result"]
    equal(sorted(result["port"] for result in results), sorted(2 * ports), "results by port")
    for result in results:
        of_its_own = codecs[ports.index(result["port"])].split()
        words = itertools.chain(*(f"--{pair}".split("=") for pair in of_its_own))
        found = answer("--rtt-ms", result["latency_ms"], "--jitter-ms", result["jitter_ms"],
                       "--loss-pct", result["loss_pct"], "-c", config, *words)
        for name in ("r", "r_base", "r_delay", "r_jitter", "r_loss", "r_codec"):
            near(result[name], found[name], 3e-4, f"{name} with {of_its_own}")
        near(result["mos_cycle"], found["mos"], 1e-4, f"MOS with {of_its_own}")


def test_check_says_what_computes():
    done = run([MOSPROBE, "check", "--redis", ""])
    lines = [line for line in done.stdout.splitlines() if line.split()[1] == "score"]
    equal(len(lines), 1, f"lines in {done.stdout}")
    expect(re.match(r"ok +score +computed with (plain|avx2|avx512), ", lines[0]), lines[0])


def refused(message, *words):
    """Options that are refused with this one message."""
    done = score(*words)
    equal((done.returncode, done.stdout), (2, ""), f"status and output of {words}")
    equal(done.stderr.count("\n"), 1, f"one message: {done.stderr}")
    expect(done.stderr.startswith("mosprobe score: "), done.stderr)
    expect(message in done.stderr, f"{message!r} is not in {done.stderr}")


def test_bad_numbers():
    for option in ("rtt-ms", "jitter-ms", "loss-pct", "fail-pct", "ie", "bpl"):
        rtt = () if option == "rtt-ms" else ("--rtt-ms", 80)
        for value in ("nan", "NaN", "-1", "inf", "-inf", "1e999", "text", "8o", "8 0", "0x10", "", " "):
            refused(f"--{option} {value}: must be a number", *rtt, f"--{option}", value)
    for option in ("loss-pct", "fail-pct"):
        refused("must be from 0 to 100", "--rtt-ms", 80, f"--{option}", 100.1)
    refused("must be from 1 to", "--one-way-ms", 80, "--burst-r", 0.5)
    refused("must be from", "--one-way-ms", 80, "--bpl", 0)


def test_bad_words():
    refused("opus", "--rtt-ms", 80, "--codec", "opus")
    refused("codec", "--rtt-ms", 80, "--codec", "")
    refused("'--rtt-ms' requires an argument", "--rtt-ms")
    refused("rtt_ms or one_way_ms must be given")
    refused("rtt_ms or one_way_ms must be given", "--loss-pct", 1)
    refused("do not go together", "--rtt-ms", 80, "--one-way-ms", 40)
    refused("jitter_ms goes with rtt_ms only", "--one-way-ms", 40, "--jitter-ms", 1)
    refused("--colour", "--colour", "red")
    refused("80: no such argument", 80)
    refused("do not go together", "--csv", "--json")
    refused("make it a column", "--csv", "--rtt-ms", 80)


def stops(message, text, answered=0):
    """CSV that is refused with this one message, behind the answers to the lines before it."""
    done = score("--csv", input=text)
    equal(done.returncode, 1, f"status with {text!r}")
    equal(done.stderr.count("\n"), 1, f"one message: {done.stderr}")
    expect(done.stderr.startswith("mosprobe score: line "), done.stderr)
    expect(message in done.stderr, f"{message!r} is not in {done.stderr}")
    lines = done.stdout.splitlines()
    equal([line.rsplit(",", 2)[0] for line in lines], text.split("\n")[:answered], "lines before")


def test_bad_headers():
    stops("line 1: there is no header line", "")
    stops("line 1: 'colour' is no column", "rtt_ms,colour\n80,1\n")
    stops("line 1: '' is no column", "\n80\n")
    stops("line 1: '' is no column", "rtt_ms,\n80,1\n")
    stops("line 1: column rtt_ms is there twice", "rtt_ms,rtt_ms\n80,80\n")
    stops("line 1: rtt_ms or one_way_ms must be given", "loss_pct\n1\n")
    stops("line 1: rtt_ms and one_way_ms do not go together", "rtt_ms,one_way_ms\n1,1\n")


def test_bad_lines():
    for value in ("nan", "-1", "inf", "text", "", " "):
        stops(f"line 3: rtt_ms = {value.strip()}: must be a number",
              f"rtt_ms,loss_pct\n80,1\n{value},1\n80,2\n", 2)
    stops("line 3: loss_pct = 101: must be from 0 to 100", "rtt_ms,loss_pct\n80,1\n80,101\n", 2)
    stops("line 2: fewer fields than the header's 2", "rtt_ms,loss_pct\n80\n", 1)
    stops("line 3: more fields than the header's 2", "rtt_ms,loss_pct\n80,1\n80,1,2\n", 2)
    stops("opus", "rtt_ms,codec\n80,g711\n80,opus\n", 2)
    stops("line 2: holds a NUL byte", "rtt_ms\n8\x000\n", 1)


def test_output_that_cannot_be_written():
    for words, text in ((["--rtt-ms", "80"], None), (["--csv"], "rtt_ms\n80\n")):
        with open("/dev/full", "w", encoding="ascii") as full:
            process = start([MOSPROBE, "score", *words], "full.log", stdin=subprocess.PIPE,
                            stdout=full, text=True)
            process.communicate(text, timeout=10)
        equal(stop(process), 1, f"status of {words}")
    expect(all("cannot write" in line for line in read("full.log").splitlines()), read("full.log"))
    equal(len(read("full.log").splitlines()), 2, "a message each")


if __name__ == "__main__":
    run_tests(globals())

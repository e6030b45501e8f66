#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What bash completes: verbs, options, values, files and names of targets."""
import os
import pty
import re
import select
import shutil
import time

from harness import B, MOSPROBE, equal, expect, path, run, run_tests, write

FILE = os.path.abspath("scripts/completion/mosprobe.bash")
ASK = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mosprobe; printf "%s\\n" "${COMPREPLY[@]}"'


def complete(line):
    """What is offered at the end of a line, whose words are cut as bash does it."""
    words = [part for word in line.split(" ") for part in re.findall("[:=]+|[^:=]+", word) or [""]]
    done = run(["bash", "--norc", "-c", ASK, FILE, MOSPROBE, *words[1:]])
    equal(done.stderr, "", f"said at {line!r}")
    return [word for word in done.stdout.splitlines() if word]


def verbs():
    return re.findall(r"(?m)^  ([a-z-]+) ", run([MOSPROBE, "--help"]).stdout)


def test_verbs():
    equal(complete("mosprobe "), verbs() + ["--version", "--help"], "verbs")
    equal(complete("mosprobe te"), ["test-alert"], "te")
    equal(complete("mosprobe --v"), ["--version"], "--v")
    equal(complete("mosprobe nothing"), [], "nothing")


def test_each_option_of_each_verb():
    for verb in verbs():
        help_text = re.sub("`.*?`", "", run([MOSPROBE, verb, "--help"]).stdout)
        wanted = set(re.findall(r"--[a-z][a-z-]*", help_text)) | {"--help", "-c"}
        equal(sorted(complete(f"mosprobe {verb} -")), sorted(wanted), verb)
    equal(complete("mosprobe run --st"), ["--stamps", "--standby"], "--st")
    equal(complete("mosprobe nothing --st"), [], "options of no verb")


def test_values():
    for option, values in (("stamps", ["auto", "bpf", "tcp_info", "clock"]),
                           ("output", ["table", "jsonl", "samples", "none"])):
        equal(complete(f"mosprobe run --{option} "), values, option)
        equal(complete(f"mosprobe run --{option}="), values, option)
        equal(complete(f"mosprobe run --{option}={values[1][:1]}"), [values[1]], option)
        said = run([MOSPROBE, "run", f"--{option}", "?"]).stderr
        equal(set(values) - set(re.split("[^a-z_]+", said)), set(), f"{option}: {said}")
    for codec in complete("mosprobe score --rtt-ms 80 --codec "):
        done = run([MOSPROBE, "score", "--rtt-ms", "80", "--codec", codec, "--bpl", "20"])
        equal(done.returncode, 0, done.stderr)
    equal(complete("mosprobe run --interval "), [], "a value that nobody knows")
    equal(complete("mosprobe score --json --ie "), [], "a value that nobody knows")


def test_files():
    write("a.conf", "")
    write("b.conf", "")
    for option in ("-c", "--config", "--targets"):
        equal(sorted(complete(f"mosprobe check {option} {path('')}")), [path("a.conf"), path("b.conf")], option)


def test_names_of_targets():
    write("one.conf", "[prober]\ntargets = one.targets, two.targets ; both\n")
    write("one.targets", "# pbx0.example\npbx1.example site=a\npbx2.example:5061\n[2001:db8::7]:5060\n")
    write("two.targets", "pbx3.example\n" + "".join(f"many{i}.example\n" for i in range(1000)))
    one = f"-c {path('one.conf')}"
    equal(complete(f"mosprobe card {one} pbx"), ["pbx1.example", "pbx2.example:5061", "pbx3.example"], "pbx")
    equal(complete(f"mosprobe probe {one} pbx2"), ["pbx2.example:5061"], "pbx2")
    equal(complete(f"mosprobe card {one} pbx2.example:"), ["5061"], "what comes after the colon")
    equal(complete(f"mosprobe card {one} [2001:db8::7]:5"), ["5060"], "what comes after the colon")
    equal(len(complete(f"mosprobe card {one} many")), 200, "of 1000")
    equal(complete(f"mosprobe card --targets {path('two.targets')} pbx"), ["pbx3.example"], "those of the line")
    equal(complete(f"mosprobe top {one} pbx"), [], "top takes none")


def typed(shell, *lines):
    """What a shell at a terminal says to these lines."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(shell[0], shell, {"PATH": f"{B}:{os.environ['PATH']}", "PS1": "", "TERM": "dumb", "HISTFILE": ""})
    os.write(terminal, "".join(f"{line}\n" for line in (*lines, "exit")).encode())
    said, until = b"", time.monotonic() + 20
    while time.monotonic() < until and select.select([terminal], [], [], until - time.monotonic())[0]:
        try:
            said += os.read(terminal, 4096)
        except OSError:
            break
    os.close(terminal)  # ends it, if it is there yet
    os.waitpid(process, 0)
    return said.decode(errors="replace")


def test_in_bash():
    """A line that is typed with the tab key is run as one that was typed in full."""
    said = typed(["bash", "--norc", "--noprofile", "-i"], f"source {FILE}", "mosprobe sc\t--rt\t80 --js\t")
    expect('{"rtt_ms":80.0,' in said, f"said: {said}")


def test_in_zsh():
    os.mkdir(path("zsh"))
    shutil.copy("scripts/completion/mosprobe.zsh", path("zsh/_mosprobe"))
    said = typed(["zsh", "-f", "-i"], f"fpath=({path('zsh')} $fpath); autoload -U compinit; compinit -u -d {path('dump')}",
                 "mosprobe sc\t--rt\t80 --cod\tg729\t --js\t")
    expect('{"rtt_ms":80.0,' in said and '"codec":"g729a"' in said, f"said: {said}")


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The Debian package: what is in it, and its life in a Debian that is thrown away: installed, used, upgraded over an
administrator's changes, removed, purged. And `make install`. Over this machine's own root, or with MOSPROBE_ROOT over another
(`make test-deb`: a minimal one from debootstrap, where apt fetches what it depends on)."""
# Runs first
import functools
import glob
import os
import re

from chroots import Chroot
from harness import B, equal, expect, path, read, run, run_tests, skip_unless_root, write

BARE = os.environ.get("MOSPROBE_ROOT")
UNIT = "etc/systemd/system/multi-user.target.wants/mosprobe.service"
# What an administrator writes, so that it works at once and without Redis.
CHANGES = ((r"(?m)^deny = .*", "deny = none"), (r"(?m)^interval = .*", "interval = 1s"),
           (r"(?m)^samples = .*", "samples = 2"), (r"(?m)^timeout = .*", "timeout = 300ms"),
           (r"(?m)^url = .*", "url ="), (r"(?m)^output = .*", "output = jsonl"))


def make(*words, seconds=300):
    # Of the make that runs the tests, nothing is meant for this one.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = run(["make", "--no-print-directory", f"B={B}", *words], seconds, env=environment)
    expect(done.returncode == 0, f"make {' '.join(words)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


@functools.cache
def package():
    """`make deb`, of the objects that are there; with a root of its own, the one that was built for release."""
    if not BARE:
        make("deb", f"DEB_B={B}", f"DEB={path('deb')}")
    place = os.path.join(B, "deb") if BARE else path("deb")
    found = [name for name in glob.glob(f"{place}/*.deb") if "dbgsym" not in name]
    equal(len(found), 1, f"packages: {found}")
    return found[0]


def newer(package_file):
    """The same as the next version, with a line more in its configuration."""
    tree = path("newer")
    run(["dpkg-deb", "-R", package_file, tree])
    for name, old, new in (("DEBIAN/control", r"(?m)^(Version: .*)$", r"\1+1"),
                           ("etc/mosprobe/mosprobe.conf", r"\A", "# A line that is new.\n"),
                           ("etc/mosprobe/targets", r"\A", "# A line that is new.\n")):
        with open(f"{tree}/{name}", encoding="utf-8") as file:
            text = file.read()
        write(f"newer/{name}", re.sub(old, new, text, count=1))
    done = run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, path("newer.deb")])
    expect(done.returncode == 0, done.stderr)
    return path("newer.deb")


def test_what_is_in_it():
    listed = run(["dpkg-deb", "-c", package()]).stdout
    modes = {line.split()[5][1:]: " ".join(line.split()[:2]) for line in listed.splitlines()}
    for name, mode in (("/usr/bin/mosprobe", "-rwxr-xr-x"), ("/lib/systemd/system/mosprobe.service", "-rw-r--r--"),
                       ("/etc/mosprobe/mosprobe.conf", "-rw-r--r--"), ("/etc/mosprobe/targets", "-rw-r--r--"),
                       ("/usr/share/man/man8/mosprobe.8.gz", "-rw-r--r--"),
                       ("/usr/share/man/man5/mosprobe.conf.5.gz", "-rw-r--r--"),
                       ("/usr/share/man/man7/mosprobe-streams.7.gz", "-rw-r--r--"),
                       ("/usr/share/bash-completion/completions/mosprobe", "-rw-r--r--"),
                       ("/usr/share/zsh/vendor-completions/_mosprobe", "-rw-r--r--"),
                       ("/usr/share/doc/mosprobe/examples/consumer", "-rwxr-xr-x"),
                       ("/usr/share/doc/mosprobe/examples/targets.example", "-rw-r--r--"),
                       ("/usr/share/doc/mosprobe/examples/mosprobe.conf.example", "-rw-r--r--")):
        equal(modes.get(name), f"{mode} root/root", name)
    version = run([f"{B}/mosprobe", "--version"]).stdout.split()[1]
    equal(run(["dpkg-deb", "-f", package(), "Version"]).stdout.strip(), version, "version: of the changelog, and of Makefile")
    equal(run(["dpkg-deb", "-I", package(), "conffiles"]).stdout.split(),
          ["/etc/mosprobe/mosprobe.conf", "/etc/mosprobe/targets"], "conffiles")


def test_lintian_has_nothing_to_say():
    done = run(["lintian", package()], 120)
    # Objects of the tests are compiled without Debian's flags.
    said = [line for line in done.stdout.splitlines() if line.startswith(("E:", "W:")) and (BARE or "hardening" not in line)]
    equal(said, [], f"lintian (status {done.returncode}; {done.stderr})")


def test_it_is_built_with_what_setup_installs():
    with open("scripts/debian/control", encoding="utf-8") as file:
        wanted = re.search(r"Build-Depends:((?:.*\n)(?: .*\n)*)", file.read()).group(1)
    wanted = {word.split()[0] for word in wanted.split(",")} - {"debhelper-compat"}
    with open("scripts/setup", encoding="utf-8") as file:
        setup = re.search(r'build\) echo "([^"]*)"', file.read()).group(1)
    # These two are of every Debian that builds.
    equal(wanted, set(setup.split()) - {"gcc", "make"}, "Build-Depends")


@functools.cache
def chroot():
    root = Chroot(BARE or "/")
    # What this machine has is none of our business.
    root.run("dpkg", "--purge", "mosprobe")
    root.run("deluser", "--quiet", "--system", "mosprobe")
    if BARE:
        with open("/etc/resolv.conf", encoding="utf-8") as file:
            root.write("/etc/resolv.conf", file.read())
        root.must("apt-get", "update", "-qq")
        root.must("apt-get", "satisfy", "-y", "-qq", "--no-install-recommends",
                  run(["dpkg-deb", "-f", package(), "Depends"]).stdout.strip(), seconds=300)
    root.before, root.users_before = root.written(), root.users()
    return root


def test_installs():
    root, file = chroot(), chroot().put(package())
    root.must("apt-get", "install", "-y", "-qq", file) if BARE else root.must("dpkg", "--install", file)
    equal(root.stat("/etc/mosprobe/mosprobe.conf"), "640 root:mosprobe", "the configuration")
    equal(root.stat("/etc/mosprobe/targets"), "644 root:root", "targets")
    equal(root.stat("/var/lib/mosprobe"), "700 mosprobe:mosprobe", "its folder")
    equal(os.readlink(f"{root.root}/{UNIT}"), "/lib/systemd/system/mosprobe.service", "enabled")
    user = root.must("getent", "passwd", "mosprobe").strip().split(":")
    equal(user[5:], ["/var/lib/mosprobe", "/usr/sbin/nologin"], f"the user {user}")
    expect(100 <= int(user[2]) < 1000, f"a system's: {user}")
    conf = root.read("/etc/mosprobe/mosprobe.conf")
    for line in ("targets = targets", "user = mosprobe", "state_dir = /var/lib/mosprobe"):
        equal(conf.splitlines().count(line), 1, line)


def test_checks():
    root = chroot()
    done = root.run("mosprobe", "check", "--redis", "")
    equal(done.returncode, 1, f"without a target: {done.stdout}{done.stderr}")
    expect("fail  targets       /etc/mosprobe/targets: no targets in it\n" in done.stdout, done.stdout)
    conf = root.read("/etc/mosprobe/mosprobe.conf")
    for old, new in CHANGES:
        conf = re.sub(old, new, conf)
    root.write("/etc/mosprobe/mosprobe.conf", conf)
    root.write("/etc/mosprobe/targets", "127.0.0.1:9\n")
    done = root.run("mosprobe", "check")
    equal(done.returncode, 0, f"{done.stdout}{done.stderr}")
    for line in ("configuration /etc/mosprobe/mosprobe.conf, id ", "bpf ", "user          becomes mosprobe, ",
                 "state_dir     /var/lib/mosprobe: "):
        expect(f"\nok    {line}" in f"\n{done.stdout}", f"{line}: {done.stdout}")
    equal(root.stat("/etc/mosprobe/mosprobe.conf"), "640 root:mosprobe", "the configuration")


def test_runs():
    """As root, with nothing but its configuration: it becomes its user, and what it remembers is that user's."""
    root = chroot()
    done = root.run("mosprobe", "run", "--cycles", "1")
    equal(done.returncode, 0, done.stderr)
    expect('"target":"127.0.0.1:9"' in done.stdout and '"outcome":"failed"' in done.stdout, done.stdout)
    expect("every capability given up" in done.stderr, done.stderr)
    equal(root.stat("/var/lib/mosprobe/targets.state").split()[1], "mosprobe:mosprobe", "what it remembers")


def test_upgrade_keeps_what_was_configured():
    root, file = chroot(), chroot().put(newer(package()))
    conf, targets = root.read("/etc/mosprobe/mosprobe.conf"), root.read("/etc/mosprobe/targets")
    root.must("chown", "root:root", "/etc/mosprobe/mosprobe.conf")  # as one likes
    root.must("dpkg", "--force-confdef", "--force-confold", "--install", file)
    expect(root.must("dpkg-query", "-W", "-f", "${Version}", "mosprobe").endswith("+1"), "it is the newer one")
    equal(root.read("/etc/mosprobe/mosprobe.conf"), conf, "the configuration")
    equal(root.read("/etc/mosprobe/targets"), targets, "targets")
    equal(root.stat("/etc/mosprobe/mosprobe.conf"), "640 root:root", "the configuration")
    equal(root.stat("/var/lib/mosprobe/targets.state").split()[1], "mosprobe:mosprobe", "what it remembers")
    expect(os.path.lexists(f"{root.root}/{UNIT}"), "still enabled")


def test_remove_leaves_what_is_the_administrators():
    root = chroot()
    conf = root.read("/etc/mosprobe/mosprobe.conf")
    root.must("dpkg", "--remove", "mosprobe")
    equal(root.read("/etc/mosprobe/mosprobe.conf"), conf, "the configuration")
    expect(os.path.exists(f"{root.root}/var/lib/mosprobe/targets.state"), "what it remembers")
    for name in ("/usr/bin/mosprobe", "/lib/systemd/system/mosprobe.service"):
        expect(not os.path.lexists(root.root + name), f"{name} is there")


def test_purge_leaves_nothing():
    root = chroot()
    root.must("dpkg", "--purge", "mosprobe")
    equal(root.run("dpkg-query", "-W", "mosprobe").returncode, 1, "status of dpkg-query")
    equal(sorted(root.written() - root.before), [], "files that are left")
    equal(sorted(root.before - root.written()), [], "files that are gone")
    equal(root.users(), root.users_before, "users and groups")


def test_make_install_and_uninstall():
    place = path("place")
    words = [f"DESTDIR={place}", "PREFIX=/opt/mosprobe", "sysconfdir=/opt/etc"]
    make("install-files", "install", *words, "-o", "all")
    found = sorted(os.path.relpath(os.path.join(folder, name), place)
                   for folder, _, names in os.walk(place) for name in names)
    for name in ("bin/mosprobe", "lib/systemd/system/mosprobe.service", "share/man/man5/mosprobe.conf.5",
                 "share/bash-completion/completions/mosprobe", "lib/sysusers.d/mosprobe.conf"):
        expect(f"opt/mosprobe/{name}" in found, f"{name}: {found}")
    expect(run([f"{place}/opt/mosprobe/bin/mosprobe", "--version"]).stdout.startswith("mosprobe "), "it runs")
    unit = read("place/opt/mosprobe/lib/systemd/system/mosprobe.service")
    expect("\nExecStart=/opt/mosprobe/bin/mosprobe run -c /opt/etc/mosprobe/mosprobe.conf " in unit, unit)
    equal(re.findall("/usr/bin/mosprobe|/etc/mosprobe(?<!/opt/etc/mosprobe)", unit), [], "other places")
    write("place/opt/etc/mosprobe/targets", "a.example\n")
    make("install-files", "install", *words, "-o", "all")
    equal(read("place/opt/etc/mosprobe/targets"), "a.example\n", "what was there")
    make("uninstall", *words)
    equal(sorted(os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names),
          [f"{place}/opt/etc/mosprobe/{name}" for name in ("mosprobe.conf", "targets")], "what is left")


if __name__ == "__main__":
    skip_unless_root("a mount namespace")
    os.nice(15)  # others measure time
    run_tests(globals())

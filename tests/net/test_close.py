#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How a connection ends, and what real servers see of it: kamailio and nginx, for each of half, rst and
fin, on sockets that are used again and again; and what our packets carry: source and DSCP."""
import random
import socket
import time

from harness import (MOSPROBE, equal, expect, free_port, path, read, run, run_tests,
                     samples_of, skip_unless_stamped, write)
from servers import kamailio, nginx

KAMAILIO, NGINX = "127.79.0.1", "127.79.0.2"
CYCLES, SAMPLES = 3, 10
PROBES = CYCLES * SAMPLES    # of each server


def probe(targets, *keys):
    """Samples of a few slots, as dictionaries."""
    config = write("close.conf", "\n".join([
        "[prober]", "interval = 1s", "timeout = 900ms", f"samples = {SAMPLES}", "deny = none",
        "max_in_flight = 16", *keys, "[redis]", "url =", ""]))
    done = run([MOSPROBE, "run", "-c", config, "--targets", write("close.targets", targets),
                "--output", "samples", "--cycles", str(CYCLES)], 30)
    equal(done.returncode, 0, f"status: {done.stderr}")
    return samples_of(done.stdout)


def log_lines(name, of=""):
    """How many lines there are with that in them."""
    return sum(of in line for line in read(name).splitlines())


def closing(mode, engine, *keys):
    """Probes both servers; returns how many lines kamailio and nginx have logged of it, and how many of
    each were of resets."""
    def counts():
        return [log_lines(name, of) for of in ("", "reset by peer")
                for name in ("kamailio.log", "nginx.error")]

    time.sleep(0.3)    # what was before is in the logs
    before = counts()
    found = probe(f"{KAMAILIO} close={mode}\n{NGINX}:8060 close={mode}\n", f"engine = {engine}", *keys)
    time.sleep(0.3)
    equal(len(found), 2 * PROBES, "samples")
    for sample in found:
        equal((sample["outcome"], sample["stamp_source"], sample["sent"], sample["lost"]),
              ("ok", "bpf", "1", "0"), f"a sample with close={mode}: {sample}")
        expect(0 < int(sample["rtt_ns"]) < 20e6, f"latency on loopback: {sample}")
    lines = [now - then for now, then in zip(counts(), before)]
    print(f"# close = {mode}, {engine}: {PROBES} probes, kamailio {lines[0]} lines, {lines[2]} of resets; "
          f"nginx {lines[1]}, {lines[3]} of resets", flush=True)
    return lines


def time_waits(source):
    """How many connections from an address of ours to kamailio ended with two FINs."""
    found = run(["ss", "-Htan", "state", "time-wait", "src", source, "dst", KAMAILIO]).stdout
    return len(found.splitlines())


def test_half_is_silent():
    for engine in ("io_uring", "epoll"):
        equal(closing("half", engine), [0, 0, 0, 0], f"lines in the logs with {engine}")


def test_rst_is_loud():
    for engine in ("io_uring", "epoll"):
        kamailio_lines, _, kamailio_resets, nginx_resets = closing("rst", engine)
        equal(kamailio_lines, 2 * PROBES, f"lines of kamailio with {engine}")
        expect(kamailio_resets >= PROBES, f"{kamailio_resets} resets in kamailio's log")
        expect(nginx_resets >= PROBES // 2, f"{nginx_resets} resets in nginx's log")


def test_fin_is_orderly():
    for engine in ("io_uring", "epoll"):
        # Connections of another run may still be in TIME_WAIT.
        source = f"127.79.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
        kamailio_lines, _, _, nginx_resets = closing("fin", engine, f"source = {source}")
        equal((kamailio_lines, nginx_resets), (0, 0), f"lines of kamailio, resets, with {engine}")
        # Whoever needs longer than half the time-out for its own FIN gets a RST after all.
        ended = time_waits(source)
        expect(PROBES - 3 <= ended <= PROBES, f"{ended} of {PROBES} connections in TIME_WAIT")


def saved_syns(family, address, *keys):
    """The IP headers and what follows of every SYN that a listener of ours got (TCP_SAVE_SYN, 27 and
    28 in linux/tcp.h)."""
    port = free_port(address)
    target = f"[{address}]:{port}" if family == socket.AF_INET6 else f"{address}:{port}"
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, 27, 1)
        listener.bind((address, port))
        listener.listen(200)
        found = probe(f"{target} close=rst\n", *keys)
        equal({s["outcome"] for s in found}, {"ok"}, "outcomes")
        syns = []
        for _ in found:
            with listener.accept()[0] as connection:
                syns.append(connection.getsockopt(socket.IPPROTO_TCP, 28, 128))
        return syns


def test_source_and_dscp_of_ipv4():
    syns = saved_syns(socket.AF_INET, "127.79.0.3", "source = 127.79.0.9", "dscp = ef")
    equal({syn[1] for syn in syns}, {46 << 2}, "type of service")
    equal({socket.inet_ntoa(syn[12:16]) for syn in syns}, {"127.79.0.9"}, "source address")
    ports = {syn[20:22] for syn in syns}
    equal(len(ports), len(syns), "a new source port each time")


def test_dscp_of_ipv6():
    syns = saved_syns(socket.AF_INET6, "::1", "source = ::1, 127.79.0.9", "dscp = af41")
    equal({(syn[0] << 4 | syn[1] >> 4) & 0xff for syn in syns}, {34 << 2}, "traffic class")


def test_a_source_that_is_not_ours():
    config = write("close.conf", "[prober]\nsource = 198.18.77.77\n[redis]\nurl =\n")
    done = run([MOSPROBE, "run", "-c", config, "--targets", write("close.targets", "127.0.0.1\n")])
    equal((done.returncode, len(done.stderr.splitlines())), (1, 1), f"status, lines: {done.stderr}")
    expect("source 198.18.77.77: Cannot assign requested address" in done.stderr, done.stderr)


if __name__ == "__main__":
    skip_unless_stamped()
    kamailio(KAMAILIO)
    nginx(NGINX, 8060)
    run_tests(globals())

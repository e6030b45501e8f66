"""What the tests of netsim against its own log of truth share: a probe that runs inside and keeps every
packet, and the log read back."""
import json
import sys

from harness import NETSIM, equal, path, run, write


def netsim(*arguments, seconds=60):
    return run([NETSIM, *arguments], seconds)


def scenario(text):
    return write("test.scenario", text)


# Runs inside the network. Arguments: JSON of a list of [at, address, seconds to wait]: connects at
# those seconds after its start, and prints [address, outcome, ms] of each, and
# every TCP packet that it saw, as [the kernel's ns, are we the sender, peer, our port, flags, sequence,
# acknowledgement, window, TSval, TSecr].
PROBE = r"""
import errno, json, selectors, socket, struct, sys, time

plan = sorted(json.loads(sys.argv[1]))
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sniffer.bind(("netsim0", 3))
sniffer.setblocking(False)
sniffer.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)    # SO_RCVBUFFORCE: it is read at the end
sniffer.setsockopt(socket.SOL_SOCKET, 35, 1)          # SO_TIMESTAMPNS
time.sleep(0.3)    # the kernel switches stamps on by a worker; without one, a packet has the time of its reading
selector = selectors.DefaultSelector()
begin, results, packets, waiting = time.monotonic(), [], [], {}
while plan or waiting:
    now = time.monotonic()
    while plan and plan[0][0] <= now - begin:
        _, address, wait = plan.pop(0)
        probe = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        probe.setblocking(False)
        probe.connect_ex((address, 5060))
        waiting[probe] = (address, now, now + wait)
        selector.register(probe, selectors.EVENT_WRITE)
    ends = [end for _, _, end in waiting.values()] + [begin + at for at, _, _ in plan[:1]]
    for key, _ in selector.select(max(0, min(ends) - now)):
        address, started, _ = waiting.pop(key.fileobj)
        selector.unregister(key.fileobj)
        error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        results.append([address, errno.errorcode.get(error, "ok"), (time.monotonic() - started) * 1e3])
        key.fileobj.close()
    for probe, (address, _, end) in list(waiting.items()):
        if time.monotonic() >= end:
            results.append([address, "timeout", 0])
            selector.unregister(probe)
            del waiting[probe]
            probe.close()
time.sleep(0.15)

def timestamps(options):
    while options and options[0]:
        length = 1 if options[0] == 1 else options[1]
        if options[0] == 8:
            return struct.unpack("!II", options[2:10])
        options = options[length:]
    return (None, None)

while True:
    try:
        frame, control, _, source = sniffer.recvmsg(2048, 256)
    except BlockingIOError:
        break
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        continue
    seconds, ns = struct.unpack("qq", control[0][2])
    ours = source[2] == 4    # PACKET_OUTGOING
    tcp = frame[34:]
    peer, port = (frame[30:34], tcp[0:2]) if ours else (frame[26:30], tcp[2:4])
    sequence, acknowledgement, length, flags, window = struct.unpack("!IIBBH", tcp[4:16])
    packets.append([seconds * 10**9 + ns, ours, socket.inet_ntoa(peer),
                    struct.unpack("!H", port)[0], flags, sequence, acknowledgement, window,
                    *timestamps(tcp[20:(length >> 4) * 4])])
print(json.dumps({"results": results, "packets": packets}))
"""

FIN, SYN, RST, ACK = 1, 2, 4, 16


class Packet:
    def __init__(self, fields):
        (self.ns, self.ours, self.peer, self.port, self.flags, self.sequence, self.acknowledgement,
         self.window, self.tsval, self.tsecr) = fields

    def __repr__(self):
        return str(self.__dict__)


class Syn:
    """A line of the log of truth; numbers are numbers, `-` is None."""

    def __init__(self, names, words):
        for name, word in zip(names, words):
            setattr(self, name, None if word == "-" else int(word) if word.isdigit() else word)
        self.sent = [Sent(text) for text in words[-1].split(",")] if words[-1] != "-" else []
        self.port_pair = (self.address, self.from_port)

    def __repr__(self):
        return str(self.__dict__)


class Sent:
    def __init__(self, text):
        self.packet, self.how, due, left, tsecr = text.split("/")
        self.due_ns = int(due)
        self.left_ns = None if left == "-" else int(left)
        self.tsecr = None if tsecr == "-" else int(tsecr)

    def __repr__(self):
        return str(self.__dict__)


def read_truth(file):
    """The SYNs, and what the comments say."""
    done = netsim("truth", file)
    equal(done.returncode, 0, f"status: {done.stderr}")
    comments = [line[2:] for line in done.stdout.splitlines() if line.startswith("#")]
    names = comments[1].split()
    equal(names[0], "syn", f"columns in {comments}")
    syns = [Syn(names, line.split()) for line in done.stdout.splitlines() if line[0] != "#"]
    return syns, comments


class Seen:
    """What a run brought: outcomes and packets as the command saw them, and the truth."""

    def __init__(self, text, plan, *options):
        file, truth = scenario(text), path("test.truth")
        done = netsim("run", file, "--busy", "--truth", truth, *options, "--", sys.executable, "-c",
                      PROBE, json.dumps(plan))
        equal(done.returncode, 0, f"status: {done.stderr}")
        seen = json.loads(done.stdout)
        self.stderr = done.stderr
        self.results = {}
        for address, outcome, ms in seen["results"]:
            self.results.setdefault(address, []).append((outcome, ms))
        self.packets = sorted((Packet(p) for p in seen["packets"]), key=lambda p: p.ns)
        self.syns, self.comments = read_truth(truth)
        self.start_ns = int(self.comments[0].split()[1])
        for packet in self.packets:    # to the clock that nobody sets
            packet.ns -= self.syns[0].arrival_realtime_ns - self.syns[0].arrival_ns

    def of(self, address):
        """The packets to and from an address."""
        return [p for p in self.packets if p.peer == address]

    def answers(self, address):
        return [p for p in self.of(address) if not p.ours]

    def outcome(self, address):
        return self.results[address][0][0]

    def truth(self, address):
        return [s for s in self.syns if s.address == address]

    def seconds(self, syn):
        return (syn.arrival_ns - self.start_ns) / 1e9


def wrong(packet, syn):
    """Whether it acknowledges something else than the SYN."""
    return packet.acknowledgement != (syn.isn + 1) % 2**32

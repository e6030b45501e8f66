"""A name server on loopback, in a thread, that answers as it is told: well, late, wrongly or not at all."""
import ipaddress
import os
import socket
import struct
import threading

A, CNAME, SOA, AAAA = 1, 5, 6, 28
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def encode(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def record(name, kind, ttl, data):
    return encode(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def address_record(name, ttl, text):
    address = ipaddress.ip_address(text)
    return record(name, A if address.version == 4 else AAAA, ttl, address.packed)


class Answer:
    """What a name is answered with: addresses (of both families), a chain of names before them, a code,
    and how: "well", "truncated" (over UDP; well over TCP), "silent", "garbage", "cut" (in the middle of
    a record), "foreign" (to another question)."""

    def __init__(self, *addresses, ttl=60, code=NOERROR, through=(), how="well"):
        self.addresses, self.ttl, self.code = addresses, ttl, code
        self.through, self.how = through, how

    def records(self, name, kind):
        """Those of one type, as a resolver would send them."""
        wanted = [text for text in self.addresses
                  if (ipaddress.ip_address(text).version == 4) == (kind == A)]
        chain = [name, *self.through]
        return [record(alias, CNAME, self.ttl, encode(to)) for alias, to in zip(chain, chain[1:])] \
            + [address_record(chain[-1], self.ttl, text) for text in wanted]


class StrangeDns:
    """names: {name: Answer}, to be changed at any time; other names do not exist. alive: answers at all."""

    def __init__(self, names):
        self.names, self.alive = dict(names), True
        self.asked = {}  # name: how often
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.server = f"127.0.0.1:{self.port}"
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def _answer(self, question, over_tcp):
        """The bytes, None = none."""
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        name, kind = ".".join(labels).lower(), struct.unpack("!H", question[at + 1:at + 3])[0]
        section = question[12:at + 5]
        self.asked[name] = self.asked.get(name, 0) + 1
        answer = self.names.get(name, Answer(code=NXDOMAIN))
        if not self.alive or answer.how == "silent":
            return None
        if answer.how == "garbage":
            return question[:2] + os.urandom(60)
        if answer.how == "foreign":
            section = encode("elsewhere.test") + section[-4:]
        records = answer.records(name, kind) if answer.code == NOERROR else []
        truncated = answer.how == "truncated" and not over_tcp
        if truncated:
            records = []
        # What does not exist comes with the zone's SOA, or it would be a referral.
        absent = [] if records or truncated else [record("test", SOA, 60, encode("ns.test") + encode(
            "root.test") + struct.pack("!5I", 1, 60, 60, 60, 60))]
        header = question[:2] + struct.pack("!HHHHH", 0x8580 | (0x200 if truncated else 0)
                                            | answer.code, 1, len(records), len(absent), 0)
        whole = header + section + b"".join(records + absent)
        return whole[:-5] if answer.how == "cut" else whole

    def _serve_udp(self):
        while True:
            question, client = self.udp.recvfrom(4096)
            answer = self._answer(question, False)
            if answer is not None:
                self.udp.sendto(answer, client)

    def _serve_tcp(self):
        while True:
            client, _ = self.tcp.accept()
            threading.Thread(target=self._serve_client, args=(client,), daemon=True).start()

    def _serve_client(self, client):
        with client:
            client.settimeout(5)
            try:
                while True:
                    size = client.recv(2, socket.MSG_WAITALL)
                    if len(size) < 2:
                        return
                    question = client.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL)
                    answer = self._answer(question, True)
                    if answer is not None:
                        client.sendall(struct.pack("!H", len(answer)) + answer)
            except OSError:
                pass

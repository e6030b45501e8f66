# SPDX-License-Identifier: MIT
"""Asks a blackbox_exporter to probe, over so many connections that stay open, a request on each at a time."""
import asyncio
import re
import time

DURATION = re.compile(rb"\nprobe_duration_seconds ([\d.e+-]+)\n")
SUCCESS = re.compile(rb"\nprobe_success 1\n")
LENGTH = re.compile(rb"[Cc]ontent-[Ll]ength: (\d+)\r\n")


async def _body(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    if length:
        return await reader.readexactly(int(length[1]))
    parts = []    # in chunks
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)


async def _worker(port, addresses, until, found):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for address in addresses:
        if time.monotonic() > until:
            break
        writer.write(f"GET /probe?module=tcp_connect&target={address}:5060 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        body = await _body(reader)
        duration = DURATION.search(body) if SUCCESS.search(body) else None
        found.append((address, float(duration[1]) if duration else None))
    writer.close()


async def _scrape(port, addresses, at_once, seconds):
    found, until, source = [], time.monotonic() + seconds, iter(addresses)
    await asyncio.gather(*(_worker(port, source, until, found) for _ in range(at_once)))
    return found


def scrape(port, addresses, at_once, seconds):
    """[(address, the latency that it tells in s, or None)]."""
    return asyncio.run(_scrape(port, addresses, at_once, seconds))

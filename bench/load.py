"""A small HTTP load generator in its own process: raw sockets, keep-alive, requests made beforehand.

    python -m bench.load PORT CONNECTIONS SECONDS FILE

FILE holds pickled requests (whole bytes each).  Prints one JSON line: counts by status, seconds, latencies.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

from bench.report import percentile


class Connection(asyncio.Protocol):
    """Sends one request after the other until the time is over."""

    def __init__(self, requests: Iterator[bytes], load: Load) -> None:
        self._requests, self._load = requests, load
        self._buffer = b""
        self._sent = 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None or time.perf_counter() >= self._load.until:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self._load.took.append(time.perf_counter() - self._sent)
        self._load.statuses[int(self._buffer[9:12])] += 1
        self._buffer = b""
        self._next()

    def connection_lost(self, fault: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._load.lost()


class Load:
    """The counts of one run."""

    def __init__(self, connections: int, seconds: float) -> None:
        self.statuses: Counter[int] = Counter()
        self.took: list[float] = []
        self.until = time.perf_counter() + seconds
        self._alive = connections
        self.done = asyncio.Event()

    def lost(self) -> None:
        self._alive -= 1
        if not self._alive:
            self.done.set()


async def run(port: int, connections: int, seconds: float, requests: list[bytes]) -> dict[str, Any]:
    load = Load(connections, seconds)
    waiting = iter(requests)
    began = time.perf_counter()
    for _ in range(connections):
        await asyncio.get_running_loop().create_connection(lambda: Connection(waiting, load), "127.0.0.1", port)
    await load.done.wait()
    return {
        "seconds": time.perf_counter() - began,
        "statuses": load.statuses,
        "p50_ms": percentile(load.took, 0.5) * 1000,
        "p99_ms": percentile(load.took, 0.99) * 1000,
    }


def main() -> None:
    port, connections, seconds, file = sys.argv[1:]
    requests: list[bytes] = pickle.loads(Path(file).read_bytes())
    print(json.dumps(uvloop.run(run(int(port), int(connections), float(seconds), requests))))


if __name__ == "__main__":
    main()

"""Load on an HTTP server: as much as 32 connections carry, or a fixed rate whatever the answers do.

The fixed rate measures latency from when a request was due, not from when it could be sent: a server that stalls does
not get fewer requests for it. As much as possible is measured with `wrk` where it is on PATH, because it costs 5 µs a
request and this client about 40, on the same two cores; which one was used stands in the result.
"""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Throughput:
    """`errors`: answers other than 2xx."""

    per_s: float
    errors: int


@dataclass(slots=True)
class Latencies:
    """Milliseconds from when each request was due; `errors` as above."""

    ms: list[float] = field(default_factory=list)
    errors: int = 0

    def quantile(self, share: float) -> float:
        """The latency that `share` of the requests did not pass."""
        return sorted(self.ms)[min(len(self.ms) - 1, int(share * len(self.ms)))]


def request(body: bytes, path: str, key: str) -> bytes:
    """One HTTP request, ready to be written."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def client() -> str:
    """What `most` sends with."""
    return "wrk" if shutil.which("wrk") else "own client"


def most(port: int, path: str, key: str, bodies: Sequence[bytes], seconds: float) -> Throughput:
    """As much as `CONNECTIONS` carry for `seconds`; `bodies` must last that long."""
    if client() == "wrk":
        return _wrk(port, path, key, bodies, seconds)
    requests = iter([request(body, path, key) for body in bodies])
    return asyncio.run(_most(port, requests, seconds))


def steady(port: int, path: str, key: str, bodies: Sequence[bytes], per_s: float) -> Latencies:
    """Send all `bodies` at a fixed rate."""
    return asyncio.run(_steady(port, [request(body, path, key) for body in bodies], per_s))


class _Connection:
    """Keep-alive, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "_Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> int:
        """The status."""
        self._writer.write(data)
        head = await self._reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"Content-Length: (\d+)", head, re.IGNORECASE)
        if found:
            await self._reader.readexactly(int(found[1]))
        return int(head[9:12])

    def close(self) -> None:
        self._writer.close()


async def _most(port: int, requests: Iterator[bytes], seconds: float) -> Throughput:
    end, done, errors = time.perf_counter() + seconds, 0, 0

    async def work() -> None:
        nonlocal done, errors
        connection = await _Connection.open(port)
        while time.perf_counter() < end:
            status = await connection.send(next(requests))
            done += 1
            errors += status >= 300
        connection.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return Throughput(done / seconds, errors)


async def _steady(port: int, requests: Sequence[bytes], per_s: float) -> Latencies:
    free: asyncio.Queue[_Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await _Connection.open(port))
    found, began = Latencies(), time.perf_counter()

    async def one(data: bytes, due: float) -> None:
        connection = await free.get()
        status = await connection.send(data)
        found.ms.append((time.perf_counter() - due) * 1000)
        found.errors += status >= 300
        free.put_nowait(connection)

    tasks = []
    for number, data in enumerate(requests):
        due = began + number / per_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(data, due)))
    await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait().close()
    return found


def _wrk(port: int, path: str, key: str, bodies: Sequence[bytes], seconds: float) -> Throughput:
    script = Path(__file__).parent / "post.lua"
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(b"\n".join(bodies) + b"\n")
        file.flush()
        told = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", script, f"http://127.0.0.1:{port}{path}"],
            env={**os.environ, "BODIES": file.name, "KEY": key},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert rate is not None, told
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Throughput(float(rate[1]), int(errors[1]) if errors else 0)

"""The service as the process that `moderator serve` is: started, loaded, killed and started again.

Nothing in here imports the service: a test sees what an operator sees, which is exit codes, two streams, the data
folder and HTTP.
"""

import asyncio
import os
import signal
import socket
import struct
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
_POLL_S = 0.01


class ServiceProcess:
    """One data folder and the service on it, which a test starts and ends as often as it likes.

    `url` is where it listened last; `key` and `token` are those of its first start. The port is the system's choice,
    so that tests never meet.
    """

    def __init__(self, folder: Path, bundle: Path, **settings: str) -> None:
        self.data = folder / "data"
        self.url = ""
        self._out, self._err = folder / "stdout", folder / "stderr"
        self.settings = environment(data=str(self.data), bundle=str(bundle), **settings)
        self._process: Process | None = None

    async def start(self) -> float:
        """Start it, wait until it says that it listens, and give how many seconds that took."""
        began = time.monotonic()
        with self._out.open("wb") as out, self._err.open("ab") as err:
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND, cwd=ROOT, env=self.settings, stdin=DEVNULL, stdout=out, stderr=err
            )
        await until(self._listens)
        return time.monotonic() - began

    def _listens(self) -> bool:
        assert self.process.returncode is None, (self.process.returncode, self._err.read_text())
        first, _, _ = self._out.read_text().partition("\n")
        _, listens, self.url = first.partition(" listens on ")
        return bool(listens)

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    async def kill(self) -> None:
        """`kill -9` of the process that was started, and wait until it is gone."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    def store(self) -> int | None:
        """The process that listens on the embedded server's socket; None: nobody does."""
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self.data / "server.sock")) != 0:
                return None
            process, _, _ = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            return int(process)

    def kill_store(self) -> int:
        """`kill -9` of the embedded server; gives the process that it was."""
        process = self.store()
        assert process is not None
        os.kill(process, signal.SIGKILL)
        return process

    @property
    def first_start(self) -> dict[str, str]:
        """What the first start left in the data folder."""
        kept: dict[str, str] = msgspec.json.decode((self.data / "first-start.json").read_bytes())
        return kept

    def logged(self) -> list[dict[str, Any]]:
        """What it logged, over all its starts; a line that is no event fails here."""
        return [msgspec.json.decode(line) for line in self._err.read_bytes().splitlines()]

    async def clean_up(self) -> None:
        """Leave nothing running, whatever the test has done."""
        if self._process is not None and self._process.returncode is None:
            await self.stop()
        if (process := self.store()) is not None:
            os.kill(process, signal.SIGKILL)


COMMAND = (sys.executable, "-m", "moderator", "serve")


def environment(**settings: str) -> dict[str, str]:
    """Nothing of ours but what a test sets, on a port that is free and with the view that starts fastest."""
    chosen = {"port": "0", "views": "surface"} | settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODERATOR_", "PROMETHEUS_"))}
    return kept | {f"MODERATOR_{name.upper()}": value for name, value in chosen.items()}


async def refusal(settings: dict[str, str]) -> str:
    """The sentence with which a start is refused: the one line on stderr, with exit code 1 and nothing on stdout."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, cwd=ROOT, env=settings, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    assert (process.returncode, out) == (1, b""), err.decode()
    (line,) = err.decode().splitlines()
    name, _, sentence = line.partition(": ")
    assert name == "moderator"
    return sentence


def children(process: int) -> list[int]:
    """The processes that a process has started and that live."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def tcp_ports(process: int) -> set[int]:
    """The TCP ports on which a process listens."""
    held = set()
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # Closed meanwhile.
            held.add(str(each.readlink()))
    tables = [Path(f"/proc/{process}/net/{table}").read_text() for table in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    # Columns: 1 the local address, 3 the state, of which 0A is LISTEN, 9 the inode.
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in held}


def lives(process: int) -> bool:
    """Whether a process runs; one that ended and that nobody waited for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


async def until(happens: Callable[[], Any], within_s: float = PATIENCE_S) -> float:
    """Wait until something is so, and give how many seconds that took."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while True:
            if happens():
                return time.monotonic() - began
            await asyncio.sleep(_POLL_S)

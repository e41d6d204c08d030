"""The two servers that are compared, each a process of its own with a store of its own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from tests.redis_fixture import RedisServer

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Running:
    """Where it listens, who it is, and the key that it takes."""

    port: int
    pid: int
    key: str = "none"
    data: Path = Path()

    def cpu_s(self) -> float:
        """CPU seconds that the process has used so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def counter(self, name: str) -> float:
        """The value of a counter without labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))


@contextmanager
def moderator(views: str) -> Iterator[Running]:
    """`moderator serve` as it ships, with all features on, one process and the embedded server."""
    with tempfile.TemporaryDirectory(prefix="m") as folder:
        port = _free_port()
        environ = {**os.environ, "MODERATOR_DATA": folder, "MODERATOR_PORT": str(port), "MODERATOR_VIEWS": views}
        with _process([sys.executable, "-m", "moderator", "serve"], port, environ) as pid:
            made = json.loads((Path(folder) / "first-start.json").read_text())
            yield Running(port, pid, made["key"], Path(folder))


@contextmanager
def bare() -> Iterator[Running]:
    """The bare handler on a server of the same binary, `appendfsync everysec`."""
    with tempfile.TemporaryDirectory(prefix="m") as folder:
        store = RedisServer(Path(folder), ("--appendonly", "yes", "--appendfsync", "everysec"))
        port = _free_port()
        try:
            with _process([sys.executable, "-m", "tests.bench.bare", f"{folder}/s", str(port)], port) as pid:
                yield Running(port, pid)
        finally:
            store.kill()


@contextmanager
def _process(command: list[str], port: int, environ: dict[str, str] | None = None) -> Iterator[int]:
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL) as process:
        try:
            while not _answers(port):
                assert process.poll() is None, f"{command} did not start"
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    """Whether it is ready; the bare handler is, once it does not know what that means."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code == HTTPStatus.NOT_FOUND
    except OSError:
        return False

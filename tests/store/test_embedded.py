"""A server of our own: found, started, adopted, minded, stopped; killed at every point, it loses nothing."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from moderator.errors import OutcomeUnknown, SettingsError, StoreError, StoreUnavailable
from moderator.store import folder as data_folder
from moderator.store.client import Client
from moderator.store.embedded import EmbeddedServer
from moderator.store.folder import Held

SERVICE = """
import asyncio, sys
from pathlib import Path
from moderator.store.client import Client
from moderator.store.embedded import EmbeddedServer

async def main():
    server = EmbeddedServer(Path(sys.argv[1]))
    client = await Client.connect(await server.start())
    print((await client.info())[0].process, flush=True)
    for number in range(1_000_000):
        await client.call("SET", f"k{number}", number)
        print(number, flush=True)

asyncio.run(main())
"""


@asynccontextmanager
async def running(folder: Path, **options: Any) -> AsyncIterator[tuple[EmbeddedServer, Client]]:
    """A started and supervised server with a client, stopped at the end."""
    server = EmbeddedServer(folder, **options)
    url = await server.start()
    minding = asyncio.create_task(server.supervise())
    client = await Client.connect(url)
    try:
        yield server, client
    finally:
        minding.cancel()
        await asyncio.gather(minding, return_exceptions=True)
        await client.close()
        await server.stop()


async def eventually(ask: Callable[[], Any], within_s: float = 10) -> Any:
    async with asyncio.timeout(within_s):
        while True:
            try:
                return await ask()
            except StoreError:
                await asyncio.sleep(0.01)


def lives(process: int) -> bool:
    """Whether a process runs; one that ended and that nobody waited for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


class Service:
    """A program of its own that starts a server and writes as fast as it can, telling what was acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", SERVICE, str(folder)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.lines = self.process.stdout
        self.server = int(self.lines.readline())

    def write(self, count: int) -> None:
        """Returns when so many writes are acknowledged."""
        while int(self.lines.readline()) + 1 < count:
            pass

    def kill(self) -> int:
        """`kill -9`; gives how many writes were acknowledged."""
        self.process.kill()
        acknowledged = [int(line) for line in self.lines.read().split("\n")[:-1]]
        self.process.wait()
        self.lines.close()
        return acknowledged[-1] + 1 if acknowledged else 0


@pytest.fixture
def service(short_folder: Path) -> Iterator[Service]:
    """Running in `short_folder`; whatever is left of it and its server is killed at the end."""
    service = Service(short_folder)
    yield service
    service.process.kill()
    service.process.wait()
    service.lines.close()
    if lives(service.server):
        os.kill(service.server, signal.SIGKILL)


# Its life


async def test_it_starts_in_its_folder_with_an_append_only_file_and_no_port(short_folder: Path) -> None:
    async with running(short_folder / "new" / "data") as (_, client):
        names = ("appendonly", "appendfsync", "port", "maxmemory-policy", "dir", "slowlog-log-slower-than")
        flat = [word.decode() for word in await client.call("CONFIG", "GET", *names)]
        assert dict(zip(flat[::2], flat[1::2], strict=True)) == {
            "appendonly": "yes",
            "appendfsync": "no",
            "port": "0",
            "maxmemory-policy": "noeviction",
            "dir": f"{short_folder}/new/data",
            "slowlog-log-slower-than": "-1",
        }
        socket_mode = (short_folder / "new" / "data" / "server.sock").stat().st_mode
        assert socket_mode & 0o777 == 0o700
        assert (short_folder / "new" / "data").stat().st_mode & 0o777 == 0o700


async def test_an_orderly_stop_leaves_no_server_and_keeps_everything(short_folder: Path) -> None:
    async with running(short_folder) as (_, client):
        process = (await client.info())[0].process
        await client.call("SET", "k", "kept")
    assert not lives(process)
    async with running(short_folder) as (_, client):
        assert await client.call("GET", "k") == b"kept"


async def test_disk_durability_writes_through(short_folder: Path) -> None:
    async with running(short_folder, durability="disk") as (server, _):
        client = await Client.connect(server.url, durability="disk")
        await client.close()


async def test_a_long_path_moves_the_socket_to_a_private_folder_and_back_out(short_folder: Path) -> None:
    folder = short_folder / ("long" * 30)
    async with running(folder) as (server, client):
        assert await client.call("PING") == b"PONG"
        moved = Path(server.url.removeprefix("unix://"))
        assert len(os.fsencode(moved)) <= data_folder.LONGEST_SOCKET_BYTES
        assert moved.parent.stat().st_mode & 0o777 == 0o700
    assert not moved.parent.exists()


async def test_a_path_with_spaces_and_percent_signs_works(short_folder: Path) -> None:
    async with running(short_folder / "my 100% own 'data'") as (_, client):
        assert await client.call("PING") == b"PONG"


async def test_the_server_inherits_no_environment(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATOR_SECRET", "x" * 40)
    async with running(short_folder) as (_, client):
        process = (await client.info())[0].process
        assert b"MODERATOR" not in await asyncio.to_thread(Path(f"/proc/{process}/environ").read_bytes)


# Killed


async def test_a_server_that_dies_is_started_again_and_clients_find_it(short_folder: Path) -> None:
    async with running(short_folder) as (server, client):
        for turn in (1, 2):
            await client.call("SET", "k", turn)
            os.kill((await client.info())[0].process, signal.SIGKILL)
            await eventually(lambda: client.call("PING"))
            assert await eventually(lambda: client.call("GET", "k")) == b"%d" % turn
        assert server.restarts == 2


async def test_a_killed_services_server_is_adopted_with_everything_acknowledged(
    short_folder: Path, service: Service
) -> None:
    await asyncio.to_thread(service.write, 100)
    acknowledged = max(100, await asyncio.to_thread(service.kill))
    assert lives(service.server)
    async with running(short_folder, durability="disk") as (_, client):
        assert (await client.info())[0].process == service.server
        assert await client.call("GET", f"k{acknowledged - 1}") == b"%d" % (acknowledged - 1)
        assert await client.call("EXISTS", *(f"k{n}" for n in range(acknowledged))) == acknowledged
        # It was started for another durability; the adopter's counts.
        assert await client.call("CONFIG", "GET", "appendfsync") == [b"appendfsync", b"always"]
        os.kill(service.server, signal.SIGKILL)
        assert await eventually(lambda: client.call("EXISTS", "k0")) == 1
    assert not lives(service.server)


async def test_when_service_and_server_are_killed_the_next_start_has_everything(
    short_folder: Path, service: Service
) -> None:
    await asyncio.to_thread(service.write, 100)
    os.kill(service.server, signal.SIGKILL)
    acknowledged = max(100, await asyncio.to_thread(service.kill))
    async with running(short_folder) as (_, client):
        assert await client.call("EXISTS", *(f"k{n}" for n in range(acknowledged))) == acknowledged


async def test_a_server_killed_under_load_loses_nothing_that_was_acknowledged(short_folder: Path) -> None:
    async with running(short_folder) as (_, client):
        acknowledged = [0] * 32
        unknown = [0] * 32
        stopping = asyncio.Event()

        async def write(number: int) -> None:
            while not stopping.is_set():
                try:
                    acknowledged[number] = await client.call("INCR", f"n{number}")
                except OutcomeUnknown:
                    unknown[number] += 1
                except StoreUnavailable:
                    await asyncio.sleep(0.01)

        writers = [asyncio.create_task(write(number)) for number in range(32)]
        for _ in range(3):
            process = (await eventually(client.info))[0].process
            await asyncio.sleep(0.1)
            os.kill(process, signal.SIGKILL)
            await asyncio.sleep(0.01)
        await eventually(lambda: client.call("PING"))
        stopping.set()
        await asyncio.gather(*writers)
        kept = [int(await client.call("GET", f"n{number}")) for number in range(32)]
        # Never less than was said; more only where it was said that nobody knows.
        for there, said, lost in zip(kept, acknowledged, unknown, strict=True):
            assert said <= there <= said + lost
        assert sum(unknown) > 0
        assert min(acknowledged) > 100


async def test_a_start_that_is_cancelled_leaves_no_server(short_folder: Path) -> None:
    for turns in range(0, 60, 6):
        server = EmbeddedServer(short_folder)
        starting = asyncio.create_task(server.start())
        for _ in range(turns):
            await asyncio.sleep(0.001)
        if starting.cancel():
            await asyncio.gather(starting, return_exceptions=True)
        else:
            await server.stop()
        folder = data_folder.DataFolder(short_folder)
        assert not await asyncio.to_thread(folder.server_lives)
        os.close(await asyncio.to_thread(folder.hold, "service"))


# Refused


async def test_another_instance_is_named(short_folder: Path) -> None:
    async with running(short_folder):
        with pytest.raises(Held, match=rf"another instance of the service \(process {os.getpid()}\) uses the data"):
            await EmbeddedServer(short_folder).start()


async def test_a_short_command_is_waited_for(short_folder: Path) -> None:
    command = EmbeddedServer(short_folder, role="command")
    await command.start()
    service = EmbeddedServer(short_folder)
    starting = asyncio.create_task(service.start())
    await asyncio.sleep(0.1)
    assert not starting.done()
    await command.stop()
    await starting
    await service.stop()


async def test_a_folder_that_cannot_be_made_is_one_sentence(short_folder: Path) -> None:
    (short_folder / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be made: a file is in its place"):
        await EmbeddedServer(short_folder / "file").start()
    with pytest.raises(SettingsError, match="cannot be made: a file is in its place"):
        await EmbeddedServer(short_folder / "file" / "data").start()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "there is no disk space left for the data folder"),
        (errno.EACCES, "is not writable by this user"),
        (errno.EROFS, "is not writable by this user"),
        (errno.EIO, "cannot be used: Input/output error"),
    ],
)
async def test_a_folder_that_takes_nothing_is_one_sentence(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(data_folder, "write_through", fail)
    with pytest.raises(SettingsError, match=sentence):
        await EmbeddedServer(short_folder).start()


async def test_a_server_that_does_not_start_says_why_and_frees_the_folder(short_folder: Path) -> None:
    (short_folder / "appendonlydir").write_text("in the way")
    with pytest.raises(SettingsError, match=r"the embedded server did not start: .*appendonlydir") as refused:
        await EmbeddedServer(short_folder).start()
    assert "\n" not in refused.value.detail
    (short_folder / "appendonlydir").unlink()
    async with running(short_folder) as (_, client):
        assert await client.call("PING") == b"PONG"


async def test_a_holder_that_does_not_answer_is_not_raced(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderator.store.embedded._START_S", 0.2)
    lock = data_folder.take(short_folder / "server.lock")
    assert lock is not None
    with pytest.raises(SettingsError, match="holds it and does not answer"):
        await EmbeddedServer(short_folder).start()
    os.close(lock)


async def test_no_tcp_port_is_open(short_folder: Path) -> None:
    async with running(short_folder) as (_, client):
        process = (await client.info())[0].process
        held = await asyncio.to_thread(lambda: [str(f.readlink()) for f in Path(f"/proc/{process}/fd").iterdir()])
        sockets = {name[8:-1] for name in held if name.startswith("socket:")}
        for table in ("tcp", "tcp6"):
            lines = await asyncio.to_thread(Path(f"/proc/{process}/net/{table}").read_text)
            assert not sockets & {line.split()[9] for line in lines.splitlines()[1:]}

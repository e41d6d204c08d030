"""The append-only file goes to the disk each second, and no write is acknowledged that only the server's memory has."""

import asyncio
import errno
import os
import signal
from pathlib import Path

import pytest

from moderator.errors import StoreError
from moderator.store import flush
from moderator.store.client import Client
from moderator.store.embedded import EmbeddedServer

LONG = b"x" * 1500
# Within this time a server with `appendfsync everysec` is sure to have begun an fsync.
TURN_S = 2.5


async def test_a_server_killed_while_its_file_is_flushed_loses_nothing(short_folder: Path) -> None:
    server = EmbeddedServer(short_folder)
    client = await Client.connect(await server.start())
    minding = asyncio.create_task(server.supervise())
    said = [0] * 32

    async def write(number: int) -> None:
        while True:
            said[number] = await client.call("APPEND", f"k{number}", LONG)

    writers = [asyncio.create_task(write(number)) for number in range(len(said))]
    process = (await client.info())[0].process
    end = asyncio.get_running_loop().time() + TURN_S
    while asyncio.get_running_loop().time() < end:
        # The server's own fsync is the moment at which it would hold writes back and acknowledge them.
        if b"aof_pending_bio_fsync:1" in await client.call("INFO", "persistence"):
            break
    os.kill(process, signal.SIGKILL)
    errors = await asyncio.gather(*writers, return_exceptions=True)
    assert all(isinstance(error, StoreError) for error in errors)

    kept = [await eventually_length(client, f"k{number}") for number in range(len(said))]
    assert all(there >= acknowledged > 0 for there, acknowledged in zip(kept, said, strict=True))
    minding.cancel()
    await asyncio.gather(minding, return_exceptions=True)
    await client.close()
    await server.stop()


async def eventually_length(client: Client, key: str) -> int:
    """The length of a value, once the server answers again."""
    async with asyncio.timeout(10):
        while True:
            try:
                return int(await client.call("STRLEN", key))
            except StoreError:
                await asyncio.sleep(0.02)


def test_every_append_only_file_is_flushed_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof", "appendonly.aof.2.incr.aof"):
        (tmp_path / name).write_text("")
    flushed: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda file: flushed.append(Path(f"/proc/self/fd/{file}").readlink().name))
    flush.flush(tmp_path)
    assert sorted(flushed) == ["appendonly.aof.1.incr.aof", "appendonly.aof.2.incr.aof"]


def test_a_folder_that_is_not_there_yet_needs_no_flush(tmp_path: Path) -> None:
    flush.flush(tmp_path / "appendonlydir")


async def test_a_disk_that_fails_is_logged_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0
    again = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(_: Path) -> None:
        nonlocal tries
        tries += 1
        if tries > 1:
            loop.call_soon_threadsafe(again.set)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(flush, "flush", fail)
    monkeypatch.setattr(flush, "EVERY_S", 0.01)
    flushing = asyncio.create_task(flush.forever(tmp_path))
    await asyncio.wait_for(again.wait(), 5)
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    assert "append_only_file_not_flushed" in caplog.messages

"""How commands get a store: the URL's, the running service's, or one for the time being."""

import asyncio
from pathlib import Path

from moderator.settings import Settings
from moderator.store.embedded import EmbeddedServer
from moderator.store.folder import DataFolder
from moderator.store.open import open_store
from tests.redis_fixture import RedisServer


async def test_a_url_is_used_and_no_folder_is_touched(
    redis_server: RedisServer, prefix: str, short_folder: Path
) -> None:
    folder = short_folder / "data"
    async with open_store(Settings(redis_url=redis_server.url, data=folder, prefix=prefix)) as client:
        assert await client.call("PING") == b"PONG"
        assert client.prefix == prefix
    assert not folder.exists()


async def test_with_no_service_a_server_lives_as_long_as_the_command(short_folder: Path) -> None:
    settings = Settings(data=short_folder)
    async with open_store(settings) as client:
        await client.call("SET", "k", "kept")
    assert not await lives(short_folder)
    async with open_store(settings) as client:
        assert await client.call("GET", "k") == b"kept"


async def test_the_running_services_server_is_used_and_left_running(short_folder: Path) -> None:
    service = EmbeddedServer(short_folder)
    await service.start()
    async with open_store(Settings(data=short_folder)) as client:
        await client.call("SET", "k", "v")
    assert await lives(short_folder)
    await service.stop()


async def test_a_service_that_is_just_starting_is_waited_for(short_folder: Path) -> None:
    service = EmbeddedServer(short_folder)
    starting = asyncio.create_task(service.start())
    async with open_store(Settings(data=short_folder)) as client:
        assert await client.call("PING") == b"PONG"
    await starting
    await service.stop()


async def test_two_commands_at_once_take_turns(short_folder: Path) -> None:
    async def count() -> int:
        async with open_store(Settings(data=short_folder)) as client:
            return int(await client.call("INCR", "n"))

    assert sorted(await asyncio.gather(count(), count(), count())) == [1, 2, 3]


async def lives(folder: Path) -> bool:
    return await asyncio.to_thread(DataFolder(folder).server_lives)

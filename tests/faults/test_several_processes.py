"""MODERATOR_PROCESSES=2: two workers behind one socket, and a parent that keeps them and the server."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.faults.load import CONNECTIONS, Load, kept
from tests.faults.process import ServiceProcess, children, lives, until


@pytest.fixture
async def service(short_folder: Path, tiny_bundle: Path) -> AsyncIterator[ServiceProcess]:
    """Two processes, not started yet; nothing of them is left at the end. A pause of one is no failure of Redis."""
    service = ServiceProcess(short_folder, tiny_bundle, processes="2", redis_timeout_ms="10000")
    yield service
    await service.clean_up()


def workers(service: ServiceProcess) -> list[int]:
    """Those that live; the parent's other child is the embedded server."""
    return [each for each in children(service.process.pid) if each != service.store() and lives(each)]


@contextmanager
def paused(process: int) -> Iterator[None]:
    """Nothing is answered by `process` inside the block."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def connect(session: ClientSession, *, not_to: int) -> None:
    """Open connections to whoever answers while `not_to` does not; the session keeps and uses them."""
    with paused(not_to):
        for response in await asyncio.gather(*(session.get("/livez") for _ in range(CONNECTIONS // 2))):
            assert response.status == 200
            await response.read()


async def test_both_answer_and_a_killed_one_comes_back_while_the_other_loses_nothing(service: ServiceProcess) -> None:
    await service.start()
    await until(lambda: len(workers(service)) == 2)
    first, second = workers(service)
    hit, spared = (Load(service.url, service.first_start["key"], number) for number in (0, 1_000_000))
    async with hit.session() as to_first, spared.session() as to_second:
        await connect(to_first, not_to=second)
        await connect(to_second, not_to=first)
        async with hit.posting(to_first, CONNECTIONS // 2), spared.posting(to_second, CONNECTIONS // 2):
            await asyncio.gather(hit.more(100), spared.more(100))
            os.kill(first, signal.SIGKILL)
            await spared.more(100)
            await until(lambda: len(workers(service)) == 2 and first not in workers(service))
    assert (hit.broken, hit.refused) == (CONNECTIONS // 2, [])
    assert (spared.broken, spared.refused) == (0, [])

    (third,) = set(workers(service)) - {second}
    async with hit.session() as session:
        await connect(session, not_to=second)
    hit.said |= spared.said
    await kept(hit)

    store = service.store()
    assert await service.stop() == 0
    assert store is not None
    assert not any(map(lives, (second, third, store)))


async def test_workers_end_with_a_killed_parent_and_the_next_start_takes_over(service: ServiceProcess) -> None:
    await service.start()
    load = Load(service.url, service.first_start["key"])
    async with load.running():
        await load.more(200)
        orphans = workers(service)
        assert len(orphans) == 2
        await service.kill()
    await until(lambda: not any(map(lives, orphans)))

    await service.start()
    load.url = service.url
    await kept(load)
    assert await service.stop() == 0

"""A store that would lose comments is told once, at the start."""

from pathlib import Path

import pytest

from tests.faults.process import ServiceProcess
from tests.redis_fixture import NewServer


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_an_external_redis_without_an_append_only_file_is_told_once(
    short_folder: Path, tiny_bundle: Path, new_server: NewServer, processes: str
) -> None:
    service = ServiceProcess(short_folder, tiny_bundle, redis_url=new_server().url, processes=processes)
    await service.start()
    assert await service.stop() == 0
    (told,) = (line for line in service.logged() if line["event"] == "not_durable")
    assert (told["level"], told["durability"]) == ("warning", "process")
    assert "set appendonly yes" in told["why"]


async def test_the_embedded_server_and_a_redis_that_keeps_its_file_are_no_warning(
    short_folder: Path, tiny_bundle: Path, new_server: NewServer
) -> None:
    for number, url in enumerate((None, new_server("--appendonly", "yes").url)):
        folder = short_folder / str(number)
        folder.mkdir()
        service = ServiceProcess(folder, tiny_bundle, **({} if url is None else {"redis_url": url}))
        await service.start()
        assert await service.stop() == 0
        assert "not_durable" not in [line["event"] for line in service.logged()]

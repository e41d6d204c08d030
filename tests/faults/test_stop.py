"""SIGTERM under load: what is in flight is finished, the embedded server ends too, and all of it is there again."""

import signal

import pytest

from tests.faults.load import Load, kept
from tests.faults.process import ServiceProcess, lives


@pytest.mark.parametrize(("number", "processes"), [(signal.SIGTERM, "1"), (signal.SIGINT, "1"), (signal.SIGTERM, "2")])
async def test_a_stop_under_load_finishes_what_is_in_flight(
    service: ServiceProcess, number: signal.Signals, processes: str
) -> None:
    service.settings["MODERATOR_PROCESSES"] = processes
    await service.start()
    load = Load(service.url, service.first_start["key"])
    store = service.store()
    async with load.running():
        await load.more(300)
        service.process.send_signal(number)
        assert await service.process.wait() == 0
    assert store is not None
    assert not lives(store)
    # Whatever was begun was answered; the connections end between two requests.
    assert load.refused == []

    await service.start()
    load.url = service.url
    await kept(load)

"""`kill -9` of the service, of its server and of both under load: what was acknowledged is there, as it was told."""

from tests.faults.load import Load, kept
from tests.faults.process import ServiceProcess, lives, until

EXPECTED = {"embedded_server_lost", "embedded_server_not_restarted", "serving_behind"}
"""The only errors that a service may log whose server is killed."""


async def started(service: ServiceProcess) -> Load:
    """The load of a backend on the service, which is started."""
    await service.start()
    return Load(service.url, service.first_start["key"])


async def restarted(service: ServiceProcess, load: Load) -> None:
    await service.start()
    load.url = service.url


async def test_a_killed_service_has_everything_acknowledged_when_it_starts_again(service: ServiceProcess) -> None:
    load = await started(service)
    store = service.store()
    async with load.running():
        await load.more(300)
        await service.kill()
    assert load.broken > 0
    assert load.open

    await restarted(service, load)
    assert service.store() == store, "the server was not adopted"
    await kept(load)
    assert await service.stop() == 0
    assert service.store() is None


async def test_a_service_whose_server_is_killed_heals_by_itself(service: ServiceProcess) -> None:
    load = await started(service)
    async with load.running():
        for _ in range(3):
            await load.more(200)
            refused, store = len(load.refused), service.kill_store()
            await load.refusals(refused + 1)
            await load.more(100)
            assert service.store() not in {None, store}

    assert load.broken == 0
    assert not load.open
    codes = {(refusal.status, refusal.problem["code"]) for refusal in load.refused}
    assert codes <= {(503, "store_unavailable"), (503, "outcome_unknown")}
    for refusal in load.refused:
        assert refusal.retry_after is not None
        assert int(refusal.retry_after) > 0
        if refusal.problem["code"] == "outcome_unknown":
            assert refusal.problem["id"] == refusal.id
    await kept(load)
    assert await service.stop() == 0
    errors = {event["event"] for event in service.logged() if event["level"] == "error"}
    assert errors <= EXPECTED


async def test_when_service_and_server_are_killed_the_next_start_takes_over(service: ServiceProcess) -> None:
    load = await started(service)
    async with load.running():
        await load.more(300)
        store = service.kill_store()
        await service.kill()
    await until(lambda: not lives(store))

    await restarted(service, load)
    assert service.store() not in {None, store}
    await kept(load)

"""Bundles and policies are swapped while comments are posted: no request fails, and every decision names one pair."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from moderator.runtime import Services
from moderator.settings import Settings
from moderator.store.client import Client
from tests.bundle_fixture import BundleWriter
from tests.faults.load import Load, kept
from tests.faults.process import ServiceProcess

OLD, NEW = "2026.1.1", "2026.1.2"
# What is in force, generation after generation.
GENERATIONS = (
    (OLD, "default@1"),
    (NEW, "default@1"),  # promoted
    (NEW, "default@2"),  # another policy set
    (NEW, "default@1"),  # rolled back: the policy too
    (OLD, "default@1"),  # the first one promoted again
)


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_no_request_fails_while_bundle_and_policy_are_swapped(
    short_folder: Path, tiny_bundle: Path, tiny_bundles: BundleWriter, processes: str
) -> None:
    service = ServiceProcess(short_folder, tiny_bundle, processes=processes)
    try:
        await service.start()
        await swap_under_load(service, tiny_bundles(NEW), int(processes))
        assert await service.stop() == 0
    finally:
        await service.clean_up()


async def swap_under_load(service: ServiceProcess, bundle: Path, processes: int) -> None:
    """Go through all generations, and see that after each change's answer only the new pair is named."""
    load = Load(service.url, service.first_start["key"])
    async with (
        people(service) as admin,
        operator(service) as services,
        load.running(),
    ):
        await load.more(100)
        assert await services.models.publish(bundle) == NEW

        async def changed(path: str, generation: int) -> None:
            """Ask for a change; from its answer on, what is begun is decided by the new pair."""
            async with admin.post(path) as response:
                assert response.status == 200
                assert await response.json() == {"generation": generation, "ready": processes, "waiting": 0}
            await names(load, *GENERATIONS[generation])

        await changed(f"/v1/models/{NEW}:promote", 1)
        _, text = await services.policies.text("default")
        assert await services.policies.set("default", text.replace("hold = 0.80", "hold = 0.70")) == "default@2"
        await load.until(lambda reply: reply["policy"] == "default@2")
        await changed("/v1/models:rollback", 3)
        await changed(f"/v1/models/{OLD}:promote", 4)

    assert (load.broken, load.refused) == (0, [])
    await kept(load)
    seen = {pair(reply) for stream in load.streams for reply in stream}
    assert seen == set(GENERATIONS)
    for stream in load.streams:
        assert in_order([pair(reply) for reply in stream])


async def names(load: Load, bundle: str, policy: str) -> None:
    """See that each connection's next comment but the one that is on its way is decided by this pair."""
    on_their_way = set(load.open)
    before = [len(stream) for stream in load.streams]
    await load.more(3 * len(load.streams))
    begun = [reply for count, stream in zip(before, load.streams, strict=True) for reply in stream[count:]]
    named = {pair(reply) for reply in begun if reply["id"] not in on_their_way}
    assert named == {(bundle, policy)}


def pair(reply: dict[str, Any]) -> tuple[str, str]:
    return reply["bundle"], reply["policy"]


def in_order(seen: list[tuple[str, str]]) -> bool:
    """Whether one connection saw the generations one after the other, perhaps not all of them."""
    changes = [seen[0], *(after for before, after in pairwise(seen) if after != before)]
    generations = iter(GENERATIONS)
    return all(change in generations for change in changes)


@asynccontextmanager
async def people(service: ServiceProcess) -> AsyncIterator[ClientSession]:
    """Requests of the admin of the first start."""
    headers = {"Authorization": f"Bearer {service.first_start['token']}"}
    async with ClientSession(service.url, headers=headers) as session:
        yield session


@asynccontextmanager
async def operator(service: ServiceProcess) -> AsyncIterator[Services]:
    """What a command has that runs beside the service, on the service's own server."""
    client = await Client.connect(f"unix://{service.data}/server.sock", timeout_ms=10_000)
    settings = Settings(data=service.data, bundle=Path(service.settings["MODERATOR_BUNDLE"]), views="surface")
    services = Services.build(settings, client)
    try:
        yield services
    finally:
        services.executor.shutdown()
        await client.close()

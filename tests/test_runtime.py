"""A process put together, started and stopped."""

from pathlib import Path

from moderator.runtime import Services
from moderator.settings import Settings
from moderator.store.client import Client
from tests.services_fixture import comment


async def test_a_store_that_is_down_does_not_keep_the_service_from_ending(
    client: Client, tiny_bundle: Path, tmp_path: Path
) -> None:
    services = Services.build(Settings(data=tmp_path, bundle=tiny_bundle, views="surface"), client)
    await services.start()
    await services.intake.submit("default", comment("c-1"))
    await client.close()
    await services.stop(5)
    assert services.executor._shutdown

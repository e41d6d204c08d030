import asyncio

from moderator.store.client import Client
from moderator.store.policies import PolicyStore

SITE = "default"


async def test_versions_are_numbered_and_never_change(client: Client) -> None:
    policies = PolicyStore(client)
    assert await policies.get(SITE, 1) is None
    assert await policies.append(SITE, "mode = 'enforce'") == 1
    assert await policies.append(SITE, "mode = 'observe'  # тихо") == 2
    assert await policies.get(SITE, 1) == "mode = 'enforce'"
    assert await policies.get(SITE, 2) == "mode = 'observe'  # тихо"
    assert await policies.get("another", 1) is None


async def test_the_newest_document_again_is_the_newest_version(client: Client) -> None:
    policies = PolicyStore(client)
    numbers = [await policies.append(SITE, text) for text in ("a", "b", "b", "a")]
    assert numbers == [1, 2, 2, 3]


async def test_many_at_once_get_a_number_each(client: Client) -> None:
    policies = PolicyStore(client)
    numbers = await asyncio.gather(*(policies.append(SITE, f"# {n}") for n in range(20)))
    assert sorted(numbers) == [*range(1, 21)]


async def test_adding_a_version_that_is_there_gives_what_is_there(client: Client) -> None:
    policies = PolicyStore(client)
    assert await policies.add(SITE, 1, "the default") == "the default"
    assert await policies.add(SITE, 1, "a later release's default") == "the default"
    assert await policies.append(SITE, "own") == 2

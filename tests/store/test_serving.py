import asyncio

import pytest

from moderator.store.client import Client
from moderator.store.serving import Serving, ServingRecord

SITE = "default"


async def test_a_site_that_nobody_changed_is_served_with_the_defaults(client: Client) -> None:
    assert await Serving(client).get(SITE) == ServingRecord(
        generation=0, champion=None, shadow=None, policy_version=1, previous=None
    )


async def test_promoting_and_rolling_back_is_a_new_generation_each(client: Client) -> None:
    serving = Serving(client)
    first = await serving.get(SITE)
    second = first.advanced(champion="2026.12.1")
    third = second.advanced(policy_version=4)
    assert await serving.compare_and_set(SITE, first, second)
    assert await serving.compare_and_set(SITE, second, third)
    assert await serving.compare_and_set(SITE, third, third.rolled_back())

    record = await serving.get(SITE)

    assert (record.generation, record.champion, record.policy_version) == (3, "2026.12.1", 1)
    assert record.rolled_back().policy_version == 4
    assert await serving.get("another") == ServingRecord()


async def test_of_two_changes_to_one_generation_one_wins(client: Client) -> None:
    serving = Serving(client)
    seen = await serving.get(SITE)
    results = await asyncio.gather(
        *(serving.compare_and_set(SITE, seen, seen.advanced(champion=f"b-{n}")) for n in range(5))
    )
    assert sorted(results) == [False, False, False, False, True]
    assert (await serving.get(SITE)).champion == "b-0"


async def test_the_same_change_sent_again_is_still_done(client: Client) -> None:
    serving = Serving(client)
    old = await serving.get(SITE)
    new = old.advanced(shadow="b-1")
    assert await serving.compare_and_set(SITE, old, new)
    assert await serving.compare_and_set(SITE, old, new)
    assert (await serving.get(SITE)).generation == 1


def test_there_is_nothing_to_roll_back_to_before_the_first_change() -> None:
    with pytest.raises(ValueError, match="nothing was in force before"):
        ServingRecord().rolled_back()

from typing import Any

import pytest

from moderator.errors import BundleError
from moderator.store.bundles import MAX_BYTES, Bundles
from moderator.store.client import Client

Manifest = dict[str, Any]


@pytest.fixture
def bundles(client: Client) -> Bundles[Manifest]:
    return Bundles(client, dict[str, Any])


async def test_a_published_bundle_is_fetched_as_it_was(bundles: Bundles[Manifest]) -> None:
    packed = bytes(range(256)) * 1000
    await bundles.publish("2026.11.1", packed, {"id": "2026.11.1"})
    assert await bundles.fetch("2026.11.1") == packed
    assert await bundles.fetch("2026.11.2") is None
    assert await bundles.fetch("x}{:*") is None


async def test_bundles_are_listed_newest_first_without_their_arrays(bundles: Bundles[Manifest]) -> None:
    assert await bundles.list() == []
    for number in (1, 2):
        await bundles.publish(f"2026.11.{number}", b"x" * number, {"number": number})
    assert [(each.id, each.size_bytes, each.manifest) for each in await bundles.list()] == [
        ("2026.11.2", 2, {"number": 2}),
        ("2026.11.1", 1, {"number": 1}),
    ]


async def test_a_bundle_never_changes(bundles: Bundles[Manifest]) -> None:
    await bundles.publish("b-1", b"arrays", {"n": 1})
    await bundles.publish("b-1", b"arrays", {"n": 1})
    with pytest.raises(BundleError, match="Another bundle is published as b-1"):
        await bundles.publish("b-1", b"other arrays", {"n": 1})
    assert await bundles.fetch("b-1") == b"arrays"


async def test_the_largest_bundle_fits_and_a_larger_one_is_refused(bundles: Bundles[Manifest]) -> None:
    await bundles.publish("large", bytes(MAX_BYTES), {})
    fetched = await bundles.fetch("large")
    assert fetched is not None
    assert len(fetched) == MAX_BYTES
    with pytest.raises(BundleError, match="at most 16777216"):
        await bundles.publish("larger", bytes(MAX_BYTES + 1), {})


async def test_a_damaged_bundle_is_not_handed_out(client: Client, bundles: Bundles[Manifest]) -> None:
    await bundles.publish("b-1", b"arrays", {})
    await client.call("SETRANGE", client.keys.bundle("b-1"), 0, "A")
    with pytest.raises(BundleError, match="damaged"):
        await bundles.fetch("b-1")


@pytest.mark.parametrize("bundle_id", ["", "a b", "{l00}", "../up", "x" * 101])
async def test_a_name_that_cannot_be_one_is_refused(bundles: Bundles[Manifest], bundle_id: str) -> None:
    with pytest.raises(BundleError, match="1 to 100 letters"):
        await bundles.publish(bundle_id, b"", {})

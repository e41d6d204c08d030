import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.errors import StoreError
from moderator.store import pages
from moderator.store.client import Client
from moderator.store.cursor import Place

PLACES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([b"a", b"b", b"B", b"aa", b"~", b"-"])), unique=True)


@given(st.lists(PLACES, max_size=4), st.integers(0, 10), st.booleans())
def test_merging_streams_in_order_is_sorting_them(
    lanes: list[list[tuple[int, bytes]]], limit: int, newest_first: bool
) -> None:
    streams = [iter(sorted(lane, reverse=newest_first)) for lane in lanes]
    everything = sorted((each for lane in lanes for each in lane), reverse=newest_first)
    merged = pages.merge(streams, limit, newest_first=newest_first)
    assert merged == [Place(ms, name.decode()) for ms, name in everything[:limit]]


async def fill(client: Client, lanes: int = 3) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """Sorted sets with many ties, and what they hold."""
    rng = random.Random(1)
    # Capitals, punctuation and prefixes: where the order of bytes and that of a locale differ.
    names = [first + second for first in "aAbB-._~:@019" for second in ("", "a", "Z", "-", "9x")]
    held, groups = [], []
    for lane in range(lanes):
        key = f"{client.prefix}:{{l{lane:02}}}:set"
        groups.append([key])
        for name in names:
            member, score = f"{name}{lane}", rng.randrange(4)
            await client.call("ZADD", key, score, member)
            held.append((score, member))
    return groups, held


@pytest.mark.parametrize("newest_first", [False, True])
async def test_what_follows_any_place_is_found_whether_or_not_it_is_there(
    client: Client, *, newest_first: bool
) -> None:
    groups, held = await fill(client)
    for place in [*held[::7], (0, "nowhere"), (2, "A"), (2, "zz"), (9, "x"), (2, "")]:
        found = await pages.read(client, groups, after=Place(*place), limit=20, newest_first=newest_first)
        beyond = [each for each in held if (each < place if newest_first else each > place)]
        expected = sorted(beyond, reverse=newest_first)[:20]
        assert [(each.ms, each.id) for each in found] == expected, place


async def test_one_lane_s_failure_is_the_page_s(client: Client) -> None:
    groups, _ = await fill(client)
    await client.call("SET", f"{client.prefix}:{{l07}}:text", "no set")
    with pytest.raises(StoreError):
        await pages.read(client, [*groups, [f"{client.prefix}:{{l07}}:text"]], after=None, limit=5)

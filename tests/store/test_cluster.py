"""The same sender on a real cluster of three masters."""

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from moderator.domain import Comment
from moderator.errors import StoreUnavailable
from moderator.store.client import Client
from moderator.store.comments import Change, Comments, Done
from moderator.store.keys import slot
from moderator.store.nearduplicate import signature
from moderator.store.scripts import Script
from moderator.store.signals import Gathered, SignalInput, Signals
from tests.redis_fixture import RedisServer

COUNT = Script("count", "#!lua\nreturn redis.call('INCR', KEYS[1])")


@pytest.fixture
async def clustered(cluster: list[RedisServer], prefix: str) -> AsyncIterator[Client]:
    client = await Client.connect(f"redis://127.0.0.1:{cluster[0].port}", prefix=prefix)
    yield client
    await client.close()


async def test_every_lane_is_reached_in_one_gather(clustered: Client) -> None:
    assert len(clustered.addresses()) == 3
    keys = [clustered.keys.position(lane, "site") for lane in range(64)]
    for turn in (1, 2):
        assert await asyncio.gather(*(clustered.run(COUNT, [key], []) for key in keys)) == [turn] * 64
    assert await asyncio.gather(*(clustered.call("GET", key) for key in keys)) == [b"2"] * 64
    assert await clustered.call("ECHO", "no key, any node") == b"no key, any node"
    assert len(await clustered.info()) == 3


async def test_signals_and_records_of_many_sites_are_kept_on_their_nodes(
    clustered: Client, make_comment: Callable[..., Comment]
) -> None:
    comment = make_comment(1)
    (found,) = signature([comment.latest.text])
    assert found is not None
    given = SignalInput(comment.id, found.packed, found.bands, "a-1", "u-1", 1)
    sites = [f"site-{n}" for n in range(12)]
    assert {clustered._nodes.route(clustered.keys.article(site, "a-1").encode()) for site in sites} == {
        *clustered._nodes.all()
    }
    for site in sites:
        there = msgspec.structs.replace(comment, site=site)
        assert await Signals(clustered).gather(site, [given]) == [Gathered(author_first_seen_ms=1)]
        assert await Comments(clustered).change(site, [Change(old=None, new=there)]) == [Done()]
        assert await Comments(clustered).list(site, author="u-1") == ([there], None)


async def test_a_slot_on_the_move_is_followed_there_and_back(cluster: list[RedisServer], clustered: Client) -> None:
    source, target, _ = cluster
    key = next(f"k{i}" for i in range(100_000) if slot(f"k{i}".encode()) < 100)
    number = slot(key.encode())
    source_id, target_id = [
        (await asyncio.to_thread(node.ask, ("CLUSTER", "MYID")))[0].decode() for node in (source, target)
    ]
    await asyncio.to_thread(target.ask, ("CLUSTER", "SETSLOT", number, "IMPORTING", source_id))
    await asyncio.to_thread(source.ask, ("CLUSTER", "SETSLOT", number, "MIGRATING", target_id))
    # ASK: the key is not at the source any more, and the target takes it only behind ASKING.
    assert await asyncio.gather(*(clustered.run(COUNT, [key], []) for _ in range(10))) == list(range(1, 11))
    # MOVED: the slot is the target's.
    for node in (target, source):
        await asyncio.to_thread(node.ask, ("CLUSTER", "SETSLOT", number, "NODE", target_id))
    assert await clustered.run(COUNT, [key], []) == 11
    assert clustered._nodes.route(key.encode()).address.port == target.port


async def test_a_dead_node_costs_only_its_own_slots(cluster: list[RedisServer], clustered: Client) -> None:
    keys = [clustered.keys.position(lane, "site") for lane in range(64)]
    await asyncio.gather(*(clustered.run(COUNT, [key], []) for key in keys))
    cluster[2].kill()
    lost = [key for key in keys if slot(key.encode()) >= 2 * 5462]
    results = await asyncio.gather(*(clustered.run(COUNT, [key], []) for key in keys), return_exceptions=True)
    for key, result in zip(keys, results, strict=True):
        assert isinstance(result, Exception) if key in lost else result == 2
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreUnavailable):
        await clustered.run(COUNT, [lost[0]], [])
    assert asyncio.get_running_loop().time() - began < 0.1
    assert not clustered.healthy()

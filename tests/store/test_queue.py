import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import pytest

from moderator.domain import CaseKind, Comment, State
from moderator.errors import InputError
from moderator.store.client import Client
from moderator.store.comments import Change, Comments, Done
from moderator.store.queue import Lease, Queue

Make = Callable[..., Comment]
SITE = "default"


class Server(Protocol):
    @property
    def url(self) -> str: ...


@pytest.fixture
def queue(client: Client) -> Queue:
    return Queue(client)


async def hold(
    client: Client, make_comment: Make, *numbers: int, kind: CaseKind = CaseKind.HELD, **fields: str
) -> None:
    """Put comments c-N into the queue, each due N ms after the epoch."""
    changes = [
        Change(old=None, new=make_comment(n, state=State.HELD, cases=(kind,), due_ms=n, **fields)) for n in numbers
    ]
    assert all(result == Done() for result in await Comments(client).change(SITE, changes))


async def claim(queue: Queue, comment_id: str, who: str = "ann", *tokens: str, lease_s: float = 60) -> Lease | None:
    (lease,) = await queue.claim(SITE, [comment_id], who=who, lease_s=lease_s, tokens=tokens or ["t"])
    return lease


async def heads(queue: Queue, limit: int = 10, *, skip_leased: bool = True) -> list[str]:
    return [comment_id for comment_id, _ in await queue.heads(SITE, None, limit, skip_leased=skip_leased)]


async def expire(client: Client, comment_id: str) -> None:
    """Let a lease's time pass."""
    await client.call("ZADD", client.keys.leases(client.keys.lane(SITE, comment_id), SITE), 1, comment_id)


async def test_the_earliest_due_comes_first_over_all_lanes(client: Client, queue: Queue, make_comment: Make) -> None:
    await hold(client, make_comment, *random.Random(1).sample(range(1, 51), 50))
    assert await heads(queue, 50) == [f"c-{n}" for n in range(1, 51)]
    assert await heads(queue, 3) == ["c-1", "c-2", "c-3"]


async def test_pages_of_the_queue_follow_each_other(client: Client, queue: Queue, make_comment: Make) -> None:
    await hold(client, make_comment, *range(1, 8))
    first, cursor = await queue.page(SITE, None, None, 4)
    second, end = await queue.page(SITE, None, cursor, 4)
    assert first == [("c-1", 1), ("c-2", 2), ("c-3", 3), ("c-4", 4)]
    assert second == [("c-5", 5), ("c-6", 6), ("c-7", 7)]
    assert end is None


async def test_each_facet_has_its_own_order(client: Client, queue: Queue, make_comment: Make) -> None:
    await hold(client, make_comment, 1, 2, language="uk", article="a-9")
    await hold(client, make_comment, 3, kind=CaseKind.REPORTED, language="ru", author="u-{7}:x")
    for facet, ids in {
        ("case", "held"): ["c-1", "c-2"],
        ("case", "reported"): ["c-3"],
        ("language", "uk"): ["c-1", "c-2"],
        ("article", "a-9"): ["c-1", "c-2"],
        ("author", "u-{7}:x"): ["c-3"],
        ("reason", "attribute_over_threshold"): ["c-1", "c-2"],
        ("attribute", "insult"): ["c-1", "c-2"],
        ("reason", "no_such_reason"): [],
        ("language", "x}{l00}:queue"): [],
    }.items():
        page, following = await queue.page(SITE, facet, None, 10)
        assert ([comment_id for comment_id, _ in page], following) == (ids, None), facet
        shown = await queue.heads(SITE, facet, 10, skip_leased=True)
        assert [comment_id for comment_id, _ in shown] == ids, facet


async def test_counts_are_by_case_and_in_all(client: Client, queue: Queue, make_comment: Make) -> None:
    assert await queue.oldest_due_ms(SITE) is None
    await hold(client, make_comment, 5, 6)
    await hold(client, make_comment, 7, kind=CaseKind.AUDIT)
    assert await queue.counts(SITE) == {
        "total": 3,
        "held": 2,
        "reported": 0,
        "appealed": 0,
        "audit": 1,
        "escalated": 0,
        "edited": 0,
    }
    assert await queue.oldest_due_ms(SITE) == 5


async def test_a_claimed_comment_is_hidden_and_nobody_else_s(client: Client, queue: Queue, make_comment: Make) -> None:
    await hold(client, make_comment, 1, 2)
    lease = await claim(queue, "c-1", "ann", "t1")
    assert lease is not None
    assert await claim(queue, "c-1", "bob", "t2") is None
    assert await heads(queue) == ["c-2"]
    assert await heads(queue, skip_leased=False) == ["c-1", "c-2"]
    assert await queue.holder(SITE, "c-1") == lease
    assert await queue.holders(SITE, ["c-2", "c-1", "c-9"]) == {"c-1": lease}


async def test_the_same_claim_again_gets_the_lease_that_it_has(
    client: Client, queue: Queue, make_comment: Make
) -> None:
    await hold(client, make_comment, 1)
    assert await claim(queue, "c-1") == await claim(queue, "c-1")


async def test_what_is_not_in_the_queue_cannot_be_claimed(client: Client, queue: Queue, make_comment: Make) -> None:
    await Comments(client).change(SITE, [Change(old=None, new=make_comment(1))])
    assert await claim(queue, "c-1") is None
    assert await claim(queue, "no-such-comment") is None


async def test_an_expired_lease_is_free_and_its_token_worth_nothing(
    client: Client, queue: Queue, make_comment: Make
) -> None:
    await hold(client, make_comment, 1)
    await claim(queue, "c-1", "ann", "t1")
    await expire(client, "c-1")

    assert await heads(queue) == ["c-1"]
    assert await queue.holder(SITE, "c-1") is None
    assert await queue.extend(SITE, "c-1", "t1", 60) is None
    assert await queue.release(SITE, "c-1", "t1") is False
    taken = await claim(queue, "c-1", "bob", "t2")
    assert taken is not None
    assert taken.who == "bob"
    assert await queue.extend(SITE, "c-1", "t1", 60) is None


async def test_extending_keeps_a_lease_for_longer_and_never_for_shorter(
    client: Client, queue: Queue, make_comment: Make
) -> None:
    await hold(client, make_comment, 1)
    lease = await claim(queue, "c-1", lease_s=60)
    longer = await queue.extend(SITE, "c-1", "t", 600)
    shorter = await queue.extend(SITE, "c-1", "t", 1)
    assert lease is not None
    assert longer is not None
    assert longer.expires_ms >= lease.expires_ms + 540_000
    assert shorter == longer


async def test_a_released_comment_can_be_claimed_at_once(client: Client, queue: Queue, make_comment: Make) -> None:
    await hold(client, make_comment, 1)
    await claim(queue, "c-1", "ann", "t1")
    assert await queue.release(SITE, "c-1", "t2") is False
    assert await queue.release(SITE, "c-1", "t1") is True
    assert await claim(queue, "c-1", "bob", "t2") is not None


async def test_heads_look_past_all_that_is_claimed(client: Client, queue: Queue, make_comment: Make) -> None:
    await hold(client, make_comment, *range(1, 201))
    ids = [f"c-{n}" for n in range(1, 191)]
    await queue.claim(SITE, ids, who="ann", lease_s=60, tokens=[f"t{n}" for n in range(190)])
    assert await heads(queue, 3) == ["c-191", "c-192", "c-193"]
    assert len(await heads(queue, 50)) == 10


async def test_a_made_up_cursor_is_the_caller_s_mistake(queue: Queue) -> None:
    with pytest.raises(InputError):
        await queue.page(SITE, None, "x", 10)


async def test_an_unknown_facet_is_a_program_error(queue: Queue) -> None:
    with pytest.raises(ValueError, match="no facet"):
        await queue.page(SITE, ("colour", "red"), None, 10)


@pytest.fixture
async def clients(redis_server: Server, client: Client) -> AsyncIterator[list[Client]]:
    """Four processes' worth of connections to the same keys."""
    others = [await Client.connect(redis_server.url, prefix=client.prefix, timeout_ms=20_000) for _ in range(4)]
    yield others
    for each in others:
        await each.close()


async def test_one_hundred_claimers_get_each_of_a_thousand_comments_exactly_once(
    client: Client, clients: list[Client], make_comment: Make
) -> None:
    await hold(client, make_comment, *range(1, 1001))
    rng = random.Random(5)
    got: Counter[str] = Counter()

    async def work(number: int) -> None:
        queue = Queue(clients[number % len(clients)])
        for turn in range(1000):
            waiting = await queue.heads(SITE, None, 100, skip_leased=True)
            if not waiting:
                return
            ids = [comment_id for comment_id, _ in rng.sample(waiting, min(10, len(waiting)))]
            tokens = [f"{number}.{turn}.{comment_id}" for comment_id in ids]
            leases = await queue.claim(SITE, ids, who=f"person-{number}", lease_s=600, tokens=tokens)
            got.update(lease.id for lease in leases if lease is not None)

    await asyncio.gather(*(work(number) for number in range(100)))

    assert len(got) == 1000
    assert set(got.values()) == {1}

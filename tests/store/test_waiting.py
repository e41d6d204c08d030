from collections.abc import Awaitable, Callable

import msgspec
import pytest

from moderator import metrics
from moderator.domain import Comment
from moderator.store.client import Client
from moderator.store.comments import Change, Comments, Done
from moderator.store.waiting import MAX_TRIES, Waiting, Work

Make = Callable[..., Comment]
Add = Callable[..., Awaitable[None]]
SITE = "default"


@pytest.fixture
def waiting(client: Client) -> Waiting:
    return Waiting(client)


@pytest.fixture
def add(client: Client, make_comment: Make) -> Add:
    """Let comments c-N be recorded with work that waits."""

    async def adding(*numbers: int, kind: str = "rescore", after_ms: int = 0) -> None:
        changes = [
            Change(old=None, new=make_comment(n), wait=(Work(kind, SITE, f"c-{n}", after_ms=after_ms),))
            for n in numbers
        ]
        assert all(result == Done() for result in await Comments(client).change(SITE, changes))

    return adding


async def claim(waiting: Waiting, *, kind: str = "rescore", limit: int = 10, lease_s: float = 60) -> list[Work]:
    return await waiting.claim([kind], limit=limit, lease_s=lease_s)


def dead_letters(kind: str) -> float:
    """How many were counted so far."""
    value: float = metrics.DEAD_LETTERS.labels(kind)._value.get()
    return value


async def make_due(client: Client, work: Work) -> None:
    """Let its due time, or its lease's end, come; what is gone stays gone."""
    key = client.keys.waiting(client.keys.lane(work.site, work.id), work.kind)
    await client.call("ZADD", key, "XX", 1, work.member)


async def test_due_work_is_handed_out_once(waiting: Waiting, add: Add) -> None:
    await add(*range(30))
    first, second = await claim(waiting, limit=20), await claim(waiting, limit=20)
    assert len(first) == 20
    assert {work.id for work in (*first, *second)} == {f"c-{n}" for n in range(30)}
    assert await claim(waiting) == []


async def test_work_is_not_handed_out_before_it_is_due(client: Client, waiting: Waiting, add: Add) -> None:
    await add(1, after_ms=60_000)
    assert await claim(waiting) == []
    await make_due(client, Work("rescore", SITE, "c-1"))
    assert len(await claim(waiting)) == 1


async def test_kinds_do_not_get_in_each_other_s_way(waiting: Waiting, add: Add) -> None:
    await add(1, kind="deliver")
    assert await claim(waiting, kind="rescore") == []
    (work,) = await waiting.claim(["rescore", "deliver"], limit=5, lease_s=60)
    assert work.kind == "deliver"


async def test_finished_work_is_gone(client: Client, waiting: Waiting, add: Add) -> None:
    await add(1)
    (work,) = await claim(waiting)
    assert await waiting.done(work) is True
    await make_due(client, work)
    assert await claim(waiting) == []
    assert await waiting.done(work) is False


async def test_a_worker_that_died_loses_its_work_to_the_next_claim(client: Client, waiting: Waiting, add: Add) -> None:
    await add(1)
    (lost,) = await claim(waiting)
    await make_due(client, lost)
    (work,) = await claim(waiting)
    assert (work.id, work.tries) == ("c-1", 2)
    assert await waiting.done(lost) is False
    assert await waiting.later(lost, 0) is False
    assert await waiting.done(work) is True


async def test_failed_work_is_tried_again_and_then_a_dead_letter_that_can_be_replayed(
    waiting: Waiting, add: Add
) -> None:
    await add(1)
    for turn in range(1, MAX_TRIES + 1):
        (work,) = await claim(waiting)
        assert work.tries == turn
        assert await waiting.later(work, 0) is True
    assert await claim(waiting) == []

    (letter,) = await waiting.dead("rescore")
    assert (letter.kind, letter.site, letter.id) == ("rescore", SITE, "c-1")
    assert (await waiting.count_dead("rescore"), await waiting.count_dead("decide")) == (1, 0)

    assert await waiting.replay(letter) is True
    assert await waiting.dead("rescore") == []
    (work,) = await claim(waiting)
    assert work.tries == 1
    assert await waiting.replay(letter) is False


async def test_work_that_kills_every_worker_ends_as_a_dead_letter(client: Client, waiting: Waiting, add: Add) -> None:
    await add(1)
    for _ in range(MAX_TRIES):
        (work,) = await claim(waiting)
        await make_due(client, work)
    assert await claim(waiting) == []
    assert [letter.id for letter in await waiting.dead("rescore")] == ["c-1"]


@pytest.mark.parametrize("silent", [False, True])
async def test_a_dead_letter_is_logged_as_an_error_and_counted_once(
    client: Client, waiting: Waiting, add: Add, caplog: pytest.LogCaptureFixture, silent: bool
) -> None:
    before = dead_letters("rescore")
    await add(1)
    for turn in range(1, 3):
        (work,) = await waiting.claim(["rescore"], limit=10, lease_s=60, max_tries=2)
        assert (work.tries, caplog.records) == (turn, [])
        if silent:
            await make_due(client, work)
        else:
            assert await waiting.later(work, 0, max_tries=2) is True
    assert await waiting.claim(["rescore"], limit=10, lease_s=60, max_tries=2) == []

    (record,) = caplog.records
    assert (record.levelname, record.message) == ("ERROR", "dead_letter")
    assert vars(record)["fields"] == {"kind": "rescore", "of": SITE, "comment": "c-1"}
    assert dead_letters("rescore") - before == 1


async def test_work_that_is_wanted_again_and_finished_leaves_no_dead_letter(
    waiting: Waiting, add: Add, client: Client, make_comment: Make
) -> None:
    await add(1)
    (work,) = await claim(waiting)
    assert await waiting.later(work, 0, max_tries=1) is True
    old = make_comment(1)
    new = msgspec.structs.replace(old, sequence=2)
    assert await Comments(client).change(SITE, [Change(old=old, new=new, wait=(Work("rescore", SITE, "c-1"),))]) == [
        Done()
    ]
    assert await waiting.count_dead("rescore") == 1

    (again,) = await claim(waiting)
    assert await waiting.done(again) is True
    assert await waiting.count_dead("rescore") == 0


async def test_later_is_not_now(client: Client, waiting: Waiting, add: Add) -> None:
    await add(1)
    (work,) = await claim(waiting)
    assert await waiting.later(work, 60_000) is True
    assert await waiting.later(work, 60_000) is False
    assert await claim(waiting) == []
    await make_due(client, work)
    (work,) = await claim(waiting)
    assert work.tries == 2


async def test_work_asked_for_again_while_it_is_done_is_done_again(
    client: Client, waiting: Waiting, add: Add, make_comment: Make
) -> None:
    await add(1)
    (under_way,) = await claim(waiting)
    old = make_comment(1)
    new = msgspec.structs.replace(old, sequence=2)
    wait = (Work("rescore", SITE, "c-1"),)
    assert await Comments(client).change(SITE, [Change(old=old, new=new, wait=wait)]) == [Done()]

    assert await waiting.done(under_way) is False
    (again,) = await claim(waiting)
    assert (again.id, again.tries) == ("c-1", 1)

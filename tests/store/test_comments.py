import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from moderator.domain import CaseKind, Comment, State
from moderator.errors import InputError, StoreError
from moderator.store.client import Client
from moderator.store.comments import Change, Comments, Done, IdConflict, LeaseLost, Replay, Result, Stale
from moderator.store.queue import Queue
from moderator.store.waiting import Waiting, Work

Make = Callable[..., Comment]
SITE = "default"


@pytest.fixture
def store(client: Client) -> Comments:
    return Comments(client)


async def create(store: Comments, *comments: Comment, wait: tuple[Work, ...] = ()) -> list[Result]:
    return await store.change(SITE, [Change(old=None, new=comment, wait=wait) for comment in comments])


async def change(store: Comments, old: Comment | None, new: Comment, **rest: Any) -> Result:
    (result,) = await store.change(SITE, [Change(old=old, new=new, **rest)])
    return result


def moved(comment: Comment, **fields: Any) -> Comment:
    return msgspec.structs.replace(comment, sequence=comment.sequence + 1, **fields)


async def indexes(client: Client, comment: Comment) -> set[str]:
    """Which sorted sets of its lane name the comment; what the changes and the derived entries say together."""
    lane = f"{{l{client.keys.lane(SITE, comment.id):02}}}"
    found, cursor = set(), b"0"
    while True:
        cursor, names = await client.call("SCAN", cursor, "MATCH", f"{client.prefix}:{lane}:*", "COUNT", 1000)
        for name in names:
            if await client.call("TYPE", name) == b"zset" and await client.call("ZSCORE", name, comment.id) is not None:
                found.add(name.decode().removeprefix(f"{client.prefix}:{lane}:"))
        if cursor == b"0":
            return found


# One comment


async def test_a_recorded_comment_is_read_back(store: Comments, make_comment: Make) -> None:
    comment = make_comment(1)
    assert await create(store, comment) == [Done()]
    assert await store.get(SITE, "c-1") == comment
    assert await store.get_many(SITE, ["c-2", "c-1"]) == [None, comment]


async def test_another_site_does_not_see_it(store: Comments, make_comment: Make) -> None:
    await create(store, make_comment(1))
    assert await store.get("another", "c-1") is None
    assert await store.list("another") == ([], None)


async def test_the_same_submission_again_is_a_replay_whatever_edits_followed(
    store: Comments, make_comment: Make
) -> None:
    first = make_comment(1)
    await create(store, first)
    edited = moved(first, revisions=(*first.revisions, msgspec.structs.replace(first.latest, number=2, text="Better")))
    await change(store, first, edited)

    assert await create(store, make_comment(1)) == [Replay(edited)]


async def test_other_content_under_the_same_id_is_a_conflict_and_changes_nothing(
    store: Comments, make_comment: Make
) -> None:
    first = make_comment(1)
    await create(store, first)
    assert await create(store, make_comment(1, text="Something else")) == [IdConflict(first)]
    assert await store.get(SITE, "c-1") == first


async def test_a_replay_is_known_even_when_the_text_was_erased(store: Comments, make_comment: Make) -> None:
    first = make_comment(1)
    await create(store, first)
    emptied = msgspec.structs.replace(first.latest, text="")
    erased = moved(first, state=State.ERASED, author=None, revisions=(emptied,))
    assert await change(store, first, erased) == Done()
    assert await create(store, first) == [Replay(erased)]


async def test_of_two_changes_from_the_same_sequence_one_is_stale(store: Comments, make_comment: Make) -> None:
    first = make_comment(1)
    await create(store, first)
    one, other = moved(first, state=State.REJECTED), moved(first, state=State.HELD)

    results = await asyncio.gather(change(store, first, one), change(store, first, other))

    assert [*results] == [Done(), Stale(one)]


async def test_a_change_sent_twice_is_done_once(client: Client, store: Comments, make_comment: Make) -> None:
    first = make_comment(1)
    await create(store, first)
    second = moved(first, state=State.REJECTED)
    assert await change(store, first, second) == Done()
    before = await client.call("GET", client.keys.position(client.keys.lane(SITE, "c-1"), SITE))

    assert await change(store, first, second) == Done()
    assert await client.call("GET", client.keys.position(client.keys.lane(SITE, "c-1"), SITE)) == before


async def test_one_bad_change_harms_no_neighbour(client: Client, store: Comments, make_comment: Make) -> None:
    await client.call("LPUSH", client.keys.comment(SITE, "c-2"), "not a record")
    first, second, third = await create(store, *(make_comment(n) for n in (1, 2, 3)))
    assert first == third == Done()
    assert isinstance(second, StoreError)


async def test_changing_what_is_not_there_is_an_error_of_that_item(store: Comments, make_comment: Make) -> None:
    result = await change(store, make_comment(1), moved(make_comment(1)))
    assert isinstance(result, StoreError)
    assert result.code == "record_missing"


async def test_indexes_follow_the_record(
    client: Client, store: Comments, make_comment: Make, judge: Callable[..., Comment]
) -> None:
    held = make_comment(1, state=State.HELD, cases=(CaseKind.HELD,), author=None)
    await create(store, held)
    in_queue = await indexes(client, held)
    await change(store, held, judge(held, "approve"))

    assert {"state:default:held", "changes:default", "queue:default", "queue:default:case:held"} < in_queue
    assert await indexes(client, held) == {"state:default:approved", "changes:default", "labels:default"}


# With a lease


@pytest.fixture
async def claimed(client: Client, store: Comments, make_comment: Make) -> tuple[Comment, str]:
    """A held comment that `ann` has in review, and her token."""
    comment = make_comment(1, state=State.HELD, cases=(CaseKind.HELD,))
    await create(store, comment)
    (lease,) = await Queue(client).claim(SITE, ["c-1"], who="ann", lease_s=60, tokens=["t"])
    assert lease is not None
    return comment, lease.token


async def test_a_change_under_a_lease_ends_the_review(
    client: Client, store: Comments, claimed: tuple[Comment, str], judge: Callable[..., Comment]
) -> None:
    comment, token = claimed
    assert await change(store, comment, judge(comment, "approve"), lease=token) == Done()
    assert await Queue(client).holder(SITE, "c-1") is None


@pytest.mark.parametrize("token", ["other", "", "t|ann"])
async def test_a_change_under_a_lease_of_somebody_else_is_refused(
    store: Comments, claimed: tuple[Comment, str], judge: Callable[..., Comment], token: str
) -> None:
    comment, _ = claimed
    result = await change(store, comment, judge(comment, "approve"), lease=token)
    assert result == LeaseLost()
    assert await store.get(SITE, "c-1") == comment


async def test_a_late_change_is_refused(
    client: Client, store: Comments, claimed: tuple[Comment, str], judge: Callable[..., Comment]
) -> None:
    comment, token = claimed
    lane = client.keys.lane(SITE, "c-1")
    await client.call("ZADD", client.keys.leases(lane, SITE), 1, "c-1")  # as if its time had passed
    assert await change(store, comment, judge(comment, "approve"), lease=token) == LeaseLost()


async def test_a_review_is_over_when_nobody_needs_to_look_any_more(
    client: Client, store: Comments, claimed: tuple[Comment, str]
) -> None:
    comment, _ = claimed
    await change(store, comment, moved(comment, state=State.APPROVED, cases=()))
    assert await Queue(client).holder(SITE, "c-1") is None


async def test_a_report_leaves_the_review_with_whom_has_it(
    client: Client, store: Comments, claimed: tuple[Comment, str]
) -> None:
    comment, _ = claimed
    reported = msgspec.structs.replace(comment.cases[0], kind=CaseKind.REPORTED)
    await change(store, comment, moved(comment, cases=(*comment.cases, reported)))
    holder = await Queue(client).holder(SITE, "c-1")
    assert holder is not None
    assert holder.who == "ann"


async def test_work_waits_because_of_a_change(client: Client, store: Comments, make_comment: Make) -> None:
    await create(
        store, make_comment(1), wait=(Work("rescore", SITE, "c-1"), Work("later", SITE, "c-1", after_ms=60_000))
    )
    (work,) = await Waiting(client).claim(["rescore", "later"], limit=10, lease_s=10)
    assert (work.kind, work.site, work.id, work.tries) == ("rescore", SITE, "c-1", 1)


# Many comments


async def pages(store: Comments, limit: int, **filters: Any) -> list[list[str]]:
    found, cursor = [], None
    while True:
        comments, cursor = await store.list(SITE, cursor=cursor, limit=limit, **filters)
        found.append([comment.id for comment in comments])
        if cursor is None:
            return found


async def test_comments_are_listed_newest_first_over_all_lanes(store: Comments, make_comment: Make) -> None:
    await create(store, *(make_comment(n) for n in range(1, 31)))
    assert await pages(store, 12) == [
        [f"c-{n}" for n in range(30, 18, -1)],
        [f"c-{n}" for n in range(18, 6, -1)],
        [f"c-{n}" for n in range(6, 0, -1)],
    ]


async def test_a_page_that_ends_with_the_last_comment_has_no_next(store: Comments, make_comment: Make) -> None:
    await create(store, *(make_comment(n) for n in range(1, 5)))
    assert [len(page) for page in await pages(store, 2)] == [2, 2]


async def test_thousands_of_comments_of_one_instant_are_each_listed_once(store: Comments, make_comment: Make) -> None:
    noon = make_comment(0).created_at
    for start in range(0, 2000, 500):
        await create(store, *(make_comment(n, at=noon) for n in range(start, start + 500)))
    seen = [comment_id for page in await pages(store, 150) for comment_id in page]
    assert len(seen) == 2000
    assert {*seen} == {f"c-{n}" for n in range(2000)}


async def test_a_listing_goes_on_from_its_place_while_new_comments_come(store: Comments, make_comment: Make) -> None:
    await create(store, *(make_comment(n) for n in range(1, 7)))
    first, cursor = await store.list(SITE, limit=3)
    await create(store, make_comment(100))
    second, _ = await store.list(SITE, cursor=cursor, limit=3)
    assert [comment.id for comment in (*first, *second)] == [f"c-{n}" for n in range(6, 0, -1)]


async def test_a_listing_can_be_of_one_state_and_from_one_time_on(store: Comments, make_comment: Make) -> None:
    held = [make_comment(n, state=State.HELD, cases=(CaseKind.HELD,)) for n in range(1, 5)]
    await create(store, *held, *(make_comment(n) for n in range(5, 9)))
    assert await pages(store, 10, state=State.HELD) == [["c-4", "c-3", "c-2", "c-1"]]
    since = held[2].created_at
    assert await pages(store, 10, state=State.HELD, since=since) == [["c-4", "c-3"]]
    assert await pages(store, 10, since=since + timedelta(seconds=4)) == [["c-8", "c-7"]]


async def test_erased_comments_are_not_listed(store: Comments, make_comment: Make) -> None:
    first = make_comment(1)
    await create(store, first, make_comment(2))
    await change(store, first, moved(first, state=State.ERASED))
    assert await pages(store, 10) == [["c-2"]]


@pytest.mark.parametrize("cursor", ["x", "", "cAAA", "AAAA"])
async def test_a_made_up_cursor_is_the_caller_s_mistake(store: Comments, cursor: str) -> None:
    for listing in (store.list(SITE, cursor=cursor), store.changes(SITE, cursor, 10)):
        with pytest.raises(InputError) as refused:
            await listing
        assert [(error.pointer, error.code) for error in refused.value.errors] == [("/cursor", "invalid_cursor")]


async def follow(store: Comments, cursor: str | None, limit: int = 7) -> tuple[list[tuple[str, int]], str]:
    """Everything that changed after `cursor`, as (id, sequence)."""
    seen = []
    while True:
        comments, cursor = await store.changes(SITE, cursor, limit)
        seen += [(comment.id, comment.sequence) for comment in comments]
        if not comments:
            return seen, cursor


async def test_a_follower_sees_every_comment_once_and_then_only_what_changes(
    store: Comments, make_comment: Make
) -> None:
    comments = [make_comment(n) for n in range(1, 41)]
    await create(store, *comments)
    seen, cursor = await follow(store, None)
    assert sorted(seen) == sorted((comment.id, 1) for comment in comments)

    await change(store, comments[4], moved(comments[4], state=State.REJECTED))
    assert await follow(store, cursor) == ([("c-5", 2)], (await follow(store, cursor))[1])


async def test_following_an_empty_site_gives_a_cursor_to_come_back_with(store: Comments, make_comment: Make) -> None:
    comments, cursor = await store.changes(SITE, None, 10)
    assert comments == []
    await create(store, make_comment(1))
    assert (await follow(store, cursor))[0] == [("c-1", 1)]

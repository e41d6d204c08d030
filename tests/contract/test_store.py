"""The store keeps its promises in every shape of Redis: one server, or a cluster."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from moderator import clock
from moderator.domain import (
    Article,
    Author,
    By,
    Case,
    CaseKind,
    Comment,
    Decision,
    Outcome,
    Revision,
    Standing,
    State,
    Verdict,
)
from moderator.store.bundles import Bundles
from moderator.store.client import Client
from moderator.store.comments import Change, Comments, Done, LeaseLost, Replay, Stale
from moderator.store.labels import ImportedLabel, Labels
from moderator.store.nearduplicate import signature
from moderator.store.policies import PolicyStore
from moderator.store.queue import Queue
from moderator.store.serving import Serving
from moderator.store.signals import Gathered, SignalInput, Signals
from moderator.store.waiting import Waiting, Work

SITE = "default"
TEXT = "Write to me for a loan without papers, ten minutes, any bank, any city, only honest people"
COUNT = 100


@pytest.fixture(params=["one server", "cluster"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "cluster":
        return f"redis://127.0.0.1:{request.getfixturevalue('cluster')[0].port}"
    return str(request.getfixturevalue("redis_server").url)


@pytest.fixture
async def store(url: str, prefix: str) -> AsyncIterator[Client]:
    client = await Client.connect(url, prefix=prefix, timeout_ms=5000)
    yield client
    await client.close()


def held(number: int) -> Comment:
    now = clock.now()
    decision = Decision(outcome=Outcome.HOLD, by=By.MODEL, at=now, reasons=())
    return Comment(
        id=f"c-{number}",
        site=SITE,
        sequence=1,
        state=State.HELD,
        created_at=now,
        article=Article(id="a-1"),
        author=Author(id=f"u-{number % 5}"),
        revisions=(Revision(number=1, text=TEXT, at=now, by="author", sequence=1, decision=decision),),
        decision=decision,
        cases=(Case(kind=CaseKind.HELD, opened_at=now, due_ms=number),),
    )


def rejected(comment: Comment, lease: str) -> Comment:
    verdict = Verdict(
        revision=1,
        outcome="reject",
        at=comment.created_at + timedelta(minutes=1),
        by="ann",
        lease=lease,
        undo="u",
        before=Standing(state=comment.state, visible_revision=None, decision=comment.decision, cases=comment.cases),
        attributes=("spam",),
        why=(CaseKind.HELD,),
    )
    return msgspec.structs.replace(comment, sequence=2, state=State.REJECTED, cases=(), verdicts=(verdict,))


async def test_the_life_of_a_hundred_comments(store: Client) -> None:
    comments, queue = Comments(store), Queue(store)
    submitted = [held(number) for number in range(COUNT)]

    # Their signals are gathered: each sees the copies before it, at most the newest 64.
    (sketch,) = signature([TEXT])
    assert sketch is not None
    gathered = await Signals(store).gather(
        SITE,
        [
            SignalInput(c.id, sketch.packed, sketch.bands, "a-1", f"u-{n % 5}", clock.to_ms(c.created_at))
            for n, c in enumerate(submitted)
        ],
    )
    assert isinstance(gathered[-1], Gathered)
    assert gathered[-1].near_duplicates == 64

    # They are recorded; the same again is a replay.
    changes = [Change(old=None, new=c, wait=(Work("rescore", SITE, c.id),)) for c in submitted]
    assert await comments.change(SITE, changes) == [Done()] * COUNT
    assert await comments.change(SITE, changes[:2]) == [Replay(c) for c in submitted[:2]]

    # Two people claim the head of the queue, one gets it.
    heads = [comment_id for comment_id, _ in await queue.heads(SITE, ("case", "held"), 10, skip_leased=True)]
    assert heads == [f"c-{n}" for n in range(10)]
    leases = await queue.claim(SITE, heads, who="ann", lease_s=60, tokens=[f"t{n}" for n in range(10)])
    assert all(lease is not None for lease in leases)
    assert await queue.claim(SITE, heads, who="bob", lease_s=60, tokens=["x"] * 10) == [None] * 10

    # Ann's verdict counts once, Bob's not at all.
    verdict = Change(old=submitted[0], new=rejected(submitted[0], "t0"), lease="t0")
    late = Change(old=submitted[1], new=rejected(submitted[1], "x"), lease="x")
    assert await comments.change(SITE, [verdict, late]) == [Done(), LeaseLost()]
    assert await comments.change(SITE, [Change(old=submitted[0], new=held(0))]) == [Stale(verdict.new)]
    assert (await queue.counts(SITE))["total"] == COUNT - 1

    # Everything can be read: one by one, as a listing, as changes, as labels.
    assert await comments.get(SITE, "c-0") == verdict.new
    page, following = await comments.list(SITE, state=State.HELD, limit=COUNT)
    assert (len(page), following) == (COUNT - 1, None)
    by_author, _ = await comments.list(SITE, author="u-1", limit=COUNT)
    assert len(by_author) == COUNT // 5
    news, _ = await comments.changes(SITE, None, 1000)
    assert len(news) == COUNT
    labels = Labels(store)
    imported = ImportedLabel(text=TEXT, labels={"spam": 1}, source="desk", at=clock.now(), provenance="import")
    assert await labels.add_imported(SITE, [imported]) == 1
    rows, _ = await labels.list(SITE)
    assert sorted(row["provenance"] for row in rows) == ["import", "verdict"]

    # What waits is handed out once.
    waiting = Waiting(store)
    works = await waiting.claim(["rescore"], limit=1000, lease_s=60)
    assert len(works) == COUNT
    assert await waiting.claim(["rescore"], limit=1000, lease_s=60) == []
    assert all([await waiting.done(work) for work in works])


async def test_what_a_site_is_served_with_changes_in_one_step(store: Client) -> None:
    version = await PolicyStore(store).append(SITE, "version = 1")
    bundles = Bundles(store, dict[str, str])
    await bundles.publish("2026.12.1", b"arrays", {"id": "2026.12.1"})
    serving = Serving(store)
    old = await serving.get(SITE)
    new = old.advanced(champion="2026.12.1", policy_version=version)

    assert await serving.compare_and_set(SITE, old, new)
    assert not await serving.compare_and_set(SITE, old, old.advanced(champion="other"))

    assert (await serving.get(SITE)).champion == "2026.12.1"
    assert await bundles.fetch("2026.12.1") == b"arrays"

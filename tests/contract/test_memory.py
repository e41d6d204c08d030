"""What a comment costs in Redis, all its indexes included: a budget that operators size their servers by."""

import random
import uuid
from datetime import timedelta

import pytest

from moderator import clock
from moderator.domain import (
    ATTRIBUTES,
    Article,
    Author,
    By,
    Case,
    CaseKind,
    Comment,
    Decision,
    Event,
    Outcome,
    Reason,
    Revision,
    Scored,
    State,
)
from moderator.store.client import Client
from moderator.store.comments import Change, Comments, Done
from moderator.store.nearduplicate import signature
from moderator.store.signals import Gathered, SignalInput, Signals
from tests.redis_fixture import NewServer

COUNT, BATCH = 3_000, 60
HELD_SHARE = 0.08


def text(rng: random.Random, letters: str) -> str:
    """200 characters in words."""
    words = ("".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(60))
    return " ".join(words)[:200]


def comment(rng: random.Random, number: int, letters: str) -> Comment:
    """As an ordinary day brings them: 50 under an article, 5 of an author, one in twelve held."""
    at = clock.now() + timedelta(milliseconds=number)
    held = rng.random() < HELD_SHARE
    outcome = Outcome.HOLD if held else Outcome.APPROVE
    reason = Reason(
        code="attribute_over_threshold" if held else "clean",
        detail="insult 0.83 is at or above the hold threshold 0.70" if held else "No rule fired.",
        outcome=outcome,
        attribute="insult" if held else None,
        score=0.83 if held else None,
        threshold=0.7 if held else None,
    )
    decision = Decision(outcome=outcome, by=By.MODEL, at=at, reasons=(reason,))
    scores = {attribute: round(rng.random(), 4) for attribute in ATTRIBUTES}
    cases = (CaseKind.HELD,) if held else ()
    revision = Revision(
        number=1,
        text=text(rng, letters),
        at=at,
        by="author",
        sequence=1,
        scored=Scored(scores=scores, language="en", language_confidence=0.98, bundle="2026.11.1"),
        decision=decision,
        policy="default@1",
        cases=cases,
        generation=1,
        bundle="2026.11.1",
    )
    return Comment(
        id=str(uuid.UUID(int=rng.getrandbits(128))),
        site="default",
        sequence=1,
        state=State.HELD if held else State.APPROVED,
        created_at=at,
        article=Article(id=f"a-{rng.randrange(COUNT // 50)}"),
        author=Author(id=f"u-{rng.randrange(COUNT // 5)}"),
        revisions=(revision,),
        visible_revision=None if held else 1,
        decision=decision,
        cases=tuple(Case(kind=kind, opened_at=at, due_ms=clock.to_ms(at) + 3_600_000) for kind in cases),
        history=(Event(sequence=1, at=at, action="decided", actor="model", revision=1, outcome=str(outcome)),),
    )


async def record(client: Client, comments: list[Comment]) -> None:
    """Gather the signals of a batch and record it."""
    sketches = signature([each.latest.text for each in comments])
    items = [
        SignalInput(
            id=each.id,
            text_signature=None if sketch is None else sketch.packed,
            bands=() if sketch is None else sketch.bands,
            article_id=each.article.id,
            author_id=each.author.id if each.author else None,
            at_ms=clock.to_ms(each.created_at),
        )
        for each, sketch in zip(comments, sketches, strict=True)
    ]
    gathered = await Signals(client).gather("default", items)
    assert all(isinstance(each, Gathered) for each in gathered)
    changes = [Change(old=None, new=each) for each in comments]
    assert await Comments(client).change("default", changes) == [Done()] * len(comments)


async def used_bytes(client: Client) -> int:
    info = (await client.call("INFO", "memory")).decode()
    return int(info.partition("used_memory:")[2].split()[0])


@pytest.mark.parametrize(
    ("letters", "budget_bytes"), [("etaoinshrdlu", 1500), ("оеаинтсрвлкм", 1800)], ids=["Latin", "Cyrillic"]
)
async def test_a_comment_of_200_characters_stays_in_its_budget(
    new_server: NewServer, prefix: str, letters: str, budget_bytes: int
) -> None:
    client = await Client.connect(new_server().url, prefix=prefix, timeout_ms=10_000)
    rng = random.Random(1)
    await record(client, [comment(rng, number, letters) for number in range(BATCH)])  # scripts, first keys
    before = await used_bytes(client)
    for start in range(0, COUNT, BATCH):
        await record(client, [comment(rng, number, letters) for number in range(start, start + BATCH)])
    each = (await used_bytes(client) - before) / COUNT
    await client.close()
    assert each <= budget_bytes

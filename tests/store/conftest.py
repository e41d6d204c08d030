"""Comments to store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from moderator.clock import to_ms
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
    Standing,
    State,
    Verdict,
)

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

MakeComment = Callable[..., Comment]


def comment_of(
    number: int = 1,
    *,
    text: str = "A calm word about the budget of the city.",
    state: State = State.APPROVED,
    cases: tuple[CaseKind, ...] = (),
    article: str = "a-1",
    author: str | None = "u-1",
    language: str = "en",
    at: datetime | None = None,
    due_ms: int | None = None,
) -> Comment:
    """A recorded comment `c-NUMBER`, made `number` seconds after noon unless `at` says when."""
    created = at or NOON + timedelta(seconds=number)
    held = CaseKind.HELD in cases
    outcome = Outcome.HOLD if held else Outcome.APPROVE
    reason = (
        Reason(
            code="attribute_over_threshold",
            detail="insult 0.83 is at or above the hold threshold 0.7",
            outcome=Outcome.HOLD,
            attribute="insult",
            score=0.83,
            threshold=0.7,
        )
        if held
        else Reason(code="clean", detail="No rule fired and no score reached its threshold.", outcome=Outcome.APPROVE)
    )
    decision = Decision(outcome=outcome, by=By.MODEL, at=created, reasons=(reason,))
    scored = Scored(
        scores=dict.fromkeys(ATTRIBUTES, 0.0123), language=language, language_confidence=0.98, bundle="2026.11.1"
    )
    due = to_ms(created) + 3_600_000 if due_ms is None else due_ms
    return Comment(
        id=f"c-{number}",
        site="default",
        sequence=1,
        state=state,
        created_at=created,
        article=Article(id=article, title="A title"),
        author=None if author is None else Author(id=author, name="A reader"),
        revisions=(
            Revision(
                number=1,
                text=text,
                at=created,
                by="author",
                sequence=1,
                scored=scored,
                decision=decision,
                policy="default@1",
                cases=cases,
            ),
        ),
        visible_revision=1 if state is State.APPROVED else None,
        decision=decision,
        cases=tuple(Case(kind=kind, opened_at=created, due_ms=due) for kind in cases),
        history=(Event(sequence=1, at=created, action="decided", actor="model", revision=1, outcome=str(outcome)),),
    )


def judged_by(
    comment: Comment,
    outcome: str = "reject",
    *,
    attributes: tuple[str, ...] = (),
    at: datetime | None = None,
    learn: bool = True,
    lease: str = "t",
) -> Comment:
    """The comment after a verdict of `ann` on its latest revision."""
    when = at or comment.created_at + timedelta(minutes=5)
    verdict = Verdict(
        revision=comment.latest.number,
        outcome="approve" if outcome == "approve" else "reject",
        at=when,
        by="ann",
        lease=lease,
        undo="u",
        before=Standing(
            state=comment.state,
            visible_revision=comment.visible_revision,
            decision=comment.decision,
            cases=comment.cases,
        ),
        attributes=attributes,
        why=tuple(case.kind for case in comment.cases),
        learn=learn,
        p=comment.latest.p,
    )
    approved = outcome == "approve"
    return msgspec.structs.replace(
        comment,
        sequence=comment.sequence + 1,
        state=State.APPROVED if approved else State.REJECTED,
        visible_revision=comment.latest.number if approved else None,
        cases=(),
        verdicts=(*comment.verdicts, verdict),
    )


@pytest.fixture(scope="session")
def make_comment() -> MakeComment:
    return comment_of


@pytest.fixture(scope="session")
def judge() -> Callable[..., Comment]:
    return judged_by

"""How a comment changes when a person acts on it. Pure: the old record and the act in, the new record out."""

from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from moderator.domain import (
    Act,
    By,
    Case,
    CaseKind,
    Comment,
    Decision,
    Event,
    Outcome,
    Reason,
    Standing,
    State,
    Verdict,
    move,
)
from moderator.errors import Conflict

_PERSON = {Outcome.APPROVE: Act.PERSON_APPROVE, Outcome.REJECT: Act.PERSON_REJECT}
_RESTORE = {
    State.APPROVED: Act.RESTORE_APPROVED,
    State.HELD: Act.RESTORE_HELD,
    State.REJECTED: Act.RESTORE_REJECTED,
}


class VerdictIn(Struct, frozen=True, kw_only=True):
    """What a moderator says of a revision; only `lease`, `revision` and `outcome` are needed.

    `attributes`: what a rejection found. `rule`: the site rule it broke, in the site's words. `learn` False keeps it
    out of training.
    """

    lease: str
    revision: int
    outcome: Literal["approve", "reject"]
    attributes: tuple[str, ...] = ()
    rule: str | None = None
    note: str | None = None
    learn: bool = True


def same_verdict(verdict: Verdict, said: VerdictIn) -> bool:
    """Whether `said` is `verdict` sent again."""
    return (verdict.lease, verdict.revision, verdict.outcome, verdict.attributes, verdict.rule, verdict.note) == (
        said.lease,
        said.revision,
        said.outcome,
        said.attributes,
        said.rule,
        said.note,
    ) and verdict.learn == said.learn


def judged(comment: Comment, said: VerdictIn, *, who: str, undo: str, at: datetime) -> Comment:
    """The comment after a verdict on its latest revision: it answers every open case and is in force.

    Raises:
        Conflict: `revision_changed`, with `current_revision`: the moderator saw another wording.
    """
    if said.revision != comment.latest.number:
        raise Conflict(
            "The verdict is on another revision than the latest one; read the comment again.",
            code="revision_changed",
            current_revision=comment.latest.number,
        )
    sequence = comment.sequence + 1
    outcome = Outcome(said.outcome)
    verdict = Verdict(
        revision=said.revision,
        outcome=said.outcome,
        at=at,
        by=who,
        lease=said.lease,
        undo=undo,
        before=Standing(
            state=comment.state,
            visible_revision=comment.visible_revision,
            decision=comment.decision,
            cases=comment.cases,
        ),
        attributes=said.attributes,
        rule=said.rule,
        note=said.note,
        learn=said.learn,
        why=tuple(case.kind for case in comment.cases),
        p=comment.latest.p,
    )
    return replace(
        comment,
        sequence=sequence,
        state=move(comment.state, _PERSON[outcome]),
        visible_revision=said.revision if outcome is Outcome.APPROVE else None,
        decision=Decision(outcome=outcome, by=By.MODERATOR, at=at, reasons=_reasons(said, outcome), who=who),
        cases=(),
        verdicts=(*comment.verdicts, verdict),
        history=(*comment.history, _event(comment, at, "verdict", who, outcome)),
    )


def undone(comment: Comment, undo: str, *, who: str, at: datetime) -> Comment:
    """The comment as it stood before the verdict that `undo` names; undone twice is undone once.

    Raises:
        Conflict: `superseded`: another decision or wording came after it, or nothing has this token.
    """
    verdict = next((verdict for verdict in comment.verdicts if verdict.undo == undo), None)
    if verdict is not None and verdict.undone_at is not None:
        return comment
    if verdict is None or verdict is not comment.verdicts[-1] or verdict.revision != comment.latest.number:
        raise Conflict("The decision is no longer the one that this token undoes.", code="superseded")
    before = verdict.before
    sequence = comment.sequence + 1
    reopened = {case.kind: case for case in (*before.cases, *comment.cases)}
    return replace(
        comment,
        sequence=sequence,
        state=move(comment.state, _RESTORE[before.state]),
        visible_revision=before.visible_revision,
        decision=before.decision,
        cases=tuple(reopened.values()),
        verdicts=(*comment.verdicts[:-1], replace(verdict, undone_at=at)),
        history=(*comment.history, _event(comment, at, "undone", who)),
    )


def escalated(comment: Comment, *, who: str, at: datetime, due_ms: int) -> Comment:
    """The comment with an open case for someone senior; unchanged where it has one."""
    if any(case.kind is CaseKind.ESCALATED for case in comment.cases):
        return comment
    sequence = comment.sequence + 1
    return replace(
        comment,
        sequence=sequence,
        cases=(*comment.cases, Case(kind=CaseKind.ESCALATED, opened_at=at, due_ms=due_ms)),
        history=(*comment.history, _event(comment, at, "escalated", who)),
    )


def _reasons(said: VerdictIn, outcome: Outcome) -> tuple[Reason, ...]:
    if outcome is Outcome.APPROVE:
        return (Reason(code="verdict", outcome=outcome, detail="A moderator approved this comment."),)
    found = [
        Reason(
            code="verdict",
            outcome=outcome,
            attribute=attribute,
            detail=f"A moderator rejected this comment as {attribute.replace('_', ' ')}.",
        )
        for attribute in said.attributes
    ]
    if said.rule is not None:
        detail = f"A moderator rejected this comment under the rule: {said.rule}"
        found.append(Reason(code="site_rule", outcome=outcome, detail=detail))
    return tuple(found) or (Reason(code="verdict", outcome=outcome, detail="A moderator rejected this comment."),)


def _event(comment: Comment, at: datetime, action: str, who: str, outcome: Outcome | None = None) -> Event:
    return Event(
        sequence=comment.sequence + 1,
        at=at,
        action=action,
        actor=who,
        revision=comment.latest.number,
        outcome=None if outcome is None else outcome.value,
    )

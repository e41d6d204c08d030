"""How a comment changes when something automatic happens to it: recorded, edited, decided late, rescored.

Pure functions from the old record and an assessment to the new record. What people do is in `verdicts.py`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from moderator.clock import to_ms
from moderator.domain import (
    SEVERITY,
    Act,
    By,
    Case,
    CaseKind,
    Comment,
    Decided,
    Decision,
    Event,
    Outcome,
    Reason,
    Revision,
    State,
    Submission,
    move,
    settle,
)
from moderator.flow.assessment import Assessment
from moderator.policy.decide import cases, due_ms, reach_probability

AUTOMATIC = {
    Outcome.APPROVE: Act.AUTO_APPROVE,
    Outcome.HOLD: Act.AUTO_HOLD,
    Outcome.REJECT: Act.AUTO_REJECT,
}
# Cases that a new wording answers: they spoke of the decision on the old one.
_OF_THE_WORDING = frozenset({CaseKind.HELD, CaseKind.AUDIT, CaseKind.EDITED})


def received(site: str, submission: Submission, at: datetime) -> Comment:
    """The record of a submission that nothing has decided yet: one pending revision, nothing visible."""
    return Comment(
        id=submission.id,
        site=site,
        sequence=1,
        state=State.PENDING,
        created_at=at,
        article=submission.article,
        revisions=(Revision(number=1, text=submission.text, at=at, by="author", sequence=1),),
        author=submission.author,
        parent_id=submission.parent_id,
        format=submission.format,
        language=submission.language,
        submitted_at=submission.submitted_at,
        honeypot=submission.honeypot,
        metadata=submission.metadata,
        cut=submission.cut,
        history=(Event(sequence=1, at=at, action="received", actor="author", revision=1),),
    )


def recorded(site: str, submission: Submission, assessment: Assessment, at: datetime) -> Comment:
    """A new comment, decided. A submission that was `decided` elsewhere keeps that decision and opens no case."""
    comment = received(site, submission, at)
    if submission.decided is not None:
        return _imported(comment, submission.decided, assessment)
    return _decided(comment, comment.latest, assessment, at)


def decided_late(comment: Comment, assessment: Assessment, at: datetime) -> Comment:
    """A pending comment, decided by a worker."""
    return _decided(replace(comment, sequence=comment.sequence + 1), comment.latest, assessment, at)


def edited(
    comment: Comment,
    text: str,
    by: Literal["author", "moderator"],
    assessment: Assessment,
    at: datetime,
    *,
    who: str | None = None,
) -> Comment:
    """A new revision. An author's is decided again; a moderator's stands where the comment stood and opens no case.

    `who` is the moderator's name, where it is known.
    """
    comment = replace(comment, sequence=comment.sequence + 1)
    revision = Revision(number=comment.latest.number + 1, text=text, at=at, by=by, sequence=comment.sequence)
    event = Event(sequence=comment.sequence, at=at, action="edited", actor=who or by, revision=revision.number)
    comment = replace(comment, revisions=(*comment.revisions, revision), history=(*comment.history, event))
    if by == "author" or comment.state is State.PENDING:
        return _decided(comment, revision, assessment, at)
    revision = _with_assessment(revision, assessment, comment.decision or assessment.decision, ())
    shown = revision.number if comment.state is State.APPROVED else comment.visible_revision
    return replace(comment, revisions=(*comment.revisions[:-1], revision), visible_revision=shown)


def rescored(comment: Comment, assessment: Assessment, at: datetime) -> Comment:
    """Scores for a revision that was decided without them: the outcome stands, a stricter result opens a case."""
    latest = comment.latest
    if assessment.scored is None or latest.decision is None:
        return comment
    stricter = SEVERITY[assessment.decision.outcome] > SEVERITY[latest.decision.outcome]
    kinds = (CaseKind.ESCALATED,) if stricter and comment.state is State.APPROVED else ()
    sequence = comment.sequence + 1
    revision = replace(
        latest,
        scored=assessment.scored,
        signals=assessment.signals,
        spans=assessment.spans,
        bundle=assessment.active.scorer.id,
    )
    outcome = assessment.decision.outcome
    event = Event(
        sequence=sequence, at=at, action="rescored", actor="model", revision=latest.number, outcome=outcome.value
    )
    return replace(
        comment,
        sequence=sequence,
        revisions=(*comment.revisions[:-1], revision),
        cases=_opened(kinds, comment.cases, assessment, at),
        history=(*comment.history, event),
    )


def _decided(comment: Comment, revision: Revision, assessment: Assessment, at: datetime) -> Comment:
    decision = _settled(comment, assessment.decision)
    outcome = decision.outcome
    kinds = _kinds(decision, assessment, overruled=decision is not assessment.decision)
    kept = [case for case in comment.cases if case.kind not in _OF_THE_WORDING or case.kind in kinds]
    revision = _with_assessment(revision, assessment, decision, kinds)
    shown = {Outcome.APPROVE: revision.number, Outcome.HOLD: comment.visible_revision, Outcome.REJECT: None}
    event = Event(
        sequence=comment.sequence,
        at=at,
        action="decided",
        actor=decision.by.value,
        revision=revision.number,
        outcome=outcome.value,
    )
    return replace(
        comment,
        state=move(comment.state, AUTOMATIC[outcome]),
        revisions=(*comment.revisions[:-1], revision),
        visible_revision=shown[outcome],
        decision=decision,
        cases=_opened(kinds, kept, assessment, at),
        history=(*comment.history, event),
    )


def _settled(comment: Comment, decision: Decision) -> Decision:
    outcome = settle(comment, decision.outcome)
    if outcome is decision.outcome:
        return decision
    reason = Reason(
        code="rejected_before",
        outcome=outcome,
        detail="A moderator rejected an earlier wording of this comment, so a moderator looks at the new one.",
    )
    return replace(decision, outcome=outcome, by=By.RULE, reasons=(reason, *decision.reasons))


def _kinds(decision: Decision, assessment: Assessment, *, overruled: bool) -> tuple[CaseKind, ...]:
    return (CaseKind.EDITED,) if overruled else cases(decision, in_audit=assessment.in_audit)


def _opened(kinds: Iterable[CaseKind], kept: Iterable[Case], assessment: Assessment, at: datetime) -> tuple[Case, ...]:
    """`kept` and a case for each of `kinds` that is not among them: an open case keeps the due time it was given."""
    cases = {case.kind: case for case in kept}
    for kind in kinds:
        if kind not in cases:
            due = due_ms(assessment.active.policy, kind, to_ms(at), assessment.decision, assessment.scored)
            cases[kind] = Case(kind=kind, opened_at=at, due_ms=due)
    return tuple(cases.values())


def _with_assessment(
    revision: Revision, assessment: Assessment, decision: Decision, kinds: tuple[CaseKind, ...]
) -> Revision:
    return replace(
        revision,
        scored=assessment.scored,
        signals=assessment.signals,
        spans=assessment.spans,
        decision=decision,
        policy=assessment.active.policy_name,
        p=reach_probability(assessment.active.policy, assessment.decision),
        cases=kinds,
        generation=assessment.active.generation,
        bundle=assessment.active.scorer.id,
    )


def _imported(comment: Comment, decided: Decided, assessment: Assessment) -> Comment:
    outcome = Outcome(decided.outcome)
    reason = Reason(code="imported", outcome=outcome, detail="Decided before this service was in use.")
    decision = Decision(outcome=outcome, by=By.MODERATOR, at=decided.at, reasons=(reason,), who=decided.by)
    act = Act.PERSON_APPROVE if outcome is Outcome.APPROVE else Act.PERSON_REJECT
    created = comment.submitted_at or decided.at
    event = Event(sequence=1, at=decided.at, action="imported", actor=decided.by, revision=1, outcome=outcome.value)
    revision = replace(_with_assessment(comment.latest, assessment, decision, ()), p=1.0)
    return replace(
        comment,
        created_at=created,
        state=move(comment.state, act),
        revisions=(revision,),
        visible_revision=1 if outcome is Outcome.APPROVE else None,
        decision=decision,
        history=(event,),
        imported=True,
    )

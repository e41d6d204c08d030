"""From records to replies: what of a comment is told, and how it looked when it was first decided."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from moderator.clock import from_ms
from moderator.domain import (
    Article,
    Author,
    Comment,
    Decision,
    Event,
    Outcome,
    Reason,
    Revision,
    Scored,
    Signal,
    Span,
    State,
    Verdict,
)
from moderator.store.queue import Lease
from moderator.web.schemas import (
    ArticleView,
    AuthorView,
    CommentView,
    DecisionView,
    EventView,
    FullComment,
    HolderView,
    QueueItem,
    ReasonView,
    Reply,
    RevisionView,
    SignalView,
    SpanView,
    VerdictView,
)

_WHOLE_SECOND = len("2026-11-25T15:29:00Z")
_STATES = {Outcome.APPROVE: State.APPROVED, Outcome.HOLD: State.HELD, Outcome.REJECT: State.REJECTED}

Spans = Iterable[Span] | None
"""Spans to tell; None: those that are stored, where the decision holds or rejects."""


def first(comment: Comment, *, replayed: bool, spans: Spans = None) -> Reply:
    """The reply to the submission: as the comment was when its first revision was decided, whatever followed.

    A later rescoring of that revision shows, for its scores were not known before.
    """
    revision = comment.revisions[0]
    decision, scored = revision.decision, revision.scored
    state = State.PENDING if decision is None else _STATES[decision.outcome]
    approved = state is State.APPROVED
    return Reply(
        id=comment.id,
        site=comment.site,
        revision=revision.number,
        sequence=revision.sequence,
        state=state,
        visible=approved,
        visible_revision=revision.number if approved else None,
        cases=list(revision.cases),
        decision=None if decision is None else _decision(decision),
        scores={} if scored is None else scored.scores,
        language=None if scored is None else scored.language,
        language_confidence=None if scored is None else round(scored.language_confidence, 4),
        signals=[_signal(each) for each in revision.signals],
        bundle=revision.bundle,
        policy=revision.policy,
        replayed=replayed,
        spans=_spans(revision, decision, spans),
        quoted_scores=UNSET if scored is None else quoted(scored),
        cut=_cut(comment),
    )


def current(comment: Comment, *, replayed: bool = False, spans: Spans = None) -> Reply:
    """The comment as it stands."""
    return Reply(**_current(comment, replayed=replayed, spans=spans))


def change(comment: Comment) -> Reply:
    """The comment as it stands, without spans."""
    return Reply(**(_current(comment) | {"spans": UNSET}))


def listed(comment: Comment, *, personal: bool, spans: Spans = None) -> CommentView:
    """The comment as it stands, with text and context. `personal`: the caller may see e-mail and address."""
    return CommentView(**listed_fields(comment, personal=personal, spans=spans))


def full(comment: Comment, *, personal: bool, notes: bool, spans: Spans = None) -> FullComment:
    """The comment as it stands, with every revision and all that happened. `notes`: what moderators noted, too."""
    return FullComment(
        revisions=[_revision(each) for each in comment.revisions],
        history=[_event(each) for each in comment.history],
        verdicts=[_verdict(each, notes=notes) for each in comment.verdicts],
        reports=[],
        **listed_fields(comment, personal=personal, spans=spans),
    )


def queued(comment: Comment, holder: Lease | None, *, personal: bool) -> QueueItem:
    """The comment as it waits, and who has it in review."""
    review = None if holder is None else HolderView(by=holder.who, expires_at=instant(from_ms(holder.expires_ms)))
    return QueueItem(review=review, **listed_fields(comment, personal=personal))


def listed_fields(comment: Comment, *, personal: bool, spans: Spans = None) -> dict[str, Any]:
    """The fields of a `CommentView`, for replies that add to it."""
    due_ms = min((case.due_ms for case in comment.cases), default=None)
    return _current(comment, spans=spans) | {
        "text": comment.latest.text,
        "format": comment.format,
        "article": _article(comment.article),
        "author": None if comment.author is None else _author(comment.author, personal=personal),
        "parent_id": comment.parent_id,
        "created_at": instant(comment.created_at),
        "submitted_at": None if comment.submitted_at is None else instant(comment.submitted_at),
        "metadata": comment.metadata,
        "cut": list(comment.cut),
        "due_at": UNSET if due_ms is None else instant(from_ms(due_ms)),
    }


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    # It writes microseconds, or nothing where they are zero; `isoformat` takes eight times as long.
    text: str = msgspec.to_builtins(at)
    return f"{text[:23]}Z" if len(text) > _WHOLE_SECOND else f"{text[:19]}.000Z"


def span_views(spans: Iterable[Span]) -> list[SpanView]:
    """Spans as they are told."""
    return [
        SpanView(begin=each.begin, end=each.end, attribute=each.attribute, weight=round(each.weight, 4))
        for each in spans
    ]


def quoted(scored: Scored) -> dict[str, float] | UnsetType:
    """The scores of what the writer quotes, where they quote."""
    return UNSET if scored.quoted is None else scored.quoted


def _current(comment: Comment, *, replayed: bool = False, spans: Spans = None) -> dict[str, Any]:
    revision, decision = comment.latest, comment.decision
    scored = revision.scored
    return {
        "id": comment.id,
        "site": comment.site,
        "revision": revision.number,
        "sequence": comment.sequence,
        "state": comment.state,
        "visible": comment.visible_revision is not None,
        "visible_revision": comment.visible_revision,
        "cases": [case.kind for case in comment.cases],
        "decision": None if decision is None else _decision(decision),
        "scores": {} if scored is None else scored.scores,
        "language": None if scored is None else scored.language,
        "language_confidence": None if scored is None else round(scored.language_confidence, 4),
        "signals": [_signal(each) for each in revision.signals],
        "bundle": revision.bundle,
        "policy": revision.policy,
        "replayed": replayed,
        "spans": _spans(revision, decision, spans),
        "quoted_scores": UNSET if scored is None else quoted(scored),
        "cut": _cut(comment),
    }


def _cut(comment: Comment) -> list[str] | UnsetType:
    return list(comment.cut) if comment.cut else UNSET


def _spans(revision: Revision, decision: Decision | None, spans: Spans) -> list[SpanView] | UnsetType:
    if spans is not None:
        return span_views(spans)
    if decision is None or decision.outcome is Outcome.APPROVE:
        return UNSET
    return span_views(revision.spans)


def _decision(decision: Decision) -> DecisionView:
    return DecisionView(
        outcome=decision.outcome,
        by=decision.by,
        at=instant(decision.at),
        reasons=[_reason(each) for each in decision.reasons],
    )


def _reason(reason: Reason) -> ReasonView:
    return ReasonView(
        code=reason.code,
        detail=reason.detail,
        outcome=reason.outcome,
        attribute=UNSET if reason.attribute is None else reason.attribute,
        score=UNSET if reason.score is None else round(reason.score, 4),
        threshold=UNSET if reason.threshold is None else round(reason.threshold, 4),
    )


def _signal(signal: Signal) -> SignalView:
    value = int(signal.value) if float(signal.value).is_integer() else round(signal.value, 4)
    return SignalView(code=signal.code, value=value, detail=signal.detail)


def _article(article: Article) -> ArticleView:
    return ArticleView(
        id=article.id,
        url=article.url,
        title=article.title,
        summary=article.summary,
        language=article.language,
    )


def _author(author: Author, *, personal: bool) -> AuthorView:
    return AuthorView(
        id=author.id,
        name=author.name,
        url=author.url,
        user_agent=author.user_agent,
        role=author.role,
        registered_at=None if author.registered_at is None else instant(author.registered_at),
        email=author.email if personal else UNSET,
        ip=author.ip if personal else UNSET,
    )


def _revision(revision: Revision) -> RevisionView:
    return RevisionView(
        number=revision.number,
        text=revision.text,
        at=instant(revision.at),
        by=revision.by,
        decision=None if revision.decision is None else _decision(revision.decision),
        scores={} if revision.scored is None else revision.scored.scores,
        bundle=revision.bundle,
        policy=revision.policy,
    )


def _event(event: Event) -> EventView:
    return EventView(
        sequence=event.sequence,
        at=instant(event.at),
        action=event.action,
        actor=event.actor,
        revision=event.revision,
        outcome=event.outcome,
    )


def _verdict(verdict: Verdict, *, notes: bool) -> VerdictView:
    return VerdictView(
        revision=verdict.revision,
        outcome=verdict.outcome,
        at=instant(verdict.at),
        by=verdict.by,
        attributes=list(verdict.attributes),
        rule=verdict.rule,
        note=verdict.note if notes else None,
        learn=verdict.learn,
        undone_at=None if verdict.undone_at is None else instant(verdict.undone_at),
    )

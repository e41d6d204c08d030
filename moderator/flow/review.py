"""Working the queue: claim, verdict, release, extend, escalate, undo.

A claim is a lease on one comment; a verdict needs the lease, is one atomic change, and gives the lease back. What the
store finds changed meanwhile is read again and tried again: only the lease and the revision decide who is too late.
"""

import asyncio
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from moderator import clock, metrics
from moderator.domain import CaseKind, Comment, Scored
from moderator.errors import Conflict, Overloaded, StoreError
from moderator.flow.comments import Reading
from moderator.flow.verdicts import VerdictIn, escalated, judged, same_verdict, undone
from moderator.store.comments import Change, Comments, Done, LeaseLost, Stale
from moderator.store.queue import Lease, Queue

FACETS = ("case", "reason", "attribute", "language", "article", "author")
"""What the queue can be filtered by. The first one given is read from its index, the others filter what it gives."""

_TRIES = 5
# A claim passes over what others took meanwhile; after this many looks at the heads it answers with what it has.
_LOOKS = 20
_WIDER = 8
_LOST = "The lease is no longer yours: it expired, was released, or the comment was decided."


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue, earliest due first, with the whole queue's counts by case.

    `reviews`: comment id → the lease on it, where somebody has it in review.
    """

    items: list[Comment]
    reviews: Mapping[str, Lease]
    next: str | None
    counts: dict[str, int]
    oldest_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A comment that is one moderator's until `expires_at`."""

    comment: Comment
    lease: str
    expires_at: datetime


class Review:
    """The queue of each site."""

    def __init__(self, comments: Comments, queue: Queue, reading: Reading, *, lease_s: int) -> None:
        self._comments = comments
        self._queue = queue
        self._reading = reading
        self._lease_s = lease_s

    async def queue(
        self, site: str, filters: Mapping[str, str], cursor: str | None = None, limit: int = 50
    ) -> QueuePage:
        """What waits for a person, claimed or not; claiming is what hides it from others."""
        ids, following = await self._queue.page(site, _facet(filters), cursor, limit)
        named = [comment_id for comment_id, _ in ids]
        found, reviews = await asyncio.gather(self._comments.get_many(site, named), self._queue.holders(site, named))
        items = [comment for comment in found if comment is not None and comment.cases and _matches(comment, filters)]
        counts = await self._queue.counts(site)
        oldest = await self._queue.oldest_due_ms(site)
        return QueuePage(items, reviews, following, counts, None if oldest is None else clock.from_ms(oldest))

    async def claim(
        self, site: str, who: str, limit: int, filters: Mapping[str, str], *, senior: bool = False
    ) -> list[Claimed]:
        """Up to `limit` comments for `who`, earliest due first. Escalated ones go to seniors only."""
        claimed: list[Claimed] = []
        passed: set[str] = set()
        for look in range(_LOOKS):
            want = limit - len(claimed)
            # Who finds the heads taken looks wider, and anywhere there: many who claim at once would else all meet.
            width = want * (1 if look == 0 else _WIDER)
            heads = await self._queue.heads(site, _facet(filters), width + len(passed), skip_leased=True)
            free = [comment_id for comment_id, _ in heads if comment_id not in passed]
            ids = free[:want] if look == 0 else random.sample(free, min(want, len(free)))
            if not ids:
                break
            passed.update(ids)
            found = await self._comments.get_many(site, ids)
            fit = [c for c in found if c is not None and _matches(c, filters) and (senior or not _escalated(c))]
            claimed += await self._lease(site, who, fit)
            if len(claimed) >= limit:
                break
        return claimed

    async def verdict(self, site: str, who: str, comment_id: str, said: VerdictIn) -> tuple[Comment, str]:
        """Record a verdict; the same one again gets the same answer.

        Returns:
            the comment as it now stands, and the token that undoes the verdict.

        Raises:
            Conflict: `lease_lost`, or `revision_changed` with `current_revision`.
        """
        undo = secrets.token_urlsafe(16)
        comment = await self._reading.get(site, comment_id)
        _check_owner(said.lease, who)
        for _ in range(_TRIES):
            for verdict in comment.verdicts:
                if same_verdict(verdict, said) and verdict.by == who and verdict.undone_at is None:
                    return comment, verdict.undo
            new = judged(comment, said, who=who, undo=undo, at=clock.now())
            changed = await self._change(site, Change(old=comment, new=new, lease=said.lease))
            if changed is None:
                metrics.VERDICTS.labels(said.outcome).inc()
                return new, undo
            comment = changed
        raise Overloaded("The comment keeps changing; try again.")

    async def undo(self, site: str, who: str, comment_id: str, undo: str) -> Comment:
        """Take a verdict back, while it is still the decision in force.

        Raises:
            Conflict: `superseded`.
        """
        return await self._retrying(site, comment_id, lambda c: undone(c, undo, who=who, at=clock.now()))

    async def escalate(self, site: str, who: str, comment_id: str, lease: str) -> Comment:
        """Hand a claimed comment to someone senior, and give the lease back.

        Raises:
            Conflict: `lease_lost`.
        """
        now = clock.now()
        _check_owner(lease, who)
        return await self._retrying(
            site,
            comment_id,
            lambda c: escalated(c, who=who, at=now, due_ms=min(case.due_ms for case in c.cases)) if c.cases else c,
            lease=lease,
        )

    async def extend(self, site: str, comment_id: str, lease: str) -> datetime:
        """Keep a claimed comment for a whole lease from now, and say until when.

        Raises:
            Conflict: `lease_lost`.
        """
        kept = await self._queue.extend(site, comment_id, lease, self._lease_s)
        if kept is None:
            raise Conflict(_LOST, code="lease_lost")
        return clock.from_ms(kept.expires_ms)

    async def release(self, site: str, comment_id: str, lease: str) -> None:
        """Give a claimed comment back to the queue.

        Raises:
            Conflict: `lease_lost`.
        """
        if not await self._queue.release(site, comment_id, lease):
            raise Conflict(_LOST, code="lease_lost")

    async def _lease(self, site: str, who: str, comments: Sequence[Comment]) -> list[Claimed]:
        tokens = [_token(who) for _ in comments]
        leases: list[Lease | None] = await self._queue.claim(
            site, [comment.id for comment in comments], who=who, lease_s=self._lease_s, tokens=tokens
        )
        return [
            Claimed(comment, lease.token, clock.from_ms(lease.expires_ms))
            for comment, lease in zip(comments, leases, strict=True)
            if lease is not None
        ]

    async def _retrying(
        self, site: str, comment_id: str, act: Callable[[Comment], Comment], *, lease: str | None = None
    ) -> Comment:
        comment = await self._reading.get(site, comment_id)
        for _ in range(_TRIES):
            new = act(comment)
            if new is comment:
                if lease is not None:
                    await self.release(site, comment_id, lease)
                return comment
            changed = await self._change(site, Change(old=comment, new=new, lease=lease))
            if changed is None:
                return new
            comment = changed
        raise Overloaded("The comment keeps changing; try again.")

    async def _change(self, site: str, change: Change) -> Comment | None:
        """None when it is done, the comment as it is now when somebody else was first."""
        (result,) = await self._comments.change(site, [change])
        match result:
            case Done():
                return None
            case Stale(comment=comment):
                return comment
            case LeaseLost():
                raise Conflict(_LOST, code="lease_lost")
            case StoreError():
                raise result
            case _:
                raise AssertionError(result)


def _token(who: str) -> str:
    """A new lease token that tells whose it is, to those who know the name: a lease is not handed on."""
    fresh = secrets.token_urlsafe(12)
    return f"{fresh}~{_signature(fresh, who)}"


def _check_owner(lease: str, who: str) -> None:
    fresh, _, signature = lease.partition("~")
    if not secrets.compare_digest(signature.encode(), _signature(fresh, who).encode()):
        raise Conflict(_LOST, code="lease_lost")


def _signature(fresh: str, who: str) -> str:
    return blake2b(f"{fresh}\0{who}".encode(), digest_size=6).hexdigest()


def _facet(filters: Mapping[str, str]) -> tuple[str, str] | None:
    return next(((name, filters[name]) for name in FACETS if name in filters), None)


def _matches(comment: Comment, filters: Mapping[str, str]) -> bool:
    return all(value in _values(comment, name) for name, value in filters.items())


def _values(comment: Comment, facet: str) -> Sequence[str | None]:
    """What a comment answers to under each facet."""
    reasons = comment.decision.reasons if comment.decision else ()
    scored: Scored | None = comment.latest.scored
    values: dict[str, Sequence[str | None]] = {
        "case": [case.kind.value for case in comment.cases],
        "reason": [reason.code for reason in reasons],
        "attribute": [reason.attribute for reason in reasons],
        "language": [scored.language if scored else None],
        "article": [comment.article.id],
        "author": [comment.author.id if comment.author else None],
    }
    return values[facet]


def _escalated(comment: Comment) -> bool:
    return any(case.kind is CaseKind.ESCALATED for case in comment.cases)

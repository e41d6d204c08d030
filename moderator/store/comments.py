"""Comments as they are recorded: read, changed by one atomic script each, listed, followed.

Every change names what it changes from (`Change.old`); the script refuses when the record has moved on. Indexes are
derived from the two records (`indexes.py`) and change in the same step, so they can lag behind nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, zip_longest
from typing import TypeAlias

from moderator.clock import to_ms
from moderator.domain import Comment, State
from moderator.errors import StoreError
from moderator.store import pages, record
from moderator.store.client import Client, Late
from moderator.store.cursor import decode_place, decode_positions, encode_place, encode_positions
from moderator.store.indexes import difference, entries
from moderator.store.keys import Keys
from moderator.store.record import content_digest
from moderator.store.scripts import Script
from moderator.store.waiting import Work

__all__ = [
    "Change",
    "Comments",
    "Done",
    "IdConflict",
    "LeaseLost",
    "Replay",
    "Result",
    "Stale",
    "content_digest",
]

CHANGE = Script("change")

_LISTED = (State.PENDING, State.APPROVED, State.HELD, State.REJECTED)
_ROUNDS = 5
"""How often a filtered listing reads on before it answers with a page that is not full."""


@dataclass(frozen=True, slots=True)
class Change:
    """From `old` (None: create) to `new`, whose sequence is old's plus one (1 when created).

    `lease`: the token of a review that must be held and unexpired; the change ends it.
    `wait`: work about this comment that becomes due because of the change.
    """

    old: Comment | None
    new: Comment
    lease: str | None = None
    wait: tuple[Work, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """It is recorded (now, or by the same change whose answer was lost)."""


@dataclass(frozen=True, slots=True)
class Replay:
    """To create: the same content is there already under this id."""

    comment: Comment


@dataclass(frozen=True, slots=True)
class IdConflict:
    """To create: other content is there under this id."""

    comment: Comment


@dataclass(frozen=True, slots=True)
class Stale:
    """The comment has moved on; here it is."""

    comment: Comment


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """The lease is not held by this token, or expired. Nothing was changed."""


Result: TypeAlias = Done | Replay | Stale | LeaseLost | IdConflict | StoreError | Late

# Named here, because inside the class `list` is its method.
Found: TypeAlias = list[Comment | None]
Results: TypeAlias = list[Result]
Listed: TypeAlias = list[Comment]
Page: TypeAlias = tuple[list[Comment], str | None]
News: TypeAlias = tuple[list[Comment], str]


class Comments:
    """The comments of every site."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = client.keys

    async def get(self, site: str, comment_id: str) -> Comment | None:
        """The comment as it now stands, erased ones included (`State.ERASED`)."""
        value = await self._client.call("GET", self._keys.comment(site, comment_id))
        return None if value is None else record.decode(value)

    async def get_many(self, site: str, ids: Sequence[str]) -> Found:
        """In the order of `ids`, in one round."""
        return await asyncio.gather(*(self.get(site, comment_id) for comment_id in ids))

    async def change(self, site: str, changes: Sequence[Change], *, patience_s: float | None = None) -> Results:
        """Each change by its own script, all in one round. Never raises for one item: its error is its result.

        With `patience_s` the result of a change that is not answered by then is `LATE`: make the same change again.
        """
        calls = [(CHANGE, *_command(self._keys, site, change)) for change in changes]
        replies = await self._client.run_all(calls, patience_s=patience_s)
        return [_result(change, reply) for change, reply in zip(changes, replies, strict=True)]

    async def list(
        self,
        site: str,
        *,
        state: State | None = None,
        article: str | None = None,
        author: str | None = None,
        since: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page:
        """The newest first, and the cursor of what follows (None: nothing does). Erased comments are left out.

        One filter is read from its index, the others sieve what it gives; a page may so be short of `limit`
        although more follows.

        Raises:
            InputError: `invalid_cursor`.
        """
        place = decode_place(cursor)
        since_ms = 0 if since is None else to_ms(since)
        sets = _sets(self._keys, site, state, article, author)
        found: Listed = []
        for _ in range(_ROUNDS):
            places = await pages.read(self._client, sets, after=place, limit=limit + 1, newest_first=True)
            shown = places[:limit]
            comments = await self.get_many(site, [each.id for each in shown])
            for place, comment in zip(shown, comments, strict=True):
                if place.ms < since_ms:
                    return found, None
                if comment is not None and _fits(comment, state, article, author):
                    found.append(comment)
                if len(found) == limit:
                    return found, encode_place(place) if place != places[-1] else None
            if len(places) <= limit:
                return found, None
        return found, None if place is None else encode_place(place)

    async def changes(self, site: str, cursor: str | None, limit: int) -> News:
        """Comments that changed after `cursor`, as they now stand, and the cursor to go on from, also when none did.

        At least once each; a comment that changes again comes again. There is no order between comments.

        Raises:
            InputError: `invalid_cursor`.
        """
        positions = decode_positions(cursor, self._client.lanes)
        replies = await asyncio.gather(
            *(
                self._client.call(
                    "ZRANGE",
                    self._keys.changes(lane, site),
                    f"({position}",
                    "+inf",
                    "BYSCORE",
                    "LIMIT",
                    0,
                    limit,
                    "WITHSCORES",
                )
                for lane, position in enumerate(positions)
            )
        )
        # One of each lane in turn: no lane starves, whatever the limit.
        streams = [
            [(lane, *pair) for pair in zip(flat[::2], flat[1::2], strict=True)] for lane, flat in enumerate(replies)
        ]
        turns = [step for step in chain.from_iterable(zip_longest(*streams)) if step is not None][:limit]
        for lane, _, position in turns:
            positions[lane] = int(position)
        comments = await self.get_many(site, [comment_id.decode() for _, comment_id, _ in turns])
        return [comment for comment in comments if comment is not None], encode_positions(positions)


def _command(keys: Keys, site: str, change: Change) -> tuple[list[str], list[str | bytes | int]]:
    """KEYS and ARGV of `lua/change.lua`."""
    old, new = change.old, change.new
    lane = keys.lane(site, new.id)
    before = {} if old is None else entries(old)
    after = entries(new)
    leave, enter = difference(before, after)
    # A review is over when its lease is used, and when nobody needs to look any more.
    ends = change.lease is not None or ("queue" in before and "queue" not in after)
    names = [
        keys.record(lane, site, new.id),
        keys.changes(lane, site),
        keys.position(lane, site),
        keys.leases(lane, site),
        keys.holders(lane, site),
    ]
    names += [keys.index(lane, site, name) for name in leave]
    names += [keys.index(lane, site, name) for name, _ in enter]
    args: list[str | bytes | int] = [
        new.id,
        0 if old is None else old.sequence,
        new.sequence,
        content_digest(new) if old is None else "",
        record.VERSION,
        record.encode(new),
        int(change.lease is not None),
        change.lease or "",
        int(ends),
        len(leave),
        len(enter),
    ]
    args += [score for _, score in enter]
    for work in change.wait:
        if (work.site, work.id) != (site, new.id):
            raise ValueError("work that a change brings is about the comment that changes")
        names += [keys.waiting(lane, work.kind), keys.tries(lane, work.kind)]
        args += [work.member, work.after_ms]
    return names, args


def _sets(keys: Keys, site: str, state: State | None, article: str | None, author: str | None) -> list[list[str]]:
    """Which sorted sets to read: an author writes less than stands under an article, both less than a state."""
    if author is not None:
        return [[keys.author(site, author)]]
    if article is not None:
        return [[keys.article(site, article)]]
    states = _LISTED if state is None else (state,)
    return [[keys.state(lane, site, each) for each in states] for lane in range(keys.lanes)]


def _result(change: Change, reply: Sequence[bytes] | StoreError | Late) -> Result:
    """What the script's answer means; a record in it that cannot be read is that item's error."""
    if isinstance(reply, StoreError | Late):
        return reply
    try:
        match reply:
            case [b"done"]:
                return Done()
            case [b"lease"]:
                return LeaseLost()
            case [b"exists" | b"stale" as how, value]:
                return _meeting(change, value, creating=how == b"exists")
            case _:
                return StoreError("there is no record to change", code="record_missing")
    except StoreError as error:
        return error


def _meeting(change: Change, value: bytes, *, creating: bool) -> Result:
    """What it means that another record stands where a change wanted to go."""
    comment = record.decode(value)
    if creating:
        same = record.stored_digest(value) == content_digest(change.new)
        return Replay(comment) if same else IdConflict(comment)
    # What stands there is what we wanted to write: our first try was done and its answer lost.
    return Done() if comment == change.new else Stale(comment)


def _fits(comment: Comment, state: State | None, article: str | None, author: str | None) -> bool:
    """Whether a comment that an index named is what was asked for: an index may be a moment older than the record."""
    return (
        comment.state in _LISTED
        and (state is None or comment.state == state)
        and (article is None or comment.article.id == article)
        and (author is None or (comment.author is not None and comment.author.id == author))
    )

"""The queue: which comments a person should look at, in what order, and who has which in review.

Order is the earliest due time of a comment's open cases; membership and the facets' sets are derived from the record
(`indexes.py`) and change with it. A review is a lease on one comment with a token and an end, by the server's clock; it
hides the comment from other claims and changes no due time. An expired lease is simply free.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from moderator.domain import CaseKind
from moderator.errors import StoreError
from moderator.store import pages
from moderator.store.client import Call, Client
from moderator.store.cursor import decode_place, encode_place
from moderator.store.keys import FACETS
from moderator.store.scripts import Script

HEADS = Script("heads")
CLAIM = Script("claim")
EXTEND = Script("extend")
RELEASE = Script("release")
HOLDER = Script("holder")
COUNTS = Script("counts")

_OWN_WORD = re.compile(r"[a-z0-9_-]{1,64}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lease:
    """A review: `who` has comment `id` until `expires_ms` (server's clock), and proves it with `token`."""

    id: str
    token: str
    who: str
    expires_ms: int


class Queue:
    """The queue of each site."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = client.keys

    async def page(
        self, site: str, facet: tuple[str, str] | None, cursor: str | None, limit: int
    ) -> tuple[list[tuple[str, int]], str | None]:
        """(id, due ms), the earliest due first, claimed or not; and the cursor of what follows (None: nothing does).

        `facet`: name and value, e.g. ("case", "held"); None: the whole queue.

        Raises:
            InputError: `invalid_cursor`.
        """
        after = decode_place(cursor)
        sets = [[key] for key in self._sets(site, facet)]
        places = await pages.read(self._client, sets, after=after, limit=limit + 1)
        shown = places[:limit]
        following = encode_place(shown[-1]) if len(places) > limit else None
        return [(place.id, place.ms) for place in shown], following

    async def heads(
        self, site: str, facet: tuple[str, str] | None, limit: int, *, skip_leased: bool
    ) -> list[tuple[str, int]]:
        """The first `limit` of the queue as (id, due ms), over all lanes, in one round."""
        if not skip_leased:
            shown, _ = await self.page(site, facet, None, limit)
            return shown
        sets = enumerate(self._sets(site, facet))
        replies = await pages.each(
            self._client, [(HEADS, [key, self._keys.leases(lane, site)], [limit]) for lane, key in sets]
        )
        streams = [pages.pairs(flat) for flat in replies if flat]
        return [(place.id, place.ms) for place in pages.merge(streams, limit)]

    async def counts(self, site: str) -> dict[str, int]:
        """Case kind → comments with such an open case; `total` → comments in the queue (one may have several)."""
        _, counts = await self._totals(site)
        return counts

    async def oldest_due_ms(self, site: str) -> int | None:
        """The earliest due time in the queue; None when it is empty."""
        oldest, _ = await self._totals(site)
        return oldest

    async def claim(
        self, site: str, ids: Sequence[str], *, who: str, lease_s: float, tokens: Sequence[str]
    ) -> list[Lease | None]:
        """A lease for each of `ids` that is in the queue and nobody's, in one round; None for the others.

        `tokens`: one an id, fresh random words without `|`. The same token again gets the lease that it has.

        Raises:
            StoreError: not one claim got an answer.
        """
        lease_ms = round(lease_s * 1000)
        calls: list[Call] = []
        for comment_id, token in zip(ids, tokens, strict=True):
            queue = self._keys.queue(self._keys.lane(site, comment_id), site)
            calls.append((CLAIM, [queue, *self._review(site, comment_id)], [comment_id, token, who, lease_ms]))
        ends = await self._client.run_all(calls)
        errors = [end for end in ends if isinstance(end, StoreError)]
        if errors and len(errors) == len(ends):
            raise errors[0]
        # What failed beside claims that were made is left to the next claim: raising would lose those leases.
        return [
            Lease(comment_id, token, who, end) if isinstance(end, int) else None
            for comment_id, token, end in zip(ids, tokens, ends, strict=True)
        ]

    async def extend(self, site: str, comment_id: str, token: str, lease_s: float) -> Lease | None:
        """The lease, from now on for all of `lease_s` again; None: it is not this token's, or expired."""
        reply = await self._client.run(
            EXTEND, self._review(site, comment_id), [comment_id, token, round(lease_s * 1000)]
        )
        return None if reply is None else Lease(comment_id, token, reply[1].decode(), int(reply[0]))

    async def release(self, site: str, comment_id: str, token: str) -> bool:
        """Whether it was this token's, and is free now."""
        return bool(await self._client.run(RELEASE, self._review(site, comment_id), [comment_id, token]))

    async def holder(self, site: str, comment_id: str) -> Lease | None:
        """Who has it in review now."""
        return (await self.holders(site, [comment_id])).get(comment_id)

    async def holders(self, site: str, ids: Sequence[str]) -> dict[str, Lease]:
        """The leases of those of `ids` that somebody has in review now, in one round."""
        calls: list[Call] = [(HOLDER, self._review(site, comment_id), [comment_id]) for comment_id in ids]
        replies = zip(ids, await pages.each(self._client, calls), strict=True)
        return {comment_id: _lease(comment_id, *reply) for comment_id, reply in replies if reply is not None}

    async def _totals(self, site: str) -> tuple[int | None, dict[str, int]]:
        """The earliest due time and all counts, one small script a lane."""
        kinds = [kind.value for kind in CaseKind]
        calls: list[Call] = []
        for lane in range(self._client.lanes):
            sets = [self._keys.queue(lane, site), *(self._keys.facet(lane, site, "case", kind) for kind in kinds)]
            calls.append((COUNTS, sets, []))
        replies = await pages.each(self._client, calls)
        oldest = min((int(reply[0]) for reply in replies if reply[0]), default=None)
        sums = [sum(column) for column in zip(*(reply[1:] for reply in replies), strict=True)]
        return oldest, dict(zip(["total", *kinds], sums, strict=True))

    def _review(self, site: str, comment_id: str) -> list[str]:
        """The keys that hold the lane's leases."""
        lane = self._keys.lane(site, comment_id)
        return [self._keys.leases(lane, site), self._keys.holders(lane, site)]

    def _sets(self, site: str, facet: tuple[str, str] | None) -> list[str]:
        """The queue set of each lane for a facet; none for a value that cannot be one."""
        lanes = range(self._client.lanes)
        if facet is None:
            return [self._keys.queue(lane, site) for lane in lanes]
        name, value = facet
        if name not in FACETS:
            raise ValueError(f"{name} is no facet of the queue")
        # Values come from query strings; a key's name takes only words of our own or a hash.
        if name not in ("article", "author") and not _OWN_WORD.fullmatch(value):
            return []
        return [self._keys.facet(lane, site, name, value) for lane in lanes]


def _lease(comment_id: str, ends_ms: int, holder: bytes) -> Lease:
    """From the holder script's reply."""
    token, _, who = holder.decode().partition("|")
    return Lease(comment_id, token, who, int(ends_ms))

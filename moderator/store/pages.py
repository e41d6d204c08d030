"""One ordered listing over sorted sets in all lanes: their heads come in one round and are merged here."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from moderator.errors import StoreError
from moderator.store.client import Call, Client
from moderator.store.cursor import Place
from moderator.store.scripts import Script

PAGE = Script("page")


async def read(
    client: Client, sets: Iterable[Sequence[str]], *, after: Place | None, limit: int, newest_first: bool = False
) -> list[Place]:
    """The first `limit` places after `after`, by (ms, id), over all `sets`.

    Each element of `sets` is a group of keys with one hash tag; a group is one script call, and all calls go out
    together. Any lane may hold the whole page, so each is asked for all of it: 64 lanes × 50 ids are parsed lazily.

    Raises:
        StoreError: one lane's failure is the page's.
    """
    args = (
        "desc" if newest_first else "asc",
        "" if after is None else after.ms,
        "" if after is None else after.id,
        limit,
    )
    replies = await each(client, [(PAGE, group, args) for group in sets])
    streams = [pairs(flat) for reply in replies for flat in reply if flat]
    return merge(streams, limit, newest_first=newest_first)


async def each(client: Client, calls: Sequence[Call]) -> list[Any]:
    """The replies of many calls, usually one a lane, in one round.

    Raises:
        StoreError: the first that failed.
    """
    replies = await client.run_all(calls)
    for reply in replies:
        if isinstance(reply, StoreError):
            raise reply
    return replies


def merge(streams: Sequence[Iterator[tuple[int, bytes]]], limit: int, *, newest_first: bool = False) -> list[Place]:
    """The first `limit` of several streams of (ms, id) that are each in order."""
    merged = heapq.merge(*streams, reverse=newest_first)
    return [Place(ms, comment_id.decode()) for ms, comment_id in islice(merged, limit)]


def pairs(flat: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """(score, id) of a reply id, score, id, score …; parsed only as far as the merge comes."""
    return ((int(flat[i + 1]), flat[i]) for i in range(0, len(flat), 2))

"""What the store knows about a comment before it is decided: copies of it, its author's past, its article's size.

One round trip notes a comment in each index and reads the index; it happens before the record is written, so an index
may name a comment that never came to be. All are sets by comment id: a retry counts once.

Near-duplicates: a comment's *sketch* (32 bytes) is filed under its 4 bands in hashes that live for two days, one hash a
site, day and shard, all of a site on one slot. Who shares a band is checked by signature here, all of a batch at once.

    sketch = id hash 8 · packed signature 16 · seconds since the epoch 4 · author hash 4
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from moderator.errors import StoreError
from moderator.store.client import Call, Client, Late
from moderator.store.nearduplicate import MIN_AGREEMENT, PACKED_BYTES, agreement
from moderator.store.scripts import Script

NEAR = Script("near")
EARLIER = Script("earlier")

KEPT = 64
"""Sketches of one band: enough to know a campaign, few enough to compare."""

SHARDS = 1024
"""Hashes a site and day; small hashes are stored compactly. A format for two days, the life of what is stored."""

_DAY_MS = 86_400_000
_TTL_S = 2 * _DAY_MS // 1000
_ID_BYTES, _SKETCH_BYTES = 8, 32
_PACKED = slice(_ID_BYTES, _ID_BYTES + PACKED_BYTES)
_AUTHOR = slice(28, 32)
_NOBODY = bytes(4)


@dataclass(frozen=True, slots=True)
class SignalInput:
    """One comment, as far as signals care.

    `text_signature` and `bands` come from `nearduplicate.signature`; None and empty for a text too short to have one.
    `at_ms` is when it was sent.
    """

    id: str
    text_signature: bytes | None
    bands: tuple[bytes, ...]
    article_id: str
    author_id: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found. Counts are of other comments, each once.

    `near_duplicates`: within two days, at most the newest 64 a band · `same_author_duplicates`: those of them by this
    author · `author_comments`, `article_comments`: earlier ones · `author_first_seen_ms`: None without an author.
    """

    near_duplicates: int = 0
    same_author_duplicates: int = 0
    author_comments: int = 0
    author_first_seen_ms: int | None = None
    article_comments: int = 0


class _Duplicates(NamedTuple):
    all: int
    same_author: int


class Signals:
    """The signals of every site."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = client.keys

    async def gather(
        self, site: str, items: Sequence[SignalInput], *, patience_s: float | None = None
    ) -> list[Gathered | StoreError | Late]:
        """Note all items and read about each, in one round. An item whose index failed gets that error.

        With `patience_s` an item whose index did not answer by then gets `LATE`; to ask again counts it once.
        """
        sketches = [_sketch(item) for item in items]
        calls: list[Call] = []
        for item, sketch in zip(items, sketches, strict=True):
            calls += self._calls(site, item, sketch)
        replies = iter(await self._client.run_all(calls, patience_s=patience_s))
        near, authors, articles = [], [], []
        for item in items:
            near.append(b"" if item.text_signature is None else next(replies))
            authors.append((0, None) if item.author_id is None else next(replies))
            articles.append(next(replies))
        copies = _duplicates(sketches, [found if isinstance(found, bytes) else b"" for found in near])
        return [_gathered(*each) for each in zip(copies, near, authors, articles, strict=True)]

    def _calls(self, site: str, item: SignalInput, sketch: bytes) -> Iterator[Call]:
        """One an index; a text without signature and a comment without author have one less each."""
        if item.text_signature is not None:
            day = item.at_ms // _DAY_MS
            names = []
            for band in item.bands:
                shard = int.from_bytes(band[1:], "little") % SHARDS
                names += [self._keys.near(site, day, shard), self._keys.near(site, day - 1, shard)]
            yield NEAR, names, (sketch, KEPT, _TTL_S, *item.bands)
        if item.author_id is not None:
            yield EARLIER, [self._keys.author(site, item.author_id)], (item.id, item.at_ms)
        yield EARLIER, [self._keys.article(site, item.article_id)], (item.id, item.at_ms)


def _sketch(item: SignalInput) -> bytes:
    if item.text_signature is None:
        return b""
    author = _NOBODY if item.author_id is None else blake2b(item.author_id.encode(), digest_size=4).digest()
    seconds = (item.at_ms // 1000 & 0xFFFFFFFF).to_bytes(4, "big")
    return blake2b(item.id.encode(), digest_size=_ID_BYTES).digest() + item.text_signature + seconds + author


def _duplicates(sketches: Sequence[bytes], found: Sequence[bytes]) -> list[_Duplicates]:
    """For each sketch, the distinct other comments among what was found that say nearly the same."""
    counts = [len(each) // _SKETCH_BYTES for each in found]
    if not any(counts):
        return [_Duplicates(0, 0)] * len(sketches)
    others = np.frombuffer(b"".join(found), np.uint8).reshape(-1, _SKETCH_BYTES)
    own = np.frombuffer(
        b"".join(sketch for sketch, count in zip(sketches, counts, strict=True) if count), np.uint8
    ).reshape(-1, _SKETCH_BYTES)
    own = np.repeat(own, [count for count in counts if count], axis=0)
    alike = agreement(own[:, _PACKED], others[:, _PACKED]) >= MIN_AGREEMENT
    results, at = [], 0
    for sketch, each, count in zip(sketches, found, counts, strict=True):
        by_id = {
            each[i * _SKETCH_BYTES :][:_ID_BYTES]: each[i * _SKETCH_BYTES :][_AUTHOR]
            for i in np.flatnonzero(alike[at : at + count])
        }
        at += count
        by_id.pop(sketch[:_ID_BYTES], None)
        author = sketch[_AUTHOR]
        same = 0 if author == _NOBODY else sum(other == author for other in by_id.values())
        results.append(_Duplicates(len(by_id), same))
    return results


def _gathered(duplicates: _Duplicates, near: Any, author: Any, article: Any) -> Gathered | StoreError | Late:
    """One item's result of its three replies, each of which may be an error."""
    for reply in (near, author, article):
        if isinstance(reply, StoreError | Late):
            return reply
    earlier, first_ms = author
    return Gathered(
        near_duplicates=duplicates.all,
        same_author_duplicates=duplicates.same_author,
        author_comments=earlier,
        author_first_seen_ms=None if first_ms is None else int(first_ms),
        article_comments=article[0],
    )

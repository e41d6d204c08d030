"""What the store knows about a comment before it is decided: copies of it, its author's past, its article's size.

One script a comment notes it in each index and reads the index; all indexes of a site are on one slot. It happens
before the record is written, so an index may name a comment that never came to be. All are sets by comment id: a retry
counts once.

Near-duplicates: a comment's *sketch* (32 bytes) is filed under its 4 bands in hashes that live for two days, one hash a
site, day and shard. Who shares a band is checked by signature here, all of a batch at once.

    sketch = id hash 8 · packed signature 16 · seconds since the epoch 4 · author hash 4
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from moderator.errors import StoreError
from moderator.store.client import Call, Client, Late
from moderator.store.keys import SignalKeys, digest
from moderator.store.nearduplicate import MIN_AGREEMENT, PACKED_BYTES, agreement
from moderator.store.scripts import Script

SIGNALS = Script("signals")

KEPT = 64
"""Sketches of one band: enough to know a campaign, few enough to compare."""

_SHARD_BYTES = 2
"""By so many first bytes of a band, its number and 8 bits of its value, a day's sketches are filed in 4 × 256 hashes:
small ones are stored compactly. A format for two days, the life of what is stored."""

_DAY_MS = 86_400_000
_TTL_S = 2 * _DAY_MS // 1000
_ID_BYTES, _SKETCH_BYTES = 8, 32
_PACKED = slice(_ID_BYTES, _ID_BYTES + PACKED_BYTES)
_AUTHOR = slice(28, 32)
_NOBODY = bytes(4)


class SignalInput(Struct, frozen=True):
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


class Gathered(Struct, frozen=True):
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


_NONE = _Duplicates(0, 0)


class Signals:
    """The signals of every site."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def gather(
        self, site: str, items: Sequence[SignalInput], *, patience_s: float | None = None
    ) -> list[Gathered | StoreError | Late]:
        """Note all items and read about each, in one round. An item whose index failed gets that error.

        With `patience_s` an item whose index did not answer by then gets `LATE`; to ask again counts it once.
        """
        sketches = [_sketch(item) for item in items]
        keys = SignalKeys(self._client.prefix, site)
        calls = [_call(keys, item, sketch) for item, sketch in zip(items, sketches, strict=True)]
        replies = await self._client.run_all(calls, patience_s=patience_s)
        copies = _duplicates(sketches, [b"" if isinstance(reply, StoreError | Late) else reply[0] for reply in replies])
        return [_gathered(*each) for each in zip(copies, replies, strict=True)]


def _call(keys: SignalKeys, item: SignalInput, sketch: bytes) -> Call:
    """KEYS and ARGV of `lua/signals.lua`."""
    names = [keys.article(item.article_id)]
    names += keys.near(item.at_ms // _DAY_MS, map(shard, item.bands))
    if item.author_id is not None:
        names.append(keys.author(item.author_id))
    return SIGNALS, names, (item.id, item.at_ms, sketch, KEPT, _TTL_S, *item.bands)


def shard(band: bytes) -> str:
    """Which of a day's hashes a band is filed in."""
    return band[:_SHARD_BYTES].hex()


def _sketch(item: SignalInput) -> bytes:
    if item.text_signature is None:
        return b""
    author = _NOBODY if item.author_id is None else bytes.fromhex(digest(item.author_id)[:8])
    seconds = (item.at_ms // 1000 & 0xFFFFFFFF).to_bytes(4, "big")
    return blake2b(item.id.encode(), digest_size=_ID_BYTES).digest() + item.text_signature + seconds + author


def _duplicates(sketches: Sequence[bytes], found: Sequence[bytes]) -> list[_Duplicates]:
    """For each sketch, the distinct other comments among what was found that say nearly the same."""
    results = [_NONE] * len(sketches)
    asking = [i for i, each in enumerate(found) if each]
    if not asking:
        return results
    counts = [len(found[i]) // _SKETCH_BYTES for i in asking]
    others = _rows([found[i] for i in asking])
    own = np.repeat(_rows([sketches[i] for i in asking]), counts, axis=0)
    alike = np.flatnonzero(agreement(own[:, _PACKED], others[:, _PACKED]) >= MIN_AGREEMENT)
    ends = np.cumsum(counts)
    by_item: dict[int, dict[bytes, bytes]] = {}
    for row, place in zip(alike.tolist(), np.searchsorted(ends, alike, side="right").tolist(), strict=True):
        other = others[row].tobytes()
        by_item.setdefault(asking[place], {})[other[:_ID_BYTES]] = other[_AUTHOR]
    for i, authors in by_item.items():
        results[i] = _counted(sketches[i], authors)
    return results


def _rows(sketches: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(sketches), np.uint8).reshape(-1, _SKETCH_BYTES)


def _counted(sketch: bytes, authors: dict[bytes, bytes]) -> _Duplicates:
    """`authors`: id hash → author hash of what says nearly the same as `sketch`, itself perhaps included."""
    authors.pop(sketch[:_ID_BYTES], None)
    author = sketch[_AUTHOR]
    same = 0 if author == _NOBODY else sum(other == author for other in authors.values())
    return _Duplicates(len(authors), same)


def _gathered(duplicates: _Duplicates, reply: Any) -> Gathered | StoreError | Late:
    """One item's result of its reply, which may be an error."""
    if isinstance(reply, StoreError | Late):
        return reply
    _, article, *author = reply
    earlier, first_ms = author or (0, None)
    return Gathered(
        near_duplicates=duplicates.all,
        same_author_duplicates=duplicates.same_author,
        author_comments=earlier,
        author_first_seen_ms=None if first_ms is None else int(first_ms),
        article_comments=article,
    )

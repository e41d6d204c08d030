"""Labels: what verdicts teach, read from the comments' records, and what was imported, which has records of its own.

Both are listed together, in the order of when they were said (milliseconds, then id), so that a cursor stays good while
new ones come: those are later. An imported label's text lives under its own key, on the lane of its id.
"""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from moderator.clock import to_ms
from moderator.errors import StoreError
from moderator.store import pages
from moderator.store.client import Client
from moderator.store.comments import Comments
from moderator.store.cursor import Place, decode_place, encode_place
from moderator.store.label_rows import Row, label_rows
from moderator.store.scripts import Script

IMPORT_LABEL = Script("import_label")

_VERSION = b"1 \n"
_AT_ONCE = 512
_ADMITTED, _SEEN = "admitted", "seen"


class ImportedLabel(Struct, frozen=True, kw_only=True, array_like=True):
    """A label from outside. `id` None: one is made from the source and the content, so that a retry is no second label.

    `source`: the key's name or the dialect. `provenance` `import`: an admin's, used; `external`: used once an admin
    has admitted its source. `p`: the probability with which the text was looked at.
    """

    text: str
    labels: dict[str, int]
    source: str
    at: datetime
    provenance: Literal["import", "external"]
    id: str | None = None
    lang: str | None = None
    group: str | None = None
    by: str | None = None
    why: tuple[str, ...] = ()
    p: float = 1.0

    @property
    def key(self) -> str:
        """Its id, given or made."""
        if self.id is not None:
            return self.id
        content = msgspec.msgpack.encode((self.source, self.text, sorted(self.labels.items())))
        return f"import-{blake2b(content, digest_size=12).hexdigest()}"


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(ImportedLabel)

# Named here, because inside the class `list` is its method.
Page: TypeAlias = tuple[list[Row], str | None]
Rows: TypeAlias = list[Row]
Places: TypeAlias = list[Place]
Admitted: TypeAlias = dict[str, bool] | None
SetOfLane: TypeAlias = Callable[[int, str], str]


class Labels:
    """The labels of each site."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = client.keys
        self._comments = Comments(client)

    async def add_imported(self, site: str, labels: Sequence[ImportedLabel]) -> int:
        """Store labels from outside, and say how many were new; one that is there already stays as it is.

        Raises:
            StoreError: some may be stored and some not: send all again.
        """
        for source in {label.source for label in labels if label.provenance == "external"}:
            await self._client.call("HSETNX", self._keys.sources(site), source, _SEEN)
        added = 0
        for start in range(0, len(labels), _AT_ONCE):
            some = labels[start : start + _AT_ONCE]
            added += sum(await asyncio.gather(*(self._import(site, label) for label in some)))
        return added

    async def admit(self, site: str, source: str) -> None:
        """Let the labels of a source from outside be learned from, those to come too."""
        await self._client.call("HSET", self._keys.sources(site), source, _ADMITTED)

    async def sources(self, site: str) -> dict[str, bool]:
        """Source from outside → whether it is admitted."""
        flat = await self._client.call("HGETALL", self._keys.sources(site))
        return {name.decode(): how == _ADMITTED.encode() for name, how in zip(flat[::2], flat[1::2], strict=True)}

    async def list(
        self,
        site: str,
        since_ms: int | None = None,
        cursor: str | None = None,
        limit: int = 200,
        *,
        admitted_only: bool = False,
    ) -> Page:
        """Export rows (`label_rows`), the earliest first, and the cursor of what follows (None: nothing does).

        `limit` counts comments and imported labels; a comment with several judged revisions has several rows, and what
        was undone a moment ago none. `since_ms`: only what was said from then on. `admitted_only`: leave out what came
        from outside from sources that no admin has admitted; training wants that, an export does not.

        Raises:
            InputError: `invalid_cursor`.
        """
        place = decode_place(cursor)
        if since_ms is not None:
            start = Place(max(since_ms, 0), "")
            place = start if place is None else max(place, start)
        taught, imported = await asyncio.gather(
            self._places(site, self._keys.labels, place, limit), self._places(site, self._keys.imported, place, limit)
        )
        merged = heapq.merge(((at, False) for at in taught), ((at, True) for at in imported))
        found = [*islice(merged, limit + 1)]
        shown = found[:limit]
        admitted = await self.sources(site) if admitted_only else None
        groups = await asyncio.gather(
            *(
                self._imported_rows(site, at.id, admitted) if from_outside else self._taught_rows(site, at.id, since_ms)
                for at, from_outside in shown
            )
        )
        following = encode_place(shown[-1][0]) if len(found) > limit else None
        return [row for rows in groups for row in rows], following

    async def _places(self, site: str, key: SetOfLane, after: Place | None, limit: int) -> Places:
        sets = [[key(lane, site)] for lane in range(self._client.lanes)]
        return await pages.read(self._client, sets, after=after, limit=limit + 1)

    async def _taught_rows(self, site: str, comment_id: str, since_ms: int | None) -> Rows:
        comment = await self._comments.get(site, comment_id)
        rows = [] if comment is None else label_rows(comment)
        return [row for row in rows if since_ms is None or to_ms(row["at"]) >= since_ms]

    async def _imported_rows(self, site: str, label_id: str, admitted: Admitted) -> Rows:
        value = await self._client.call("GET", self._keys.label(site, label_id))
        if value is None:
            return []
        label = _decode(value)
        if admitted is not None and label.provenance == "external" and not admitted.get(label.source, False):
            return []
        return [
            {
                "id": label_id,
                "text": label.text,
                "lang": label.lang,
                "labels": label.labels,
                "group": label.group,
                "at": label.at,
                "by": label.by,
                "provenance": label.provenance,
                "why": [*label.why],
                "p": label.p,
            }
        ]

    async def _import(self, site: str, label: ImportedLabel) -> int:
        lane = self._keys.lane(site, label.key)
        names = [
            self._keys.label(site, label.key),
            self._keys.imported(lane, site),
            self._keys.labels(lane, site),
        ]
        value = _VERSION + _ENCODER.encode(label)
        return int(await self._client.run(IMPORT_LABEL, names, [label.key, max(to_ms(label.at), 0), value]))


def _decode(value: bytes) -> ImportedLabel:
    """The label of a stored value.

    Raises:
        StoreError: of a version that this release does not read (`unknown_record_version`), or damaged.
    """
    if not value.startswith(_VERSION):
        raise StoreError(
            "an imported label has a version that this release does not read", code="unknown_record_version"
        )
    try:
        return _DECODER.decode(value[len(_VERSION) :])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StoreError("an imported label cannot be read", code="damaged_record") from None

"""The labels of a site: what its verdicts teach, what others sent, and which of it training may use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from moderator import clock
from moderator.domain import ATTRIBUTES
from moderator.errors import FieldError
from moderator.store.label_rows import Row
from moderator.store.labels import ImportedLabel, Labels

_PAGE = 500


class LabelBook:
    """Reads, takes in and admits labels."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    async def export(
        self, site: str, since: datetime | None = None, cursor: str | None = None, limit: int = 200
    ) -> tuple[list[Row], str | None]:
        """A page of labels, the earliest first, and the cursor of the next (None at the end).

        Raises:
            InputError: `invalid_cursor`.
        """
        return await self._labels.list(site, None if since is None else clock.to_ms(since), cursor, limit)

    async def lessons(self, site: str) -> list[Row]:
        """All labels that training may use: those from outside only where an admin admitted their source."""
        rows: list[Row] = []
        cursor: str | None = None
        while True:
            page, cursor = await self._labels.list(site, None, cursor, _PAGE, admitted_only=True)
            rows += page
            if cursor is None:
                return rows

    async def add(
        self,
        site: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        provenance: Literal["import", "external"],
        source: str,
    ) -> tuple[int, list[tuple[int, FieldError]]]:
        """Take in labels in the shape of the export; one that is there already is accepted and changes nothing.

        `source` names whoever sends them. Only `text` and `labels` are needed.

        Returns:
            how many were accepted, and for each refused row its index and what is wrong.

        Raises:
            StoreError: some may be stored and some not: send all again.
        """
        now = clock.now()
        refused = [(index, wrong) for index, row in enumerate(rows) if (wrong := _wrong(row)) is not None]
        bad = {index for index, _ in refused}
        good = [_label(row, provenance, source, now) for index, row in enumerate(rows) if index not in bad]
        await self._labels.add_imported(site, good)
        return len(good), refused

    async def admit(self, site: str, source: str) -> None:
        """Let training use what this source sent and will send."""
        await self._labels.admit(site, source)

    async def sources(self, site: str) -> dict[str, bool]:
        """Who sent labels from outside → whether training may use them."""
        return await self._labels.sources(site)


def _wrong(row: Mapping[str, Any]) -> FieldError | None:
    labels = row["labels"]
    for name, value in labels.items():
        if name not in ATTRIBUTES:
            # The name is the caller's text: it is not repeated.
            return FieldError("/labels", "unknown_attribute", f"Attributes are {', '.join(ATTRIBUTES)}.")
        if value not in (0, 1):
            return FieldError(f"/labels/{name}", "not_0_or_1", "A label is 0 or 1.")
    if not 0 < row.get("p", 1.0) <= 1:
        return FieldError("/p", "out_of_range", "A probability above 0 and up to 1.")
    return None


def _label(
    row: Mapping[str, Any], provenance: Literal["import", "external"], source: str, now: datetime
) -> ImportedLabel:
    return ImportedLabel(
        id=row.get("id"),
        text=row["text"],
        labels=dict(row["labels"]),
        lang=row.get("lang"),
        group=row.get("group"),
        at=row.get("at") or now,
        by=row.get("by"),
        why=tuple(row.get("why", ())),
        p=row.get("p", 1.0),
        provenance=provenance,
        source=source,
    )

"""Labelled corpora on disk: `NAME.jsonl.gz`, one comment a line, and what is read of them.

    {"text": "...", "lang": "en", "labels": {"toxicity": 1.0, "insult": 0.0}, "group": "optional"}

A label that is missing is unknown, never negative. Values are shares of annotators in [0, 1]. `group` ties rows that
must stay on one side of a split.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.errors import TrainingError

SUFFIX = ".jsonl.gz"

Progress = Callable[[str], None]
"""Takes one line for a person; callers write it to stderr."""


def silent(_: str) -> None:
    """The `Progress` of a caller that shows none."""


class Row(Struct, frozen=True, kw_only=True):
    """One labelled comment of one source."""

    text: str
    labels: dict[str, float]
    lang: str = ""
    group: str | None = None


@dataclass(frozen=True)
class Corpus:
    """Rows of all sources as columns; row i of every column is the same comment.

    `labels` is float32 (rows, attributes), NaN where unknown; `sources` index into `names`; `digests` is the SHA-256
    of each source's file.
    """

    names: tuple[str, ...]
    digests: dict[str, str]
    texts: tuple[str, ...]
    languages: NDArray[np.str_]
    groups: tuple[str | None, ...]
    sources: NDArray[np.int32]
    labels: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.texts)

    def rows_of(self, name: str) -> NDArray[np.bool_]:
        """Mask of the rows of source `name`."""
        return np.equal(self.sources, self.names.index(name))

    def take(self, rows: NDArray[np.intp]) -> "Corpus":
        """The corpus of these rows alone, in this order; sources keep their numbers."""
        return Corpus(
            names=self.names,
            digests=self.digests,
            texts=tuple(self.texts[i] for i in rows),
            languages=self.languages[rows],
            groups=tuple(self.groups[i] for i in rows),
            sources=self.sources[rows],
            labels=self.labels[rows],
        )


def read_corpora(folder: Path, *, leave_out: Iterable[str] = ()) -> Corpus:
    """All sources of `folder` but `leave_out`, in the order of their names.

    Raises:
        TrainingError: no source is there, or a line of one is not a row; names file and line, not the content.
    """
    left_out = set(leave_out)
    paths = [path for path in sorted(folder.glob(f"*{SUFFIX}")) if source_name(path) not in left_out]
    if not paths:
        raise TrainingError(f"no corpora ({'*' + SUFFIX}) in {folder}")
    read = [(source_name(path), *_read_source(path)) for path in paths]
    rows = [row for _, _, source_rows in read for row in source_rows]
    counts = [len(source_rows) for _, _, source_rows in read]
    return Corpus(
        names=tuple(name for name, _, _ in read),
        digests={name: digest for name, digest, _ in read},
        texts=tuple(row.text for row in rows),
        languages=np.array([row.lang for row in rows]),
        groups=tuple(row.group for row in rows),
        sources=np.repeat(np.arange(len(read), dtype=np.int32), counts),
        labels=label_matrix([row.labels for row in rows]),
    )


def source_name(path: Path) -> str:
    """The name of the source in file `path`."""
    return path.name.removesuffix(SUFFIX)


def label_matrix(labels: Sequence[dict[str, float]]) -> NDArray[np.float32]:
    """float32 (rows, attributes), NaN where a row says nothing; names that are no attribute are ignored."""
    matrix = np.full((len(labels), len(ATTRIBUTES)), np.nan, np.float32)
    column = {attribute: j for j, attribute in enumerate(ATTRIBUTES)}
    for i, row in enumerate(labels):
        for attribute, value in row.items():
            if attribute in column:
                matrix[i, column[attribute]] = value
    return matrix


def _read_source(path: Path) -> tuple[str, list[Row]]:
    packed = path.read_bytes()
    decoder = msgspec.json.Decoder(Row)
    rows = []
    try:
        lines = gzip.decompress(packed).splitlines()
    except (OSError, EOFError, zlib.error):
        raise TrainingError(f"{path.name} is not a gzip file or is cut short") from None
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise TrainingError(f"{path.name}, line {number}: not a labelled row") from None
    return hashlib.sha256(packed).hexdigest(), rows

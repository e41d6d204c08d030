"""Which rows train, which choose (`valid`), which are only ever looked at (`test`): by group, by hash, 80/10/10.

The hash takes the source, the group (or the text, where a source has no groups) and nothing of the run, so that a row
stays on its side whatever else is added. A text that stands on several sides is kept out of the lesser ones: what is
tested was never trained on, even where another source holds the same words.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from moderator.training.corpus import Corpus

TRAIN, VALID, TEST, NONE = 0, 1, 2, 3
"""Parts; NONE is a row that would leak from a part into one that must not know it."""

_OF_TEN = (TRAIN,) * 8 + (VALID, TEST)


def part_of(source: str, key: str) -> int:
    """The part of everything in `source` that carries `key` (a group or a text)."""
    digest = hashlib.sha256(f"{source}\0{key}".encode()).digest()
    return _OF_TEN[int.from_bytes(digest[:8], "big") % 10]


def parts(corpus: Corpus) -> NDArray[np.int8]:
    """The part of each row."""
    keys = [group if group is not None else " ".join(text.split()) for group, text in _keys(corpus)]
    names = [corpus.names[source] for source in corpus.sources]
    chosen = np.array([part_of(name, key) for name, key in zip(names, keys, strict=True)], np.int8)
    return _without_leaks(corpus.texts, chosen)


def _keys(corpus: Corpus) -> list[tuple[str | None, str]]:
    return list(zip(corpus.groups, corpus.texts, strict=True))


def _without_leaks(texts: Sequence[str], chosen: NDArray[np.int8]) -> NDArray[np.int8]:
    strictest: dict[str, int] = {}
    same = [" ".join(text.casefold().split()) for text in texts]
    for text, part in zip(same, chosen, strict=True):
        strictest[text] = max(strictest.get(text, TRAIN), int(part))
    leaks = np.array([strictest[text] > part for text, part in zip(same, chosen, strict=True)], np.bool_)
    return np.where(leaks, np.int8(NONE), chosen)

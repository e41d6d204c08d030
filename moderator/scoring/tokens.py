"""Lay the texts of a batch out in one array of code points, in lower case, with a blank around every token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderator.scoring.characters import DIGIT, FLAGS_SHIFT, JOINER, SPACE, UPPER, WORD, describe

_KINDS = SPACE | WORD
# Letters, capitals and digits of a text are counted in one sum: 21 bits each in 64.
_COUNT_BITS = 21
_COUNTED = np.array(
    [
        sum(1 << (_COUNT_BITS * place) for place, flag in enumerate((WORD, UPPER, DIGIT)) if (flags << 21) & int(flag))
        for flags in range(32)
    ],
    np.uint64,
)
_COUNT_MASK = (1 << _COUNT_BITS) - 1


@dataclass(frozen=True, slots=True)
class Layout:
    """A batch laid out.

    By position: `entries` are `characters.describe`'s, 0 lower case for blanks; `written` says which are no blanks;
    `places` is the position of each character of the texts joined with one blank before, between and after them;
    `begins` the positions of the blanks before the texts; `starts` where tokens start; `counts` by text: letters and
    digits, capitals, digits.
    """

    entries: NDArray[np.uint32]
    written: NDArray[np.bool_]
    places: NDArray[np.int64]
    begins: NDArray[np.int64]
    starts: NDArray[np.int64]
    counts: list[tuple[int, int, int]]


def lay_out(texts: Sequence[str]) -> Layout:
    """Return `texts` laid out. A token is a run of word characters, or a run of anything else but white space."""
    joined = " ".join(("", *texts, ""))
    entries = describe(np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32))
    _joiners(entries)
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    sizes += 1
    begins = sizes.cumsum() - sizes
    # A blank goes in wherever two neighbours differ in kind and neither is a blank.
    kinds = entries & _KINDS
    cuts = np.zeros(len(entries), np.int64)
    np.equal(kinds[1:] ^ kinds[:-1], WORD, out=cuts[1:], casting="unsafe")
    places = cuts.cumsum()
    places += np.arange(len(entries))
    laid = np.empty(int(places[-1]) + 1, np.uint32)
    laid.fill(SPACE)
    laid[places] = entries
    written = (laid & SPACE) == 0
    return Layout(
        laid,
        written,
        places,
        places.take(begins),
        (written[1:] > written[:-1]).nonzero()[0] + 1,
        _counts(entries, begins),
    )


def _joiners(entries: NDArray[np.uint32]) -> None:
    """Make an apostrophe or a star between two letters a letter, in place: "don't", "п'ять", "f*ck"."""
    marks = (entries >= JOINER).nonzero()[0]  # the highest of the flags
    if marks.size:
        inner = marks[(entries[marks - 1] & entries[marks + 1] & WORD).astype(np.bool_)]
        entries[inner] |= WORD


def _counts(entries: NDArray[np.uint32], begins: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    packed = np.add.reduceat(_COUNTED.take(entries >> FLAGS_SHIFT, mode="clip"), begins).tolist()
    return [(all_ & _COUNT_MASK, all_ >> _COUNT_BITS & _COUNT_MASK, all_ >> 2 * _COUNT_BITS) for all_ in packed]

"""The surface view: hashed n-grams of many texts at once, and their sum into logits.

Texts are cut into tokens with a blank around each (`tokens.py`). Three families of features, hashed into
`BUCKETS`, each with its own part of the table:

    characters   2- to 5-grams inside one padded token
    words        tokens alone, and pairs of neighbouring words
    facts        `FACTS`: what the raw text shows and n-grams miss

A feature's value is 1 + ln(occurrences), divided by the length of its family's vector in its text, so that the
characters and the words of a text each have length 1 and a long text does not saturate. Everything is array
arithmetic over the code points of the whole batch: there is no loop over tokens or n-grams.
Training and serving both use `extract`; a change of any number here is a new `FEATURES_VERSION`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from moderator.scoring.characters import LOWER_MASK, WORD
from moderator.scoring.normalise import Passage
from moderator.scoring.tokens import Layout, lay_out


def _scalar(value: int) -> NDArray[np.uint32]:
    """A number as an array of no dimension, which array operations take in half the time of a Python number."""
    return np.array(value, np.uint32)


FEATURES_VERSION = 1
_BUCKET_BITS = 20
BUCKETS = 1 << _BUCKET_BITS
LANES = 8
"""Columns of a weight table: the attributes, padded to eight bytes so that one gather reads them all."""

FACTS = ("capitals", "digits", "exclamations", "questions", "links", "mentions", "undone", "length")
CHARACTER_BUCKETS = 3 << 18
WORD_BUCKETS = (1 << 18) - 64
FACT_BASE = CHARACTER_BUCKETS + WORD_BUCKETS
_FAMILY_STARTS = np.array([0, CHARACTER_BUCKETS, FACT_BASE], np.uint32)
_LOG_SCALES = np.array([3, 3, 3, 3, 3, 10.0])  # of the facts after the first two
_FACT_PLACES = np.arange(len(FACTS))
_FACT_BUCKETS = (FACT_BASE + _FACT_PLACES).astype(np.uint32)
# A sort key is 32 bits: 20 of the bucket, the rest of the text's number in its pass.
_TEXTS_A_PASS = 2048
_CHARACTERS_A_PASS = 1 << 18

_BITS = _scalar(_BUCKET_BITS)
_BUCKET_MASK = _scalar(BUCKETS - 1)
_THREE, _SIX, _SEVEN, _EIGHT, _THIRTEEN, _FIFTEEN, _SIXTEEN = (_scalar(bits) for bits in (3, 6, 7, 8, 13, 15, 16))
_CHARACTER_END, _WORD_SIZE = _scalar(CHARACTER_BUCKETS), _scalar(WORD_BUCKETS)
_LENGTHS = 4  # 2-, 3-, 4-, 5-grams
_STEP = 0x9E3779B1
_UNSTEP = pow(_STEP, -1, 1 << 32)
_SPREAD, _MIX, _PAIR = (_scalar(factor) for factor in (0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F))
_SEEDS = np.array([0x2545F491, 0x7FEB352D, 0x846CA68B, 0x1B873593], np.uint32)
_SUBLINEAR = (1 + np.log(np.maximum(np.arange(4096), 1))).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Features:
    """The rows of a sparse matrix of width `BUCKETS`, in CSR order: sorted and distinct within a row.

    `indices` uint32 (nnz), `offsets` int64 (texts + 1), `values` float32 (nnz). A row ends with all `FACTS`,
    those that are zero included.
    """

    indices: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class Weights:
    """`table` int8 (`BUCKETS`, `LANES`), contiguous; a weight is `table[bucket, attribute] * scales[attribute]`."""

    table: NDArray[np.int8]
    scales: NDArray[np.float32]


def quantise(weights: NDArray[np.floating]) -> Weights:
    """Round float weights (`BUCKETS`, attributes) to bytes, each attribute on a scale of its own.

    The scale is set by the 99.99th percentile of what is not zero, not by the one largest weight: that is cut.
    """
    table = np.zeros((BUCKETS, LANES), np.int8)
    scales = np.ones(LANES, np.float32)
    for lane in range(weights.shape[1]):
        column = weights[:, lane]
        large = np.quantile(np.abs(column[column != 0]), 0.9999) if column.any() else 0.0
        if large:
            scales[lane] = large / 127
            table[:, lane] = np.rint(np.clip(column / scales[lane], -127, 127))
    return Weights(table, scales)


def extract(passages: Sequence[Passage]) -> Features:
    """Return the features of `passages`, a row each. About 0.03 ms a row of 200 characters in a batch of 64."""
    parts = [_extract_pass(part) for part in _passes(passages)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Features(np.empty(0, np.uint32), np.zeros(1, np.int64), np.empty(0, np.float32))
    return Features(
        np.concatenate([part.indices for part in parts]),
        np.cumsum(np.concatenate([np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)])),
        np.concatenate([part.values for part in parts]),
    )


def logits(features: Features, weights: Weights) -> NDArray[np.float32]:
    """Return float32 (texts, `LANES`): the sum of value times weight, without intercepts."""
    rows = weights.table.view(np.int64).ravel().take(features.indices).view(np.int8).reshape(-1, LANES)
    read = rows.astype(np.float32)
    sums = np.empty((len(features), LANES), np.float32)
    bounds = features.offsets.tolist()
    for number in range(len(features)):
        begin, end = bounds[number], bounds[number + 1]
        np.dot(features.values[begin:end], read[begin:end], out=sums[number])
    sums *= weights.scales
    return sums


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where in one passage each n-gram stands: `buckets` (n), and `begins`, `ends` (n) in its normalised text."""

    buckets: NDArray[np.uint32]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]


def occurrences(passage: Passage) -> Occurrences:
    """Return every n-gram of `passage` with its place, repetitions included; facts have no place.

    Blanks at the ends of an n-gram are not part of its place.
    """
    layout = lay_out([passage.normal])
    terms = _terms(layout)
    windows, inside = _windows(layout, terms)
    begins, lengths = np.nonzero(inside)
    ends = begins + lengths + 2
    words = _words(layout, terms)
    token_ends = np.flatnonzero(layout.written[:-1] & ~layout.written[1:]) + 1
    begins = np.concatenate([begins + ~layout.written[begins], layout.starts, layout.starts[words.left]])
    ends = np.concatenate([ends - ~layout.written[ends - 1], token_ends, token_ends[words.right]])
    # One blank stands before the text, which is not part of it.
    return Occurrences(
        np.concatenate([windows[inside], words.keys]),
        layout.places.searchsorted(begins) - 1,
        layout.places.searchsorted(ends - 1),
    )


def _passes(passages: Sequence[Passage]) -> Iterator[Sequence[Passage]]:
    """Cut a long list so that sort keys fit 32 bits and memory stays small."""
    begin = characters = 0
    for position, passage in enumerate(passages):
        size = len(passage.normal)
        if position > begin and (position - begin == _TEXTS_A_PASS or characters + size > _CHARACTERS_A_PASS):
            yield passages[begin:position]
            begin, characters = position, 0
        characters += size
    if begin < len(passages):
        yield passages[begin:]


def _extract_pass(passages: Sequence[Passage]) -> Features:
    # 1. Code points of the whole batch, tokens set apart by blanks.
    layout = lay_out([passage.normal for passage in passages])
    # 2. Hashes, each with its text's number above it, in order: equal ones then stand side by side.
    terms = _terms(layout)
    windows, inside = _windows(layout, terms)
    words = _words(layout, terms).keys
    words.sort()
    rows = np.arange(len(passages) + 1, dtype=np.uint32)[:, None] << _BITS
    keys = _in_order(windows[inside], words, (rows[:-1] + _FACT_BUCKETS), rows[:, 0])
    # 3. Count what is equal.
    fresh = np.empty(len(keys), np.bool_)
    fresh[0] = True
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    first = fresh.nonzero()[0]
    distinct = keys.take(first)
    counts = np.empty_like(first)
    np.subtract(first[1:], first[:-1], out=counts[:-1])
    counts[-1] = len(keys) - first[-1]
    # 4. Weigh each family of a text to length 1; the facts, last in a row, have values of their own.
    values = _SUBLINEAR.take(counts, mode="clip")
    bounds = np.empty(3 * len(passages) + 1, np.int64)
    bounds[:-1] = distinct.searchsorted((rows[:-1] + _FAMILY_STARTS).ravel())
    bounds[-1] = len(distinct)
    # An empty family gets some length, and has nothing to divide by it.
    lengths = np.sqrt(np.add.reduceat(values * values, bounds[:-1]))
    values /= lengths.repeat(bounds[1:] - bounds[:-1])
    values[bounds[2::3, None] + _FACT_PLACES] = _fact_values(passages, layout)
    distinct &= _BUCKET_MASK
    return Features(distinct, bounds[::3].copy(), values)


# A hash of any run of characters in one subtraction-free step: with powers of an odd step A, the sum of
# c[i]·A^i over the run, times A^-start, is the same wherever the run stands (modulo 2^32).


@cache
def _powers(size: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The first `size` powers of the step and of its inverse."""
    steps = np.full((2, size), [[_STEP], [_UNSTEP]], np.uint32)
    steps[:, 0] = 1
    np.multiply.accumulate(steps, axis=1, out=steps)
    return steps[0], steps[1]


def _powers_for(size: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    up, down = _powers(max(1 << 15, 1 << size.bit_length()))
    return up[:size], down[:size]


def _terms(layout: Layout) -> NDArray[np.uint32]:
    """Each character's part of the hash of any run it stands in; 0 for blanks."""
    terms = layout.entries & LOWER_MASK
    terms *= _SPREAD
    terms ^= terms >> _FIFTEEN
    terms *= _powers_for(len(terms))[0]
    return terms


def _mix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Spread what differs over all bits, in place."""
    shifted = hashes >> _SIXTEEN
    hashes ^= shifted
    hashes *= _MIX
    np.right_shift(hashes, _THIRTEEN, out=shifted)
    hashes ^= shifted
    hashes *= _SPREAD
    return hashes


def _windows(layout: Layout, terms: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Keys (positions, lengths) of all 2- to 5-grams, and which of them lie inside one token."""
    width = len(terms) - 1
    sums = np.empty((width, _LENGTHS), np.uint32)
    inside = np.zeros((width, _LENGTHS), np.bool_)
    written = layout.written
    np.add(terms[:-1], terms[1:], out=sums[:, 0])
    np.logical_or(written[:-1], written[1:], out=inside[:, 0])
    inner: NDArray[np.bool_] = written[1:]
    for column in range(1, _LENGTHS):
        size = max(width - column, 0)
        np.add(sums[:size, column - 1], terms[column + 1 :], out=sums[:size, column])
        sums[size:, column] = 0
        inner = inner[:size] if column == 1 else np.logical_and(inner[:size], written[column : size + column])
        inside[:size, column] = inner
    sums *= _powers_for(width)[1][:, None]
    sums ^= _SEEDS
    keys = _mix(sums)
    keys >>= _EIGHT
    keys *= _THREE
    keys >>= _SIX
    keys += (layout.texts[:width] << _BITS)[:, None]
    return keys, inside


def _in_order(
    characters: NDArray[np.uint32], words: NDArray[np.uint32], facts: NDArray[np.uint32], rows: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """All keys in ascending order; `characters` come text by text, `words` sorted, `facts` a row a text.

    Sorting each text's part alone, inside the caches, takes a third of the time of one sort of everything.
    """
    ends = (characters >> _BITS).searchsorted(np.arange(1, len(facts) + 1, dtype=np.uint32)).tolist()
    word_ends = words.searchsorted(rows[1:]).tolist()
    parts: list[NDArray[np.uint32]] = []
    begin = word_begin = 0
    for end, word_end, told in zip(ends, word_ends, facts, strict=True):
        part = characters[begin:end]
        part.sort()
        parts += (part, words[word_begin:word_end], told)
        begin, word_begin = end, word_end
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class _Words:
    """Keys of all tokens, then of all pairs of neighbouring words (what is no word between them is passed over).

    `left` and `right` number the tokens of each pair.
    """

    keys: NDArray[np.uint32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]


def _words(layout: Layout, terms: NDArray[np.uint32]) -> _Words:
    starts = layout.starts
    if not starts.size:
        nothing = np.empty(0, np.int64)
        return _Words(np.empty(0, np.uint32), nothing, nothing)
    hashes = np.add.reduceat(terms, starts, dtype=np.uint32)
    hashes *= _powers_for(len(terms))[1].take(starts)
    texts = layout.texts.take(starts)
    words = (layout.entries.take(starts) & WORD).nonzero()[0]
    owners = texts.take(words)
    last = (owners[1:] == owners[:-1]).nonzero()[0]
    left, right = words.take(last), words.take(last + 1)
    keys = _mix(np.concatenate([hashes, hashes.take(left) * _PAIR ^ hashes.take(right)]))
    keys >>= _SEVEN
    keys %= _WORD_SIZE
    keys += _CHARACTER_END
    keys += np.concatenate([texts, texts.take(left)]) << _BITS
    return _Words(keys, left, right)


def _fact_values(passages: Sequence[Passage], layout: Layout) -> NDArray[np.float32]:
    """float32 (texts, `FACTS`), each in [0, 1]: ratios for letters, the logarithm for counts."""
    counts = np.empty((len(passages), len(_LOG_SCALES)))
    counts[:, :-1] = [_counted(passage) for passage in passages]
    letters = layout.counts[:, 0]
    counts[:, -1] = letters
    values = np.empty((len(passages), len(FACTS)), np.float32)
    # A first capital is ordinary writing, so one is taken off.
    values[:, 0] = layout.counts[:, 1] - (layout.counts[:, 1] > 0)
    values[:, 1] = layout.counts[:, 2]
    values[:, :2] /= np.maximum(letters, 1.0)[:, None]
    np.minimum(np.log1p(counts) / _LOG_SCALES, 1.0, out=values[:, 2:], casting="same_kind")
    return values


def _counted(passage: Passage) -> tuple[int, int, int, int, int]:
    text = passage.normal
    return text.count("!"), text.count("?"), _links(passage), text.count("@"), passage.undone


def _links(passage: Passage) -> int:
    return passage.normal.count("://") + passage.normal.count("www.") + passage.links

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
from math import log1p

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
_LENGTH_SCALE = 10.0
_MANY = 20  # as many are all that a fact can tell
_FEW = [min(log1p(count) / 3.0, 1.0) for count in range(_MANY + 1)]
_FACT_PLACES = np.arange(len(FACTS))
_FACT_BUCKETS = (FACT_BASE + _FACT_PLACES).astype(np.uint32)
# A pass is small enough for its arrays to stay in the caches, and for the allocator to keep their memory: with 64
# texts at once, every batch would get fresh pages from the kernel, which costs as much as the n-grams.
_TEXTS_A_PASS = 256
_CHARACTERS_A_PASS = 1 << 13

_THREE, _SIX, _SEVEN, _EIGHT, _THIRTEEN, _FIFTEEN, _SIXTEEN = (_scalar(bits) for bits in (3, 6, 7, 8, 13, 15, 16))
_CHARACTER_END, _WORD_SIZE = _scalar(CHARACTER_BUCKETS), _scalar(WORD_BUCKETS)
_LENGTHS = 4  # 2-, 3-, 4-, 5-grams
_LENGTH_NUMBERS = np.arange(_LENGTHS)[:, None]
_STEP = 0x9E3779B1
_UNSTEP = pow(_STEP, -1, 1 << 32)
_SPREAD, _MIX, _PAIR = (_scalar(factor) for factor in (0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F))
_SEEDS = np.array([[0x2545F491], [0x7FEB352D], [0x846CA68B], [0x1B873593]], np.uint32)
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
    """Return the features of `passages`, a row each. About 0.02 ms a row of 200 characters in a batch of 64."""
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


def read(passages: Sequence[Passage], weights: Weights) -> NDArray[np.float32]:
    """Return the `logits` of `passages`, a few at a time. About 0.02 ms a passage of 200 characters."""
    sums = [logits(_extract_pass(part), weights) for part in _passes(passages)]
    return sums[0] if len(sums) == 1 else np.concatenate([np.empty((0, LANES), np.float32), *sums])


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
    """Where each n-gram stands in a passage, and what it is worth.

    By occurrence: `buckets`; `begins`, `ends` in the normalised text; `shares`, the feature's value divided by how
    often it occurs. `written` says of each character whether it is no blank.
    """

    buckets: NDArray[np.uint32]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    shares: NDArray[np.float32]
    written: NDArray[np.bool_]


def occurrences(passage: Passage) -> Occurrences:
    """Return every n-gram of `passage` with its place, repetitions included; facts have no place.

    Blanks at the ends of an n-gram are not part of its place.
    """
    layout = lay_out([passage.normal])
    grams = _grams(layout)
    counts = np.diff(grams.windows.searchsorted(np.arange(_LENGTHS + 1) * grams.width))
    lengths = np.arange(_LENGTHS).repeat(counts)
    begins = grams.windows - lengths * grams.width
    lasts = begins + lengths
    lasts += 1
    blank = ~layout.written
    begins += blank.take(begins)
    lasts -= blank.take(lasts)
    token_lasts = np.flatnonzero(layout.written[:-1] & blank[1:])
    left, right = grams.words[:-1], grams.words[1:]
    # One blank stands before the text, which is not part of it.
    origins = np.zeros(len(blank), np.int64)
    origins[layout.places] = np.arange(-1, len(layout.places) - 1)
    return Occurrences(
        grams.keys,
        origins.take(np.concatenate([begins, layout.starts, layout.starts.take(left)])),
        origins.take(np.concatenate([lasts, token_lasts, token_lasts.take(right)])) + 1,
        _shares(grams),
        layout.written.take(layout.places[1:-1]),
    )


def _shares(grams: "_Grams") -> NDArray[np.float32]:
    """As `_features`, of one text without its facts, for each occurrence."""
    order = grams.keys.argsort()
    keys = grams.keys.take(order)
    fresh = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    first = fresh.nonzero()[0]
    edges = np.full(len(first) + 1, len(keys))
    edges[:-1] = first
    counts = edges[1:] - edges[:-1]
    values = _SUBLINEAR.take(counts, mode="clip")
    characters = first.searchsorted(len(grams.windows))
    for family in (slice(characters), slice(characters, None)):
        values[family] /= np.sqrt(values[family] @ values[family]) or 1
    values /= counts
    shares = np.empty(len(keys), np.float32)
    shares[order] = values.repeat(counts)
    return shares


def _passes(passages: Sequence[Passage]) -> Iterator[Sequence[Passage]]:
    """Cut a long list into `_CHARACTERS_A_PASS` or one text."""
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
    # 2. Hashes of all n-grams; 3. which are equal, and what each is worth.
    return _features(passages, layout, _grams(layout))


def _features(passages: Sequence[Passage], layout: Layout, grams: "_Grams") -> Features:
    # 1. Each text's keys in order: equal ones then stand side by side. Facts end a row, so rows never run together.
    keys, edges = _in_order(layout, grams)
    # 2. Count what is equal.
    fresh = np.empty(len(keys), np.bool_)
    fresh[0] = True
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    first = fresh.nonzero()[0]
    counts = np.empty_like(first)
    np.subtract(first[1:], first[:-1], out=counts[:-1])
    counts[-1] = len(keys) - first[-1]
    # 3. Weigh each family of a text to length 1; the facts, last in a row, have values of their own.
    values = _SUBLINEAR.take(counts, mode="clip")
    bounds = first.searchsorted(edges)
    # An empty family gets some length, and has nothing to divide by it.
    lengths = np.sqrt(np.add.reduceat(values * values, bounds[:-1]))
    values /= lengths.repeat(bounds[1:] - bounds[:-1])
    facts = map(_fact_values, passages, layout.counts)
    values[bounds[2::3, None] + _FACT_PLACES] = list(facts)
    return Features(keys.take(first), bounds[::3].copy(), values)


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


@dataclass(frozen=True, slots=True)
class _Grams:
    """The n-grams of a batch laid out.

    `keys` are the buckets of all 2- to 5-grams, then of all tokens, then of all pairs of neighbouring words (what is
    no word between them is passed over; a pair of two texts' words is there and must not be read). `windows` says
    where the first kind stand, as (length - 2) * `width` + position, ascending; `words` numbers the tokens that are
    words.
    """

    keys: NDArray[np.uint32]
    windows: NDArray[np.int64]
    width: int
    words: NDArray[np.int64]


def _grams(layout: Layout) -> _Grams:
    terms = _terms(layout)
    size = len(terms)
    inverse = _powers_for(size)[1]
    # Sums of all terms before each position; what lies behind the last is only ever part of windows not taken.
    before = np.zeros(size + _LENGTHS, np.uint32)
    np.add.accumulate(terms, out=before[1 : size + 1], dtype=np.uint32)
    # All windows of a length side by side: they are the sums shifted, less the sums.
    width = size - 1
    shifted: NDArray[np.uint32] = np.ndarray((_LENGTHS, width), np.uint32, before, 8, (4, 4))
    sums = shifted - before[:width]
    sums *= inverse[:width]
    sums ^= _SEEDS
    windows = _inside(layout.written).ravel().nonzero()[0]
    # Tokens end where the next ones start: the blanks between count nothing.
    starts = layout.starts
    tokens = before.take(starts)
    tokens = np.concatenate([tokens[1:], before[size : size + 1]])[: len(starts)] - tokens
    tokens *= inverse.take(starts)
    words = (layout.entries.take(starts) & WORD).nonzero()[0]
    named = tokens.take(words)
    keys = _mix(np.concatenate([sums.ravel().take(windows), tokens, named[:-1] * _PAIR ^ named[1:]]))
    characters = keys[: len(windows)]
    characters >>= _EIGHT
    characters *= _THREE
    characters >>= _SIX
    whole = keys[len(windows) :]
    whole >>= _SEVEN
    whole %= _WORD_SIZE
    whole += _CHARACTER_END
    return _Grams(keys, windows, width, words)


def _inside(written: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bool (lengths, positions): which windows lie inside one token and the blanks around it."""
    width = len(written) - 1
    inside = np.zeros((_LENGTHS, width), np.bool_)
    np.logical_or(written[:-1], written[1:], out=inside[0])
    inside[1] = written[1:]
    for length in range(2, _LENGTHS):
        inner = max(width - length + 1, 0)
        np.logical_and(inside[length - 1, :inner], written[length:][:inner], out=inside[length, :inner])
    return inside


def _in_order(layout: Layout, grams: _Grams) -> tuple[NDArray[np.uint32], list[int]]:
    """All keys, those of a text together and in ascending order, its `FACTS` last.

    Also where the families begin: characters, words and facts of each text, and the end.
    Sorting each text's part alone, inside the caches, takes a third of the time of one sort of everything.
    """
    size = len(layout.begins)
    if size == 1:  # all keys are its
        ordered = np.concatenate([grams.keys, _FACT_BUCKETS])
        ordered.sort()
        return ordered, [0, len(grams.windows), len(grams.keys), len(ordered)]
    begins = layout.begins + _LENGTH_NUMBERS * grams.width
    cuts = [*grams.windows.searchsorted(begins.ravel()).tolist(), len(grams.windows)]
    token_cuts = layout.starts.searchsorted(layout.begins)
    word_cuts = [*grams.words.searchsorted(token_cuts).tolist(), len(grams.words)]
    tokens, pairs = len(grams.windows), len(grams.windows) + len(layout.starts)
    token_ends = [*token_cuts.tolist(), len(layout.starts)]
    keys = grams.keys
    parts: list[NDArray[np.uint32]] = []
    edges = [0]
    done = 0
    for text in range(size):
        characters = 0
        for begin in range(text, _LENGTHS * size, size):
            parts.append(keys[cuts[begin] : cuts[begin + 1]])
            characters += cuts[begin + 1] - cuts[begin]
        begin, end = token_ends[text], token_ends[text + 1]
        first, paired = word_cuts[text], max(word_cuts[text + 1] - word_cuts[text] - 1, 0)
        parts += (keys[tokens + begin : tokens + end], keys[pairs + first : pairs + first + paired], _FACT_BUCKETS)
        facts = done + characters + end - begin + paired
        edges += (done + characters, facts, facts + len(_FACT_BUCKETS))
        done = edges[-1]
    ordered = np.concatenate(parts)
    for begin, end in zip(edges[:-1:3], edges[3::3], strict=True):
        ordered[begin:end].sort()
    return ordered, edges


def _fact_values(passage: Passage, counts: tuple[int, int, int]) -> tuple[float, ...]:
    """The `FACTS`, each in [0, 1]: ratios for letters, the logarithm for counts."""
    letters, capitals, digits = counts
    text = passage.mapped.text
    links = text.count("://") + text.count("www.") + passage.links
    return (
        # A first capital is ordinary writing, so one is taken off.
        (capitals - 1) / letters if capitals else 0.0,
        digits / letters if digits else 0.0,
        _FEW[min(text.count("!"), _MANY)],
        _FEW[min(text.count("?"), _MANY)],
        _FEW[min(links, _MANY)],
        _FEW[min(text.count("@"), _MANY)],
        _FEW[min(passage.undone, _MANY)],
        min(log1p(letters) / _LENGTH_SCALE, 1.0),
    )

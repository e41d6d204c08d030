"""Which texts say nearly the same: MinHash over character 5-grams, for a whole batch at once. Pure, no Redis.

A text becomes 64 minima: its hashed 5-grams fall into 64 bins, each bin keeps its least, and an empty bin borrows from
the next full one (one permutation hashing, Li, Owen and Zhang 2012, with the rotation of Shrivastava and Li 2014: one
hash a gram instead of 64, and the same quality here). Two texts share each minimum with a probability equal to the
share of 5-grams that they have in common (Jaccard). Two things are kept of the 64:

- `bands`: 4 pairs of minima; texts that share one pair are *candidates* and meet in Redis;
- `packed`: the lowest 2 bits of all 64 minima, 16 bytes, by which a candidate is *checked*: unrelated texts agree in
  16 of 64 by chance, texts with Jaccard j in 16 + 48 j.

Measured on 9,575 comments in Russian, Ukrainian and English (200 characters on average): with 10, 20,
30 % of the words replaced, one other copy is found in 90, 62, 33 % of the cases (a campaign has many copies); of
200,000 unrelated pairs one passed the check alone, and a pair must be a candidate too.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MIN_CHARS = 40
MIN_WORDS = 5
"""Shorter texts are greetings, thanks and cheers, which people say alike without being a campaign."""

MIN_AGREEMENT = 36
"""Of 64: Jaccard 0.42."""

PACKED_BYTES = 16
BANDS = 4

_MINIMA = 64
_GRAM = 5
_MAX_CHARS = 4_000  # what a text says first is enough to know it again, and bounds the cost
_ROWS = 2

# Odd multipliers. They are a format for two days, the life of what is stored.
_GRAM_FACTORS = np.random.default_rng(20_260_101).integers(0, 2**32, _GRAM, dtype=np.uint32) | np.uint32(1)
# The upper 6 bits of a hash choose one of the 64 bins, the lower 26 are what is compared in it.
_BIN_SHIFT = np.uint32(26)
_IN_BIN = np.uint32(2**26 - 1)
_EMPTY = np.uint32(2**32 - 1)
# Added for each bin that a borrowed value travelled: 63 of them stay below `_EMPTY`, and values never meet by it.
_DISTANCE = 2**26
_PLACES = np.arange(_MINIMA, dtype=np.int16)
_ROUND = np.int16(_MINIMA)  # a place and so many more is the same bin, once round
_NOWHERE = np.int16(3 * _MINIMA)
_BAND_NUMBERS = np.arange(BANDS, dtype=np.uint8)
_BAND_BYTES = 5
_LOWER_BITS = np.uint64(0x5555_5555_5555_5555)
_PAIR_FACTORS = np.array([1, 4, 16, 64], np.uint8)


class Signature(NamedTuple):
    """What is kept of one text: 16 bytes to compare, and 4 bands of 5 bytes each to be found by."""

    packed: bytes
    bands: tuple[bytes, ...]


def signature(texts: Sequence[str]) -> list[Signature | None]:
    """One signature a text, None for a text too short to mean anything by being repeated.

    `texts` are normalised; letter case and white space make no difference here.
    """
    plain = [" ".join(text[: 2 * _MAX_CHARS].casefold().split())[:_MAX_CHARS] for text in texts]
    long = [i for i, text in enumerate(plain) if len(text) >= MIN_CHARS and text.count(" ") >= MIN_WORDS - 1]
    found: list[Signature | None] = [None] * len(texts)
    if long:
        minima = _minima([plain[i] for i in long])
        packed, bands = _cut(_pack(minima), PACKED_BYTES), _cut(_bands(minima), _BAND_BYTES)
        for row, i in enumerate(long):
            found[i] = Signature(packed[row], tuple(bands[row * BANDS : (row + 1) * BANDS]))
    return found


def _cut(values: NDArray[np.uint8], size: int) -> list[bytes]:
    """All bytes of an array in pieces of `size`; a call a piece would cost more than the piece."""
    raw = values.tobytes()
    return [raw[begin:end] for begin, end in pairwise(range(0, len(raw) + 1, size))]


def agreement(packed: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.int64]:
    """In how many of the 64 places the 2 bits agree, row by row of two (n, 16) arrays."""
    differ = packed.view(np.uint64) ^ others.view(np.uint64)
    # A place differs when either of its bits does; fold the pair into its lower bit and count.
    counts = np.bitwise_count((differ | differ >> np.uint64(1)) & _LOWER_BITS)
    agreeing: NDArray[np.int64] = _MINIMA - counts.sum(axis=1, dtype=np.int64)
    return agreeing


def _minima(texts: Sequence[str]) -> NDArray[np.uint32]:
    """(len(texts), 64) minima; each text has at least `_GRAM` characters."""
    lengths = np.array([len(text) for text in texts])
    hashes = _mix(_grams("".join(texts)))
    first_bins = np.repeat(np.arange(0, len(texts) * _MINIMA, _MINIMA), lengths)[: len(hashes)]
    values = hashes & _IN_BIN
    # A gram belongs to the text in which it lies whole; what crosses into the next text counts for none.
    crossing = np.cumsum(lengths)[:-1, None] - np.arange(1, _GRAM)
    values[crossing] = _EMPTY
    minima = np.full(len(texts) * _MINIMA, _EMPTY, np.uint32)
    np.minimum.at(minima, first_bins + (hashes >> _BIN_SHIFT), values)
    return _mix(_filled(minima.reshape(-1, _MINIMA)))


def _grams(text: str) -> NDArray[np.uint32]:
    """One number for each `_GRAM` characters that follow each other."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    grams = np.zeros(len(points) - _GRAM + 1, np.uint32)
    for place, factor in enumerate(_GRAM_FACTORS):
        grams = (grams ^ points[place : len(grams) + place]) * factor
        grams ^= grams >> np.uint32(15)
    return grams


def _mix(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Spread each number over all 32 bits, one to one (the finaliser of "lowbias32")."""
    values ^= values >> np.uint32(16)
    values *= np.uint32(0x7FEB352D)
    values ^= values >> np.uint32(15)
    values *= np.uint32(0x846CA68B)
    values ^= values >> np.uint32(16)
    return values


def _filled(minima: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Give each empty bin the nearest full one to its right, marked with the distance; a text has at least one."""
    nearest = np.where(minima != _EMPTY, _PLACES, _NOWHERE)
    nearest = np.concatenate((nearest, nearest + _ROUND), axis=1)
    nearest = np.minimum.accumulate(nearest[:, ::-1], axis=1)[:, : _MINIMA - 1 : -1]
    distance = nearest - _PLACES
    filled: NDArray[np.uint32] = minima[np.arange(len(minima))[:, None], nearest % _ROUND]
    filled += distance.astype(np.uint32) * np.uint32(_DISTANCE)
    return filled


def _bands(minima: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """(n, BANDS, 5): the band's number, and one number for its pair of minima."""
    pairs = minima[:, : BANDS * _ROWS].reshape(-1, BANDS, _ROWS)
    keys = pairs[:, :, 0] * np.uint32(0x9E3779B1) ^ pairs[:, :, 1]
    bands = np.empty((len(minima), BANDS, _BAND_BYTES), np.uint8)
    bands[:, :, 0] = _BAND_NUMBERS
    bands[:, :, 1:] = keys.astype("<u4").view(np.uint8).reshape(-1, BANDS, 4)
    return bands


def _pack(minima: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The lowest 2 bits of each minimum, four to a byte."""
    bits = (minima & 3).astype(np.uint8).reshape(-1, 4)
    packed: NDArray[np.uint8] = bits @ _PAIR_FACTORS
    return packed

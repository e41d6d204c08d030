"""What kind of character a code point is: one table, so that a batch of texts is classed by one gather."""

from functools import cache
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

LOWER_MASK = np.array(0x1FFFFF, np.uint32)
"""The bits of a table entry that hold the lower-case code point; 0 for white space."""
SPACE = np.array(1 << 21, np.uint32)
WORD = np.array(1 << 22, np.uint32)
UPPER = np.array(1 << 23, np.uint32)
DIGIT = np.array(1 << 24, np.uint32)
JOINER = np.array(1 << 25, np.uint32)
"""Part of a word when it stands between two letters: the apostrophe, and the star that hides a letter."""
FLAGS_SHIFT = np.array(21, np.uint32)

_TABLE_SIZE = 0x10000
_APOSTROPHES = "'’ʼ`´"
_SAME_LETTER = {"ё": "е", "Ё": "е"}


def _entry(character: str) -> int:
    if character.isspace():
        return int(SPACE)
    if character in _APOSTROPHES:
        return int(JOINER) | ord("'")
    if character == "*":
        return int(JOINER) | ord("*")
    lower = _SAME_LETTER.get(character) or character.lower()
    flags = int(WORD) if character.isalnum() or character == "_" or category(character)[0] == "M" else 0
    flags |= int(UPPER) if character.isupper() else 0
    flags |= int(DIGIT) if character.isdigit() else 0
    return flags | ord(lower[0])


@cache
def _table() -> NDArray[np.uint32]:
    entries = (_entry(chr(code)) for code in range(_TABLE_SIZE))
    return np.fromiter(entries, np.uint32, _TABLE_SIZE)


def describe(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Lower case and flags of each code point. Beyond the basic plane everything is a symbol (emoji, mostly)."""
    entries: NDArray[np.uint32] = _table().take(codes, mode="clip")
    if codes.size and codes.max() >= _TABLE_SIZE:
        astral = codes >= _TABLE_SIZE
        entries[astral] = codes[astral]
    return entries

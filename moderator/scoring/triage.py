"""Which texts of a batch the normaliser need not look at: nearly all, found by array arithmetic on the whole batch.

A text that passes is one that `normalise.prepare` would return unchanged and unquoted, which a property test holds
this to; one that does not pass may still be ordinary.
"""

from collections.abc import Sequence
from functools import cache
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from moderator.scoring import evasions, quotes

_LATIN, _CYRILLIC, _LETTER, _SMALL, _SIGN, _SEPARATOR, _MARK, _SUSPECT = (np.uint8(1 << bit) for bit in range(8))
_SCRIPTS = _LATIN | _CYRILLIC
_PLANE_SIZE = 0x10000
_EMOJI = range(0x1F000, 0x1FB00)
_SUSPECTS = frozenset("*")
# Marks of quotations and references: most texts that have them quote nothing, which a second look tells.
_MARKS = frozenset('«»“”„">&')


@cache
def _table() -> NDArray[np.uint8]:
    """One byte of flags a code point to the last emoji; the entry after the last stands for all others."""
    table = np.full(_EMOJI.stop + 1, _SUSPECT)
    for codes in (range(_PLANE_SIZE), _EMOJI):
        table[codes.start : codes.stop] = [_flags(chr(code)) for code in codes]
    return table


def _flags(character: str) -> int:
    if character in _MARKS:
        return int(_MARK)
    if not evasions.is_plain(character):
        return 0 if _is_picture(character) else int(_SUSPECT)
    if character in _SUSPECTS or "\u0370" <= character < "\u0400":
        return int(_SUSPECT)
    flags = int(_SEPARATOR) if character in evasions.SEPARATORS else 0
    flags |= int(_SIGN) if character in evasions.SIGNS else 0
    if character.isalpha():
        flags |= int(_LETTER | (_CYRILLIC if character >= "\u0400" else _LATIN))
        flags |= int(_SMALL) if character in evasions.SMALL else 0
    return flags


def _is_picture(character: str) -> bool:
    """Whether it is a symbol that stands for nothing but itself."""
    return category(character) == "So" and evasions.characters(character) == [character]


def ordinary(texts: Sequence[str]) -> list[bool]:
    """Return for each text whether it is known to need nothing done."""
    joined = "\n".join((*texts, ""))
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    flags = _table().take(codes, mode="clip")
    suspect = flags & (_SUSPECT | _MARK)
    here, following = flags[:-1], flags[1:]
    # Two scripts side by side; a digit or a sign after a small letter.
    suspect[1:] |= ((here ^ following) & _SCRIPTS) == _SCRIPTS
    suspect[1:] |= here & (following >> 1) & _SMALL
    # The same letter three times.
    same = codes[1:] == codes[:-1]
    suspect[2:] |= (same[1:] & same[:-1]) * (flags[2:] & _LETTER)
    # Two single letters after separators: " a b", ".a.b".
    letters = flags << 3 & _SEPARATOR
    single = here[:-1] & letters[1:-1] & ~letters[2:]
    suspect[4:] |= single[:-2] & single[2:]
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    sizes += 1
    worst = np.bitwise_or.reduceat(suspect, sizes.cumsum() - sizes).tolist()
    return [not flag or (flag == _MARK and _marks_nothing(text)) for text, flag in zip(texts, worst, strict=True)]


def _marks_nothing(text: str) -> bool:
    return not evasions.entities(text) and not quotes.find(text)

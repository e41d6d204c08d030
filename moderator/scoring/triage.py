"""Which texts of a batch the normaliser need not look at: nearly all, found by array arithmetic on the whole batch.

A text that passes is one that `normalise.prepare` would return unchanged and unquoted, which a property test holds
this to; one that does not pass may still be ordinary.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from moderator.scoring import evasions

_LATIN, _CYRILLIC, _LETTER, _SMALL, _SIGN, _SEPARATOR, _PAIRED, _SUSPECT = (np.uint8(1 << bit) for bit in range(8))
_SCRIPTS = _LATIN | _CYRILLIC
_TABLE_SIZE = 0x10000
# Marks of quotations, references, stars, and letters of scripts that look like others'.
_SUSPECTS = frozenset("«»“”„>*")
# These do something only together with a second one.
_PAIRS = (('"', '"'), ("&", ";"))


@cache
def _table() -> NDArray[np.uint8]:
    """One byte of flags a code point of the basic plane; the entry after the last stands for all others."""
    table = np.full(_TABLE_SIZE + 1, _SUSPECT)
    table[:_TABLE_SIZE] = [_flags(chr(code)) for code in range(_TABLE_SIZE)]
    return table


def _flags(character: str) -> int:
    if character in _SUSPECTS or not evasions.is_plain(character) or "\u0370" <= character < "\u0400":
        return int(_SUSPECT)
    if any(character == first for first, _ in _PAIRS):
        return int(_PAIRED)
    flags = int(_SEPARATOR) if character in evasions.SEPARATORS else 0
    flags |= int(_SIGN) if character in evasions.SIGNS else 0
    if character.isalpha():
        flags |= int(_LETTER | (_CYRILLIC if character >= "\u0400" else _LATIN))
        flags |= int(_SMALL) if character in evasions.SMALL else 0
    return flags


def ordinary(texts: Sequence[str]) -> list[bool]:
    """Return for each text whether it is known to need nothing done."""
    joined = "\n".join((*texts, ""))
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    flags = _table().take(codes, mode="clip")
    suspect = flags & (_SUSPECT | _PAIRED)
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
    return [not flag or (flag == _PAIRED and not _has_pair(text)) for text, flag in zip(texts, worst, strict=True)]


def _has_pair(text: str) -> bool:
    return any(second in text[text.find(first) + 1 :] for first, second in _PAIRS if first in text)

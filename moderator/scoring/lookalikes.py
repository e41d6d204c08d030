"""Letters of another script in a word, put back into the script of the word.

The data are Unicode's confusables (UTS #39), read character by character, once each, from the library that carries
them; what only people's eyes confuse (Latin `k` for `к`) is added here. A word is mended only if all its foreign
letters have a look-alike in one script: ordinary mixed writing ("PRщик", "SMS-ка") has not, or is a foreign word in
capitals with an ending.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from disarm import normalize_confusables

from moderator.scoring.mapped import Edit

_LATIN = "A-Za-z\u00c0-\u024f"
_CYRILLIC = "\u0400-\u052f"
_OTHER = "\u0250-\u02af\u0370-\u03ff\u0530-\u058f\u13a0-\u13ff\u1d00-\u1dbf\u2c80-\u2cff"  # Greek, phonetic, Cherokee …
_PHONETIC = "\u0250-\u02af\u1d00-\u1dbf"
_HAS_OTHER = re.compile(f"[{_OTHER}]")
_HAS_LATIN = re.compile(f"[{_LATIN}]")
_MIXED = re.compile(
    f"[{_LATIN}][{_CYRILLIC}{_OTHER}]|[{_CYRILLIC}][{_LATIN}{_OTHER}]|[{_OTHER}][{_LATIN}{_CYRILLIC}]|[{_PHONETIC}]{{2}}"
)
_WORD = re.compile(f"[{_LATIN}{_CYRILLIC}{_OTHER}]+")
_LATIN_LETTER = re.compile(f"[{_LATIN}]")
_CYRILLIC_LETTER = re.compile(f"[{_CYRILLIC}]")
# "PHPшник", "SMSка": a word in capitals with an ending.
_COMPOUND = re.compile("[A-Z]{2,}[а-яёіїєґ]+|[А-ЯЁІЇЄҐ]{2,}[a-z]+")
_ALPHABET = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁІЇЄҐ")
_BY_EYE = dict(zip("kmtnuhgK", "кмтпингК", strict=True))


def mend(text: str) -> list[Edit]:
    """Return the edits that put foreign letters right: each as long as what it replaces, but for ligatures."""
    if text.isascii() or not (_HAS_LATIN.search(text) or _HAS_OTHER.search(text)) or not _MIXED.search(text):
        return []
    words = [(match, _MIXED.search(match[0]) is not None) for match in _WORD.finditer(text)]
    ordinary = "".join(match[0] for match, mixed in words if not mixed)
    prefers_cyrillic = 2 * len(_CYRILLIC_LETTER.findall(ordinary)) >= len(ordinary)
    mended = [(match, _mend_word(match[0], prefers_cyrillic)) for match, mixed in words if mixed]
    return [(match.start(), match.end(), word) for match, word in mended if word]


def _mend_word(word: str, prefers_cyrillic: bool) -> str | None:
    """The word in one script, or None where it cannot be; where both can, the text's script decides."""
    if _COMPOUND.fullmatch(word):
        return None
    latin, cyrillic = _all(word, _to_latin), _all(word, _to_cyrillic)
    if latin is not None and cyrillic is not None:
        return cyrillic if prefers_cyrillic else latin
    return latin or cyrillic


def _all(word: str, convert: Callable[[str], str | None]) -> str | None:
    letters = [convert(letter) for letter in word]
    return None if None in letters else "".join(letter for letter in letters if letter)


@lru_cache(maxsize=8192)
def _to_latin(letter: str) -> str | None:
    if _LATIN_LETTER.match(letter):
        return letter
    found = normalize_confusables(letter, target_script="latin")
    return found if found.isascii() and found.isalpha() else None


@lru_cache(maxsize=8192)
def _to_cyrillic(letter: str) -> str | None:
    if _CYRILLIC_LETTER.match(letter):
        return letter
    found = _BY_EYE.get(letter) or normalize_confusables(letter, target_script="cyrillic")
    return found if found in _ALPHABET else None

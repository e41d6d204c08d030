"""Letters of another script in a word, put back into the script of the word.

The data are Unicode's confusables (UTS #39), read character by character, once each, from the library that carries
them; what only people's eyes confuse (Latin `k` for `к`) is added here. A word is mended only if all its foreign
letters have a look-alike in one script: ordinary mixed writing ("PRщик", "SMS-ка") has not, or is a foreign word in
capitals with an ending.
"""

import re
from collections.abc import Callable

from disarm import normalize_confusables

from moderator.scoring.mapped import Edit

_LATIN = "A-Za-z\u00c0-\u024f"
_CYRILLIC = "\u0400-\u052f"
_OTHER = "\u0250-\u02af\u0370-\u03ff\u0530-\u058f\u13a0-\u13ff\u1d00-\u1dbf\u2c80-\u2cff"  # Greek, phonetic, Cherokee …
_PHONETIC = "\u0250-\u02af\u1d00-\u1dbf"
_LETTERS = _LATIN + _CYRILLIC + _OTHER
_HAS_LATIN = re.compile(f"[{_LATIN}]")
_HAS_FOREIGN = re.compile(f"[{_CYRILLIC}{_OTHER}]")
_HAS_OTHER = re.compile(f"[{_OTHER}]")
_MIXTURE = (
    f"[{_LATIN}][{_CYRILLIC}{_OTHER}]|[{_CYRILLIC}][{_LATIN}{_OTHER}]|[{_OTHER}][{_LATIN}{_CYRILLIC}]"
    f"|[{_PHONETIC}]{{2}}"
)
_MIXED = re.compile(_MIXTURE)
# Digits inside a word may be leet, which is undone later: "тρе6γется".
_MIXED_WORD = re.compile(f"(?<![{_LETTERS}0-9])[{_LETTERS}0-9]*?(?:{_MIXTURE})[{_LETTERS}0-9]*")
_LATIN_LETTERS = re.compile(f"[{_LATIN}]")
_CYRILLIC_LETTERS = re.compile(f"[{_CYRILLIC}]")
# "PHPшник", "SMSка": a word in capitals with an ending.
_COMPOUND = re.compile("[A-Z]{2,}[а-яёіїєґ]+|[А-ЯЁІЇЄҐ]{2,}[a-z]+")
_NONE = "\0"
_ALPHABET = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁІЇЄҐ")
_BY_EYE = dict(zip("kmtnuhgK", "кмтпингК", strict=True))


def mend(text: str) -> list[Edit]:
    """Return the edits that put foreign letters right, each as long as what it replaces."""
    if text.isascii() or not _HAS_FOREIGN.search(text):
        return []
    if not (_HAS_LATIN.search(text) or _HAS_OTHER.search(text)) or not _MIXED.search(text):
        return []
    words = list(_MIXED_WORD.finditer(text))
    prefers_cyrillic = _prefers_cyrillic(text, "".join([word[0] for word in words]))
    latin, cyrillic = text.translate(_LATIN_FOR), text.translate(_CYRILLIC_FOR)
    first, second = (cyrillic, latin) if prefers_cyrillic else (latin, cyrillic)
    edits = []
    for word in words:
        begin, end = word.span()
        mended = first[begin:end] if _NONE not in first[begin:end] else second[begin:end]
        if _NONE not in mended and not _COMPOUND.fullmatch(word[0]):
            edits.append((begin, end, mended))
    return edits


def _prefers_cyrillic(text: str, mixed: str) -> bool:
    """Whether the words that are in one script speak for Cyrillic, where a word could be mended either way."""
    latin, cyrillic = (
        len(letters.findall(text)) - len(letters.findall(mixed)) for letters in (_LATIN_LETTERS, _CYRILLIC_LETTERS)
    )
    return cyrillic >= latin


class _Table(dict[int, str]):
    """For `str.translate`: a letter's likeness in one script, or `_NONE`; filled as letters are met."""

    def __init__(self, own: re.Pattern[str], find: Callable[[str], str | None]) -> None:
        super().__init__()
        self._own, self._find = own, find

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        self[code] = letter if self._own.match(letter) or letter.isdigit() else self._find(letter) or _NONE
        return self[code]


def _to_latin(letter: str) -> str | None:
    found: str = normalize_confusables(letter, target_script="latin")
    return found if len(found) == 1 and found.isascii() and found.isalpha() else None


def _to_cyrillic(letter: str) -> str | None:
    found: str = _BY_EYE.get(letter) or normalize_confusables(letter, target_script="cyrillic")
    return found if found in _ALPHABET else None


_LATIN_FOR = _Table(_LATIN_LETTERS, _to_latin)
_CYRILLIC_FOR = _Table(_CYRILLIC_LETTERS, _to_cyrillic)

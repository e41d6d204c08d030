"""What people do to a word so that a machine does not know it and a reader does, and the edits that undo it.

Each function takes a text and returns edits (`mapped.Edit`) in order; an ordinary text costs a search or two and gives
none. What is left alone matters as much as what is undone: names with digits (C3PO, h1n1, covid19), amounts, initials
and abbreviations, addresses, stresses and apostrophes, emoji.
"""

import re
from html import unescape
from unicodedata import category, normalize

from moderator.scoring.mapped import Edit

# 1. Characters that are not what they seem.

_ORDINARY = (
    "\t-\r -~\xa1-\xa7\xa9\xab\xac\xae\xb0\xb1\xb6\xb7\xbb\xbf-\u012f\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e"
    "\u0370-\u0373\u0391-\u03ce\u0400-\u0482\u048a-\u052f\u2010-\u2026\u2030-\u2033\u2039\u203a\u20a0-\u20bf\u2116\u2122"
)
_SUSPECT = re.compile(f"[^{_ORDINARY}]")
# What NFKC would change although it is ordinary writing.
_KEPT = frozenset("№™…‥‼⁇⁈⁉½¼¾ªº´¨¸¯˙˚˝")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_MARKED = re.compile("[^\\W\\d_][\u0300-\u036f\u0483-\u0489]+")
_FANCY = {
    **{chr(first + place): chr(65 + place) for first in (0x1F150, 0x1F170) for place in range(26)},
    "İ": "I",
}
_FANCY_LETTERS = re.compile(
    "[\u02b0-\u02b8\u1d2c-\u1d6a\u2071\u207f\u2090-\u209c\u249c-\u24e9\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7cb"
    "\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]"
)
# Between two letters an invisible character cuts a word; elsewhere it belongs to an emoji or to nobody.
_CUT = re.compile(f"(?<=[A-Za-z\u00c0-\u052f]){_INVISIBLE.pattern}+(?=[A-Za-z\u00c0-\u052f])|[\u202d\u202e]")


class _Characters(dict[str, str]):
    """Character → what it stands for, filled as characters are met; there are fewer than a million."""

    def __missing__(self, character: str) -> str:
        stands_for = _stands_for(character)
        self[character] = stands_for
        return stands_for


def _stands_for(character: str) -> str:
    if character in _KEPT:
        return character
    if _INVISIBLE.match(character) or category(character) == "Cf":
        return ""
    return _FANCY.get(character) or normalize("NFKC", character)


_CHARACTERS = _Characters()


def is_plain(text: str) -> bool:
    """Whether no character of `text` needs a second look; true of nearly every comment."""
    return not _SUSPECT.search(text)


def characters(text: str) -> list[str]:
    """What each character stands for: itself, others (NFKC), or nothing (invisible and bidi characters)."""
    return list(map(_CHARACTERS.__getitem__, text))


def hidden(text: str) -> int:
    """How many characters of `text` hide something: letters in fancy dress, and invisible ones inside a word."""
    return len(_FANCY_LETTERS.findall(text)) + sum(map(len, _CUT.findall(text)))


def compose(text: str) -> list[Edit]:
    """Join letters and their marks: й, ї; a mark that belongs to no letter of an alphabet (stress, zalgo) goes."""
    edits = []
    for match in _MARKED.finditer(text):
        composed = normalize("NFC", match[0])
        kept = next((letter for letter in composed if not "\u0300" <= letter <= "\u036f"), "")
        edits.append((match.start(), match.end(), kept))
    return edits


# 2. Letters escaped, set apart, repeated, or replaced.

_LETTER = r"[^\W\d_]"
SMALL = frozenset("abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ")
SEPARATORS = frozenset(" .-_*·•|~")
SIGNS = frozenset("0134567@$")
_SMALL = "a-zа-яёіїєґ"
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_THRICE = re.compile(r"(.)\1\1")
_STRETCHED = re.compile(rf"({_LETTER})\1{{2,}}")
_APART = re.compile(rf"([ .\-_*·•|~]){_LETTER}\1{_LETTER}(?!\w)")
_SPELLED = re.compile(rf"(?<![\w.]){_LETTER}([ .\-_*·•|~]){_LETTER}(?:\1{_LETTER})+(?!\w)")
_SHORT_WORDS = frozenset("авикосуяіїйзєжбaiou")
_LEET = re.compile(f"[013-7@$](?<=[{_SMALL}][013-7@$])[013-7@$]?[{_SMALL}]")
_LEET_WORD = re.compile(rf"(?<![\w@./:+\-])[{_SMALL}]+[013-7@$][{_SMALL}013-7@$]*[{_SMALL}](?![\w@./:+])")
_SIGNS = str.maketrans("", "", "0134567@$")
_LATIN_LEET = str.maketrans("01345@$7", "oieasast")
_CYRILLIC_LEET = str.maketrans("01346@$", "оизчбас")
_STARS = re.compile(rf"(?<={_LETTER})\*{{2,}}(?={_LETTER})")


def entities(text: str) -> list[Edit]:
    """Resolve character references that reached us as plain text: "&#105;diot", "&quot;"."""
    if "&" not in text:
        return []
    return [
        (match.start(), match.end(), resolved)
        for match in _ENTITY.finditer(text)
        if (resolved := unescape(match[0])) != match[0] and resolved
    ]


def stretched(text: str) -> list[Edit]:
    """Cut a letter that stands three or more times to two; a whole word of three (KKK, www, xxx) and III stay."""
    if not _THRICE.search(text):
        return []
    return [
        (match.start(), match.end(), match[0][:2])
        for match in _STRETCHED.finditer(text)
        if len(match[0]) > 3 or not (match[1] == "I" or _is_whole(text, match.start(), match.end()))
    ]


def _is_whole(text: str, begin: int, end: int) -> bool:
    return not (text[begin - 1 : begin].isalnum() or text[end : end + 1].isalnum())


def apart(text: str) -> list[Edit]:
    """Join single letters that one separator holds apart: "и д и о т", "f.u.c.k"."""
    if not _APART.search(text):
        return []
    edits = []
    for match in _SPELLED.finditer(text):
        letters = match[0][::2]
        if _is_spelled(letters, match[1]):
            edits.append((match.start(), match.end(), letters))
    return edits


def _is_spelled(letters: str, separator: str) -> bool:
    """Whether `letters` are a word that somebody spelled, not initials, an abbreviation, a list or short words."""
    if separator in ".-" and (letters.isupper() or len(letters) < 4):
        return False
    if letters.isupper() and len(letters) < 4:
        return False
    return separator != " " or sum(letter not in _SHORT_WORDS for letter in letters.lower()) >= 2


def leet(text: str) -> list[Edit]:
    """Put letters for digits and signs inside a word of small letters, where letters are at least three."""
    if not _LEET.search(text):
        return []
    latin, cyrillic = text.translate(_LATIN_LEET), text.translate(_CYRILLIC_LEET)
    edits = []
    for match in _LEET_WORD.finditer(text):
        begin, end = match.span()
        letters = match[0].translate(_SIGNS)
        plain = (latin if letters.isascii() else cyrillic)[begin:end]
        if 3 <= len(letters) >= len(plain) - len(letters) and plain.isalpha():
            edits.append((begin, end, plain))
    return edits


def starred(text: str) -> list[Edit]:
    """Cut the stars inside a word to one, which the surface view reads as part of the word: "f***ing" → "f*ing"."""
    if "**" not in text:
        return []
    return [(match.start(), match.end(), "*") for match in _STARS.finditer(text)]

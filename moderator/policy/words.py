"""Entries of words found in a text's words, in time linear in the text however many entries there are.

Whole words are looked up in tables: phrases by their words, `casino*` by its beginning, `*coin` by its end. `*bet*` is
one substring search each, and so is the rest (`cas*no`, wildcards in phrases) before its words are compared, which is
why those two kinds are limited in number.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeVar
from unicodedata import normalize

Payload = TypeVar("Payload")

PHRASE_MAX = 8
"""Words of one entry."""

INFIX_MAX = 2_000
"""Entries like `*bet*`: each costs one substring search a comment."""

GLOB_MAX = 200
"""Entries like `cas*no` or `buy * now`: each may have to be compared with every word."""

# Python's \w knows letters and digits, but not the marks that are part of a word in Hebrew, Arabic and the scripts of
# India and Thailand, nor loose accents.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0980-\u0983"
    "\u09bc-\u09cd\u0a01-\u0a4d\u0a81-\u0acd\u0b01-\u0b4d\u0b82-\u0bcd\u0c00-\u0c4d\u0c81-\u0ccd\u0d00-\u0d4d"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200c\u200d"
)
_WORD = re.compile(f"[\\w{_MARKS}]+")
_ENTRY_WORD = re.compile(f"[\\w*{_MARKS}]+")


class WordsError(ValueError):
    """An entry that cannot be used, or one too many of its kind."""


def tokens(text: str) -> list[str]:
    """The words of a text: folded in case, composed, ё as е; an apostrophe in any of its shapes parts words."""
    return _WORD.findall(_fold(text))


def _fold(text: str) -> str:
    return normalize("NFC", text).casefold().replace("ё", "е").replace("\u02bc", "'")


class Words(Generic[Payload]):
    """Entries, each with a payload that `find` hands back. Built once, never changed while it is in use."""

    def __init__(self) -> None:
        self._phrases: defaultdict[str, list[Payload]] = defaultdict(list)
        self._prefixes: defaultdict[str, list[Payload]] = defaultdict(list)
        self._suffixes: defaultdict[str, list[Payload]] = defaultdict(list)
        self._infixes: defaultdict[str, list[Payload]] = defaultdict(list)
        self._globs: list[tuple[str, tuple[list[str], ...], Payload]] = []
        self._lengths: dict[int, None] = {}
        self._prefix_lengths: dict[int, None] = {}
        self._suffix_lengths: dict[int, None] = {}

    def add(self, entry: str, payload: Payload) -> None:
        """Take one more entry.

        Raises:
            WordsError: it has no letter or digit, too many words, or there are too many of its kind.
        """
        words = [re.sub(r"\*+", "*", word) for word in _ENTRY_WORD.findall(_fold(entry))]
        literals = [part for word in words for part in word.split("*") if part]
        if not literals:
            raise WordsError("has no letter or digit")
        if len(words) > PHRASE_MAX:
            raise WordsError(f"has more than {PHRASE_MAX} words")
        if len(literals) == len(words) == 1 and "*" in words[0]:
            self._add_wildcard(words[0], literals[0], payload)
        elif any("*" in word for word in words):
            if len(self._globs) >= GLOB_MAX:
                raise WordsError(f"is one of more than {GLOB_MAX} entries with a wildcard inside a word or phrase")
            self._globs.append((max(literals, key=len), tuple(word.split("*") for word in words), payload))
        else:
            self._phrases[" ".join(words)].append(payload)
            self._lengths[len(words)] = None

    def _add_wildcard(self, word: str, literal: str, payload: Payload) -> None:
        if word.startswith("*") and word.endswith("*"):
            if len(self._infixes) >= INFIX_MAX:
                raise WordsError(f"is one of more than {INFIX_MAX} entries with a wildcard on both sides")
            self._infixes[literal].append(payload)
        elif word.endswith("*"):
            self._prefixes[literal].append(payload)
            self._prefix_lengths[len(literal)] = None
        else:
            self._suffixes[literal].append(payload)
            self._suffix_lengths[len(literal)] = None

    def find(self, words: Sequence[str]) -> Iterator[tuple[int, int, Payload]]:
        """Where entries match: [begin, end) in `words`, each with its payload, perhaps more than once."""
        for count in self._lengths:
            yield from self._find_phrases(words, count)
        for at, word in enumerate(words):
            for length in self._prefix_lengths:
                yield from ((at, at + 1, payload) for payload in self._prefixes.get(word[:length], ()))
            for length in self._suffix_lengths:
                yield from ((at, at + 1, payload) for payload in self._suffixes.get(word[-length:], ()))
        if self._infixes or self._globs:
            yield from self._find_inside(words)

    def _find_phrases(self, words: Sequence[str], count: int) -> Iterator[tuple[int, int, Payload]]:
        for at in range(len(words) - count + 1):
            phrase = words[at] if count == 1 else " ".join(words[at : at + count])
            if phrase in self._phrases:
                yield from ((at, at + count, payload) for payload in self._phrases[phrase])

    def _find_inside(self, words: Sequence[str]) -> Iterator[tuple[int, int, Payload]]:
        joined = " ".join(words)
        for literal, payloads in self._infixes.items():
            if literal in joined:
                for at in _holding(literal, joined, words):
                    yield from ((at, at + 1, payload) for payload in payloads)
        for literal, patterns, payload in self._globs:
            if literal in joined:
                count = len(patterns)
                for at in range(len(words) - count + 1):
                    if all(_fits(parts, words[at + i]) for i, parts in enumerate(patterns)):
                        yield at, at + count, payload


def _holding(literal: str, joined: str, words: Sequence[str]) -> Iterator[int]:
    """The indexes of the words that hold `literal`."""
    begins = list(accumulate((len(word) + 1 for word in words), initial=0))
    at = joined.find(literal)
    while at >= 0:
        index = bisect_right(begins, at) - 1
        yield index
        at = joined.find(literal, begins[index + 1])


def _fits(parts: Sequence[str], word: str) -> bool:
    """Whether `word` is `parts` with anything between them; one part alone is the word itself."""
    if len(parts) == 1:
        return word == parts[0]
    first, *middle, last = parts
    if len(word) < len(first) + len(last) or not word.startswith(first) or not word.endswith(last):
        return False
    at, end = len(first), len(word) - len(last)
    for part in middle:
        at = word.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True

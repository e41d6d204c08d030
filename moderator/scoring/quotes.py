"""Which parts of a text are somebody else's words.

Lines that begin with `>`, and quotation marks around a passage long enough to be a quotation: a word or a title in
quotation marks is the writer's own. If less than two words of the writer's own are left, nothing is taken as quoted.
"""

import re
from collections.abc import Sequence

Range = tuple[int, int]

_LINES = re.compile(r"^[ \t]*>.*(?:\n[ \t]*>.*)*", re.MULTILINE)
_SHORTEST = 40
# A straight mark opens after a blank and closes before one; none but « » pass the end of a line.
# The mark is looked for first and what stands before it after, which is how the search is fast.
_PASSAGES = re.compile(
    '[«“„"](?:'
    rf"(?<=«)[^«»]{{{_SHORTEST},}}»"
    rf"|(?<=[“„])[^“”„\"\n]{{{_SHORTEST},}}[”“\"]"
    rf"|(?<=\")(?<![\w\"]\")(?=\S)[^\"\n]{{{_SHORTEST},}}(?<=\S)\"(?![\w\"])"
    ")"
)
_MARKS = ("«", "“", "„", '"')
_FEWEST_WORDS = 6
_OWN = re.compile(r"[^\W\d_]{2}.*\s.*[^\W\d_]{2}", re.DOTALL)


def find(text: str, known: Sequence[Range] = ()) -> list[Range]:
    """Return the quoted ranges of `text`, in order and apart, those `known` already (blockquotes) included."""
    ranges = list(known)
    if ">" in text:
        ranges += [match.span() for match in _LINES.finditer(text)]
    if any(mark in text for mark in _MARKS):
        ranges += [match.span() for match in _PASSAGES.finditer(text) if len(match[0].split()) >= _FEWEST_WORDS]
    if not ranges:
        return []
    merged = _merge(ranges)
    return merged if _OWN.search(_outside(text, merged)) else []


def outside(size: int, ranges: Sequence[Range]) -> list[Range]:
    """What `ranges` leave of a text of `size` characters."""
    edges = [0, *(edge for pair in ranges for edge in pair), size]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _outside(text: str, ranges: Sequence[Range]) -> str:
    return " ".join(text[begin:end] for begin, end in outside(len(text), ranges))


def _merge(ranges: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for begin, end in sorted(ranges):
        if begin >= end:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged

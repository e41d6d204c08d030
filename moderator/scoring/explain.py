"""Which of the reader's own words raised a score.

The surface view is a sum, so its part is exact: every n-gram's contribution is spread over the characters it covers,
and a word's weight is what its characters hold. The meaning view is no sum: a clause's weight is the logit that is
lost when the clause is left out, all clauses (at most `CLAUSES`) in one batch. That costs as much as scoring nine
texts, so it is asked only where the words alone would not have led to the score.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import chain
from operator import itemgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES, Span
from moderator.scoring.bundle import Model
from moderator.scoring.calibration import intercepts, probabilities, weights
from moderator.scoring.encoding import Encodes
from moderator.scoring.normalise import Passage
from moderator.scoring.surface import LANES, Weights, extract, logits, occurrences

SPANS = 8
CLAUSES = 8
_LEAST_WORD = 0.1  # logits; less explains nothing
_LEAST_CLAUSE = 0.3
_NOTHING = 0.001
_LED_TO = 0.9  # of the score: then the words alone led to it

_WORD = re.compile(r"\w(?:\S*\w)?|[^\w\s]+")
_SENTENCE = re.compile(r"[^.!?;…\n]+[.!?;…\n]*")
_CLAUSE = re.compile(r"[^.!?;…\n,:—–]+[.!?;…\n,:—–]*")


def contributions(passage: Passage, surface: Weights, lanes: Sequence[int]) -> NDArray[np.float64]:
    """Return what each character of `passage.normal` adds to the surface logits of `lanes`.

    float64 (lanes, characters); with what the facts add, which stand nowhere, they sum to `surface.logits`. Blanks
    hold nothing.
    """
    found = occurrences(passage)
    size = len(found.written)
    before = np.zeros(size + 1, np.int64)
    np.cumsum(found.written, out=before[1:])
    share = found.shares / np.maximum(before.take(found.ends) - before.take(found.begins), 1)
    rows = surface.table.view(np.int64).ravel().take(found.buckets).view(np.int8).reshape(-1, LANES)
    characters = np.empty((len(lanes), size))
    for number, lane in enumerate(lanes):
        added = share * rows[:, lane]
        edges = np.bincount(found.begins, added, size + 1)
        edges -= np.bincount(found.ends, added, size + 1)
        np.cumsum(edges[:-1], out=characters[number])
        characters[number] *= surface.scales[lane]
    characters *= found.written
    return characters


Found: TypeAlias = tuple[int, int, int, float]
"""(begin, end in the normalised text, lane, weight)."""


def explain(
    model: Model, passage: Passage, language: str, scores: Mapping[str, float], encoder: Encodes | None
) -> tuple[Span, ...]:
    """Return at most `SPANS` spans, the heaviest, in the order of the text as sent.

    `scores`: those to explain, by attribute. `encoder` None: the surface view alone speaks.
    """
    lanes = [ATTRIBUTES.index(attribute) for attribute in scores]
    found = list(_words(model, passage, lanes))
    if encoder is not None and (unsaid := _unsaid(model, passage, language, scores)):
        found += _clauses(model, passage, language, unsaid, encoder)
    if not found:
        return ()
    begins, ends = passage.places()
    return lightest_dropped(
        Span(begin=int(begins[begin]), end=int(ends[end - 1]), attribute=ATTRIBUTES[lane], weight=weight)
        for begin, end, lane, weight in nlargest(SPANS, found, key=itemgetter(3))
    )


def lightest_dropped(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The `SPANS` heaviest of `spans`, in the order of the text."""
    heaviest = sorted(spans, key=lambda span: -span.weight)[:SPANS]
    return tuple(sorted(heaviest, key=lambda span: (span.begin, span.end, span.attribute)))


def _words(model: Model, passage: Passage, lanes: Sequence[int]) -> Iterator[Found]:
    places = [match.span() for match in _WORD.finditer(passage.normal)]
    if not places:
        return
    characters = contributions(passage, model.surface, lanes)
    sums = np.zeros((len(lanes), characters.shape[1] + 1))
    np.cumsum(characters, axis=1, out=sums[:, 1:])
    begins, ends = np.fromiter(chain.from_iterable(places), np.int64, 2 * len(places)).reshape(-1, 2).T
    by_lane = sums.take(ends, axis=1) - sums.take(begins, axis=1)
    for lane, by_word in zip(lanes, by_lane, strict=True):
        # Where a long text repeats itself, each of its words holds little.
        least = max(min(_LEAST_WORD, by_word.max() / 2), _NOTHING)
        for word in np.flatnonzero(by_word >= least).tolist():
            yield *places[word], lane, round(float(by_word[word]), 3)


def _unsaid(model: Model, passage: Passage, language: str, scores: Mapping[str, float]) -> list[int]:
    """The lanes whose score the surface view alone would not have given, by its own calibration."""
    raw = logits(extract([passage]), model.surface)[:, : len(ATTRIBUTES)] + intercepts(model.calibration)
    alone = probabilities(model.calibration, "surface", [language], raw.astype(np.float64))[0]
    lanes = [(ATTRIBUTES.index(attribute), score) for attribute, score in scores.items()]
    return [lane for lane, score in lanes if alone[lane] < _LED_TO * score]


def _clauses(model: Model, passage: Passage, language: str, lanes: Sequence[int], encoder: Encodes) -> Iterator[Found]:
    by_language = weights(model.calibration, [language])[0]
    clauses = _cut(passage.normal)
    if len(clauses) < 2 or not by_language.any():
        return
    whole = passage.normal
    texts = [whole, *(f"{whole[:begin]} {whole[end:]}" for begin, end in clauses)]
    said = encoder.encode([" ".join(text.split()) for text in texts]) @ model.meaning * by_language
    for (begin, end), lost in zip(clauses, said[0] - said[1:], strict=True):
        for lane in lanes:
            if lost[lane] >= _LEAST_CLAUSE:
                yield begin, end, lane, round(float(lost[lane]), 3)


def _cut(text: str) -> list[tuple[int, int]]:
    """The clauses of `text` without the blanks around them: sentences, or parts of the only one; at most `CLAUSES`."""
    for pattern in (_SENTENCE, _CLAUSE):
        found = [match.span() for match in pattern.finditer(text) if re.search(r"\w", match[0])]
        if len(found) > 1:
            break
    each = -(-len(found) // CLAUSES) if found else 1
    groups = [(found[first][0], found[min(first + each, len(found)) - 1][1]) for first in range(0, len(found), each)]
    return [_trimmed(text, begin, end) for begin, end in groups]


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    part = text[begin:end]
    return begin + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())

"""A site's labels, and whether they are enough to learn from.

A label counts `1 / p`, where p is the probability with which its comment reached a person, so that what the queue
shows oftener does not count oftener; weights are clipped at 20, so that one rare audit does not outvote a hundred.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES, TOXIC_ATTRIBUTES
from moderator.errors import TrainingError
from moderator.training.corpus import label_matrix

FEWEST_LABELS, FEWEST_OF_A_CLASS, FEWEST_ARTICLES = 40, 5, 4
HEAVIEST = 20.0


class Label(Struct, frozen=True, kw_only=True):
    """One line of `GET /v1/labels`, of which only `text` and `labels` must be there. `group` is the article's id."""

    text: str
    labels: dict[str, float]
    id: str | None = None
    lang: str | None = None
    group: str | None = None
    p: float | None = None
    provenance: str | None = None
    why: Any = None
    at: Any = None


@dataclass(frozen=True)
class Labels:
    """Labels as columns; `answers` float32 (rows, attributes) with NaN where nothing was judged."""

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    groups: tuple[str, ...]
    answers: NDArray[np.float32]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.texts)

    def counts(self, attribute: int) -> tuple[int, int]:
        """(positive, negative) answers."""
        answers = self.answers[:, attribute]
        return int((answers > 0.5).sum()), int((answers < 0.5).sum())

    def teachable(self) -> list[int]:
        """The attributes with enough of both answers."""
        return [i for i in range(len(ATTRIBUTES)) if min(self.counts(i)) >= FEWEST_OF_A_CLASS]

    def take(self, rows: NDArray[np.intp]) -> "Labels":
        """These rows alone, in this order."""
        return Labels(
            texts=tuple(self.texts[i] for i in rows),
            languages=tuple(self.languages[i] for i in rows),
            groups=tuple(self.groups[i] for i in rows),
            answers=self.answers[rows],
            weights=self.weights[rows],
        )


def read_labels(rows: Iterable[Mapping[str, Any]]) -> Labels:
    """Labels from NDJSON's objects; of several for one comment the last counts.

    What is clean is free of every kind of toxicity, so a toxicity of 0 answers for all kinds that were not judged.

    Raises:
        TrainingError: a row is no label; names its number, not its content.
    """
    labels = [_label(number, row) for number, row in enumerate(rows, start=1)]
    last = {label.id or f"\0{number}": label for number, label in enumerate(labels)}
    kept = [label for label in last.values() if label.labels.keys() & set(ATTRIBUTES)]
    answers = label_matrix([{**_implied(label.labels), **label.labels} for label in kept])
    return Labels(
        texts=tuple(label.text for label in kept),
        languages=tuple(label.lang or "" for label in kept),
        # A label without an article stands alone, as if each had one of its own.
        groups=tuple(label.group or f"\0{label.text}" for label in kept),
        answers=answers,
        weights=np.array([min(1 / max(label.p or 1.0, 1e-9), HEAVIEST) for label in kept], np.float64),
    )


def require_enough(labels: Labels) -> None:
    """Refuse to train from too little.

    Raises:
        TrainingError: says all that is needed and all that is there.
    """
    articles = len(set(labels.groups))
    if len(labels) >= FEWEST_LABELS and articles >= FEWEST_ARTICLES and labels.teachable():
        return
    there = ", ".join(
        f"{name} {positive} yes / {negative} no"
        for name, (positive, negative) in ((name, labels.counts(i)) for i, name in enumerate(ATTRIBUTES))
        if positive or negative
    )
    raise TrainingError(
        f"training needs at least {FEWEST_LABELS} labels from {FEWEST_ARTICLES} articles, and of one attribute at"
        f" least {FEWEST_OF_A_CLASS} yes and {FEWEST_OF_A_CLASS} no; there are {len(labels)} labels from"
        f" {articles} articles ({there or 'nothing judged'})"
    )


def _label(number: int, row: Mapping[str, Any]) -> Label:
    try:
        return msgspec.convert(dict(row), Label)
    except msgspec.ValidationError:
        raise TrainingError(f"label {number} is not one: it needs a text and labels of 0 or 1") from None


def _implied(labels: Mapping[str, float]) -> dict[str, float]:
    return dict.fromkeys(TOXIC_ATTRIBUTES, 0.0) if labels.get("toxicity") == 0 else {}

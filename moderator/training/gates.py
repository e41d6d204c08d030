"""What a candidate must show before it may become champion; each gate passes, fails, or stays undecided.

Undecided is no failure: few labels prove little either way, and a person may promote.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from moderator.training.metrics import balanced_calibration_error, balanced_log_loss, roc_auc

Floats = NDArray[np.float64]
Outcome = Literal["passed", "failed", "undecided"]

_DRAWS = 400
# "Better" may be wrong once in twenty, "worse" once in a hundred: up to fourteen comparisons are made at a time, and
# one that fails by chance would stop a good bundle.
_DOUBT_BETTER, _DOUBT_WORSE = 0.05, 0.01
_FEWEST_OF_A_CLASS = 5
_FEWEST_ARTICLES = 8
_SEED = 20261125
# How much worse than the champion calibration may be, in nats of balanced log likelihood, before a person should look.
_TOLERATED_LOSS = 0.02
# A test text that suddenly scores this much otherwise says that the correction does more than correct.
_LARGEST_DRIFT = 0.5
_SLOWEST_RATIO = 1.5


class Gate(Struct, frozen=True, kw_only=True):
    """One comparison. `numbers` are what the outcome rests on; `attribute` None where it speaks of the whole bundle."""

    name: str
    outcome: Outcome
    detail: str
    attribute: str | None = None
    numbers: dict[str, float] = {}


@dataclass(frozen=True)
class Compared:
    """Held-out rows of one attribute, scored by both: probabilities, answers, weights, and each row's article."""

    attribute: str
    champion: Floats
    candidate: Floats
    truth: NDArray[np.bool_]
    weights: Floats
    groups: Sequence[str]

    def enough(self) -> bool:
        """Whether both answers are there often enough to compare anything."""
        return min(int(self.truth.sum()), int((~self.truth).sum())) >= _FEWEST_OF_A_CLASS


def ranking(compared: Compared) -> Gate:
    """ROC AUC against the champion on the same rows, by paired bootstrap over articles."""
    if not compared.enough():
        return _too_few("ranking", compared)
    low, high, ours, theirs = _bootstrap(compared, roc_auc)
    better = ours - theirs
    outcome: Outcome = "passed" if low > 0 else "failed" if high < 0 else "undecided"
    return Gate(
        name="ranking",
        attribute=compared.attribute,
        outcome=outcome,
        detail=f"AUC {ours:.3f} against {theirs:.3f} of the champion ({better:+.3f}, between {low:+.3f} and"
        f" {high:+.3f}) on {len(compared.truth)} held-out labels",
        numbers=_rounded(candidate=ours, champion=theirs, low=low, high=high, labels=len(compared.truth)),
    )


def calibration(compared: Compared) -> Gate:
    """Balanced log likelihood against the champion: probabilities must not get worse while the order gets better."""
    if not compared.enough():
        return _too_few("calibration", compared)
    low, high, ours, theirs = _bootstrap(compared, _likelihood)
    outcome: Outcome = "failed" if high < -_TOLERATED_LOSS else "passed" if low >= -_TOLERATED_LOSS else "undecided"
    error = balanced_calibration_error(compared.truth, compared.candidate)
    return Gate(
        name="calibration",
        attribute=compared.attribute,
        outcome=outcome,
        detail=f"balanced log likelihood {ours:.3f} against {theirs:.3f} of the champion (between {low:+.3f} and"
        f" {high:+.3f}), balanced calibration error {error:.3f}",
        numbers=_rounded(candidate=ours, champion=theirs, low=low, high=high, calibration_error=error),
    )


def drift(champion: Floats, candidate: Floats) -> Gate:
    """Scores of the bundle's test texts, (texts, attributes): finite, and not far from the champion's."""
    finite = bool(np.isfinite(candidate).all())
    largest = float(np.abs(candidate - champion).max()) if finite else float("inf")
    return Gate(
        name="test_texts",
        outcome="passed" if largest <= _LARGEST_DRIFT else "failed",
        detail=f"the scores of the test texts moved by {largest:.3f} at most"
        if finite
        else "a test text got a score that is not a number",
        numbers=_rounded(largest=largest) if finite else {},
    )


def speed(champion_s: float, candidate_s: float) -> Gate:
    """Seconds that both took for the same texts, the best of several runs each."""
    ratio = candidate_s / max(champion_s, 1e-9)
    return Gate(
        name="speed",
        outcome="passed" if ratio <= _SLOWEST_RATIO else "undecided",
        detail=f"scoring takes {ratio:.2f} times as long as the champion's",
        numbers=_rounded(ratio=ratio),
    )


def _too_few(name: str, compared: Compared) -> Gate:
    positive = int(compared.truth.sum())
    return Gate(
        name=name,
        attribute=compared.attribute,
        outcome="undecided",
        detail=f"the held-out articles have {positive} yes and {len(compared.truth) - positive} no;"
        f" {_FEWEST_OF_A_CLASS} of each are needed to compare",
    )


def _bootstrap(
    compared: Compared, measure: Callable[[NDArray[np.bool_], Floats, Floats], float]
) -> tuple[float, float, float, float]:
    """The difference candidate − champion over draws of articles, and the values on all rows.

    Returns:
        (`_DOUBT_BETTER` of draws lie below, `_DOUBT_WORSE` of draws above, the candidate's value, the champion's).
    """
    truth, weights = compared.truth, compared.weights
    article = _articles(compared.groups)
    generator = np.random.default_rng(_SEED)
    differences = []
    for _ in range(_DRAWS):
        drawn = np.bincount(generator.integers(0, article.max() + 1, article.max() + 1), minlength=article.max() + 1)
        counted = weights * drawn[article]
        if min(counted[truth].sum(), counted[~truth].sum()) > 0:
            ours = measure(truth, compared.candidate, counted)
            differences.append(ours - measure(truth, compared.champion, counted))
    low, high = np.quantile(differences, (_DOUBT_BETTER, 1 - _DOUBT_WORSE)) if differences else (-1.0, 1.0)
    ours, theirs = (measure(truth, scores, weights) for scores in (compared.candidate, compared.champion))
    return float(low), float(high), ours, theirs


def _likelihood(truth: NDArray[np.bool_], probabilities: Floats, weights: Floats) -> float:
    return -balanced_log_loss(truth, probabilities, weights)


def _articles(groups: Sequence[str]) -> NDArray[np.intp]:
    """The number of each row's article; of the row itself where there are too few articles to draw from."""
    names, numbers = np.unique(np.array(groups), return_inverse=True)
    return np.arange(len(groups)) if len(names) < _FEWEST_ARTICLES else numbers


def _rounded(**numbers: float) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in numbers.items()}

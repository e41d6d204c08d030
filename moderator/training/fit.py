"""Two heads an attribute: one on hashed n-grams, one on sentence vectors, fitted apart on the same targets.

They are fitted apart because together the n-grams, which can learn every training comment by heart, would leave the
sentence vectors nothing to explain, and it is those that carry over to sources never seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.scoring.meaning import DIMENSIONS
from moderator.scoring.surface import BUCKETS
from moderator.training.corpus import Progress
from moderator.training.examples import Examples
from moderator.training.logistic import Matrix, SoftLogistic
from moderator.training.params import Params, View
from moderator.training.targets import Targets

# Rarer classes than this in a family do not tell its habit from its topic: such families share one intercept.
_FEWEST_OF_A_CLASS = 5


@dataclass(frozen=True)
class Heads:
    """float32 `surface` (BUCKETS, attributes), `meaning` (512, attributes), `intercepts` (attributes) of the surface's.

    `spreads` (attributes, 2): standard deviations of the two logits over the training rows.
    """

    surface: NDArray[np.float32]
    meaning: NDArray[np.float32]
    intercepts: NDArray[np.float32]
    spreads: NDArray[np.float32]


def fit_heads(train: Examples, params: Params, tell: Progress) -> Heads:
    """Fit every attribute on the rows that teach it."""
    heads = Heads(
        surface=np.zeros((BUCKETS, len(ATTRIBUTES)), np.float32),
        meaning=np.zeros((DIMENSIONS, len(ATTRIBUTES)), np.float32),
        intercepts=np.zeros(len(ATTRIBUTES), np.float32),
        spreads=np.ones((len(ATTRIBUTES), 2), np.float32),
    )
    for attribute, name in enumerate(ATTRIBUTES):
        lesson = train.take(train.teaching(attribute))
        if not _both_answers(lesson.targets.labels[:, attribute]):
            tell(f"{name} stays unknown: no source teaches both answers")
            continue
        surface = fit_head(lesson.reading.surface, lesson.targets, attribute, params.surface)
        meaning = fit_head(lesson.reading.vectors, lesson.targets, attribute, params.meaning)
        heads.surface[:, attribute], heads.intercepts[attribute] = surface.coef_, surface.intercept_
        heads.meaning[:, attribute] = meaning.coef_
        logits = lesson.reading.surface @ heads.surface[:, attribute], lesson.reading.vectors @ meaning.coef_
        heads.spreads[attribute] = [max(float(np.std(logit)), 1e-6) for logit in logits]
        tell(f"fitted {name} on {len(lesson):,} rows ({surface.n_iter_} + {meaning.n_iter_} steps)")
    return heads


def fit_head(matrix: Matrix, targets: Targets, attribute: int, view: View) -> SoftLogistic:
    """One attribute, one view, an intercept a family; every row teaches `attribute`."""
    shares = targets.labels[:, attribute].astype(np.float64)
    weights = targets.weights[:, attribute].astype(np.float64)
    positive = weights @ shares
    factor = ((weights.sum() - positive) / positive) ** view.positives
    counted = 1 + (factor - 1) * shares
    return SoftLogistic(view.pull, view.max_iter).fit(
        matrix, shares * factor / counted, sample_weight=weights * counted, groups=_families(targets, attribute)
    )


def _both_answers(labels: NDArray[np.float32]) -> bool:
    return bool((labels > 0.5).any() and (labels < 0.5).any())


def _families(targets: Targets, attribute: int) -> NDArray[np.int32]:
    families = targets.families
    positive = targets.labels[:, attribute] > 0.5
    size = int(families.max()) + 1
    rarer = np.minimum(
        np.bincount(families[positive], minlength=size), np.bincount(families[~positive], minlength=size)
    )
    return np.where(rarer[families] < _FEWEST_OF_A_CLASS, np.int32(size), families)

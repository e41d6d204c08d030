"""How much the meaning view counts beside the surface, by language.

A weight is stated as a share: 1 lets the meaning view's logit spread as wide as the surface's. The share that suits
a source that training never saw is `params.share`; where held-out rows of a language plainly ask for another, they get
it: the n-grams of a language that the encoder was not taught are worth more than its guesses.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from moderator.domain import ATTRIBUTES
from moderator.scoring.calibration import ANY
from moderator.training.calibrate import platt, reference_weights
from moderator.training.examples import Examples
from moderator.training.metrics import balanced_log_loss
from moderator.training.params import Blend

Floats = NDArray[np.float64]
Shares = dict[str, dict[str, float]]
"""Language (or `ANY`) → attribute → share."""


def shares(surface: Floats, meaning: Floats, held: Examples, by: Blend) -> Shares:
    """Choose shares from `held` rows; `surface` and `meaning` are their logits at spread 1, (rows, attributes).

    A language with fewer than `by.fewest` of either class of an attribute gets what `by` says of it.
    """
    chosen: Shares = {
        language: {name: by.start(language, name) for name in ATTRIBUTES} for language in (ANY, *by.languages)
    }
    for attribute, name in enumerate(ATTRIBUTES):
        judged, answers = held.judged(attribute)
        for language in map(str, np.unique(held.reading.languages[judged])):
            own = held.reading.languages[judged] == language
            rows, truth = judged[own], answers[own]
            if min(int(truth.sum()), int((~truth).sum())) < by.fewest:
                continue
            weights = reference_weights(truth, held.sources[rows])
            cost = _cost(surface[rows, attribute], meaning[rows, attribute], truth, weights)
            chosen.setdefault(language, {})[name] = _cheapest(cost, by.start(language, name), by)
    return chosen


def _cost(surface: Floats, meaning: Floats, truth: NDArray[np.bool_], weights: Floats) -> Callable[[float], float]:
    """Loss in nats of a share, over as many rows as the weighted ones are worth."""
    rows = float(np.square(weights.sum()) / max(np.square(weights).sum(), 1e-12))

    def cost(share: float) -> float:
        logit = surface + share * meaning
        slope, intercept = platt(logit, truth, weights)
        return rows * balanced_log_loss(truth, expit(slope * logit + intercept), weights)

    return cost


def _cheapest(cost: Callable[[float], float], start: float, by: Blend) -> float:
    """The share of least cost, where moving away from `start` must pay `by.pull` a step of one `by.share`."""
    return float(min(by.grid, key=lambda share: cost(share) + by.pull * abs(share - start) / by.share))

"""Logits into probabilities at the reference prevalence of 0.5, and the curves that thresholds are chosen from.

Sources differ in how often they hold an attribute, and none as often as a news site does. So every source is
reweighed until half of its mass is positive, and sources count by the square root of what they hold: the probability
means "of as many comments with the attribute as without, this share of those that score so has it".
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from moderator.training.metrics import balanced_weights

Floats = NDArray[np.float64]
Line = tuple[float, float]
CURVE_POINTS = 199
_PULL_ROWS = 10.0


def reference_weights(truth: NDArray[np.bool_], sources: NDArray[np.int32]) -> Floats:
    """Row weights: half the mass of each source positive, a source's mass the square root of its rarer class.

    A source that holds one class alone says nothing about a boundary and weighs nothing.
    """
    weights = np.zeros(len(truth))
    for source in np.unique(sources):
        rows = sources == source
        rarer = min(int(truth[rows].sum()), int((~truth[rows]).sum()))
        if rarer:
            weights[rows] = balanced_weights(truth[rows]) * np.sqrt(rarer)
    return weights


def platt(logits: Floats, truth: NDArray[np.bool_], weights: Floats, towards: Line = (1.0, 0.0)) -> Line:
    """(slope, offset) of the probability `expit(slope · logit + offset)`; the slope is never negative.

    Pulled to the line `towards` as if `_PULL_ROWS` rows had asked for it: a language with few rows gets nearly what
    all languages get, one with thousands its own.
    """
    mass = weights.sum()
    if mass <= 0:
        return towards
    share = weights / mass
    pull = 0.5 * _PULL_ROWS * float(np.square(share).sum())
    spread = float(np.sqrt(share @ np.square(logits - share @ logits))) or 1.0

    def loss(parameters: Floats) -> tuple[float, Floats]:
        line = parameters[0] * logits + parameters[1]
        residual = share * (expit(line) - truth)
        away = (parameters - np.array(towards)) * np.array([spread, 1.0])
        value = share @ (np.logaddexp(0.0, line) - truth * line) + pull * away @ away
        gradient = np.array([residual @ logits, residual.sum()]) + 2 * pull * away * np.array([spread, 1.0])
        return float(value), gradient

    start = np.array(towards)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.01, 50.0), (-50.0, 50.0)])
    return float(found.x[0]), float(found.x[1])


def curve(probabilities: Floats, truth: NDArray[np.bool_], weights: Floats) -> dict[str, list[float]]:
    """`thresholds` (rising), `tpr`, `fpr`: shares of positives and of negatives that score at or above each.

    Neither share depends on how common positives are, so precision at any prevalence can be worked out from them.
    """
    thresholds = np.linspace(0.005, 0.995, CURVE_POINTS)
    return {
        "thresholds": [round(float(threshold), 6) for threshold in thresholds],
        "tpr": _share_above(probabilities[truth], weights[truth], thresholds),
        "fpr": _share_above(probabilities[~truth], weights[~truth], thresholds),
    }


def _share_above(probabilities: Floats, weights: Floats, thresholds: Floats) -> list[float]:
    order = np.argsort(probabilities, kind="stable")
    above = np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]])
    places = np.searchsorted(probabilities[order], thresholds, side="left")
    return [round(float(share), 6) for share in above[places] / max(above[0], 1e-12)]

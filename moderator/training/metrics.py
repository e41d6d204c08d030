"""How well scores order and how far they can be trusted. All take weights; labels are 0 or 1.

Rows whose label is unknown or a tie of annotators (0.5) are for the caller to leave out: `binary`.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_curve

Floats = NDArray[np.floating]


def binary(labels: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(mask of the rows that say yes or no, their answers): NaN and 0.5 say neither."""
    known = ~np.isnan(labels) & (labels != 0.5)
    return known, labels[known] > 0.5


def roc_auc(truth: NDArray[np.bool_], scores: Floats, weights: Floats | None = None) -> float:
    """Chance that a positive outranks a negative, a tie being half a win; NaN where a class is missing.

    scikit-learn's own gives the same and takes a hundred times as long on a few hundred rows, which matters where a
    bootstrap asks a thousand times.
    """
    given = np.ones(len(truth)) if weights is None else np.asarray(weights, np.float64)
    _, places = np.unique(scores, return_inverse=True)
    positive, negative = np.bincount(places, given * truth), np.bincount(places, given * ~truth)
    pairs = positive.sum() * negative.sum()
    if not pairs:
        return float("nan")
    below = np.cumsum(negative) - negative / 2
    return float(positive @ below / pairs)


def average_precision(truth: NDArray[np.bool_], scores: Floats) -> float:
    """Area under precision over recall; depends on the share of positives. NaN without a positive."""
    return float(average_precision_score(truth, scores)) if truth.any() else float("nan")


def recall_at(truth: NDArray[np.bool_], scores: Floats, false_positive_rate: float) -> float:
    """Largest share of positives caught while at most this share of negatives is; NaN where a class is missing."""
    if truth.all() or not truth.any():
        return float("nan")
    false_rates, true_rates, _ = roc_curve(truth, scores)
    return float(true_rates[false_rates <= false_positive_rate].max())


def balanced_weights(truth: NDArray[np.bool_], weights: Floats | None = None) -> NDArray[np.float64]:
    """Weights under which both classes weigh 0.5: the reference prevalence."""
    given = np.ones(len(truth)) if weights is None else np.asarray(weights, np.float64)
    positive, negative = given[truth].sum(), given[~truth].sum()
    balanced: NDArray[np.float64] = given / np.maximum(2 * np.where(truth, positive, negative), 1e-12)
    return balanced


def balanced_log_loss(truth: NDArray[np.bool_], probabilities: Floats, weights: Floats | None = None) -> float:
    """Log loss in nats at the reference prevalence."""
    clipped = np.clip(np.asarray(probabilities, np.float64), 1e-6, 1 - 1e-6)
    return float(-(balanced_weights(truth, weights) * np.log(np.where(truth, clipped, 1 - clipped))).sum())


def balanced_calibration_error(truth: NDArray[np.bool_], probabilities: Floats, bins: int = 10) -> float:
    """Expected calibration error at the reference prevalence, over `bins` of equal balanced mass."""
    weights = balanced_weights(truth)
    order = np.argsort(probabilities, kind="stable")
    mass = np.cumsum(weights[order])
    bin_of = np.minimum((mass / max(mass[-1], 1e-12) * bins).astype(int), bins - 1)
    gaps = weights[order] * (truth[order] - np.asarray(probabilities, np.float64)[order])
    return float(np.abs(np.bincount(bin_of, gaps, bins)).sum())

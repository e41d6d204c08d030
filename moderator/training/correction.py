"""What a site's labels add to the champion: weights on both views' features, pulled towards zero.

The champion's calibrated logit is the offset, so that no correction is the champion itself and an endless pull gives
it back. How strong the pull is, cross-validation over articles says, an attribute at a time; with few answers of a
class only strong pulls are tried, for a loose fit to twenty comments is worse than none.

Labels say how comments differ, never how high scores should be. A comment is labelled because its score was high:
among those, clean ones score as high as the threshold asks, and a level fitted to them sinks until the policy lets go
what it should hold. So the level stays the champion's: the intercept of a fit is forgotten, and what the weights move
on average, as much on yes as on no, is taken back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack
from scipy.special import expit

from moderator.training.calibrate import platt
from moderator.training.logistic import Matrix, SoftLogistic
from moderator.training.metrics import balanced_log_loss, balanced_weights

Floats = NDArray[np.float64]

PULLS = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
"""Strengths that are tried, in rows of mean weight."""
_FOLDS = 3
_STEPS = 20
# A column so many times larger than others is pulled to zero by the square of it less.
_FREE = 10.0
# The least pull with n answers of the rarer class is this many times 1 / n.
_CAUTION = 150.0
# A feature of a single comment tells nothing of others; with thousands of labels, one of a few comments tells little.
_FEWEST_COMMENTS = 2
_FEWEST_IN = 1 / 1000


@dataclass(frozen=True)
class Lesson:
    """One attribute's labelled rows: `base` the champion's calibrated logits with both views, `surface_base` with one.

    `surface` CSR (rows, buckets), `vectors` (rows, 512); `slopes` and `surface_slopes` turn a raw logit into a
    calibrated one, `shares` weigh the meaning view; each is (rows,).
    """

    surface: Matrix
    vectors: NDArray[np.float32]
    base: Floats
    surface_base: Floats
    slopes: Floats
    surface_slopes: Floats
    shares: Floats
    truth: NDArray[np.bool_]
    weights: Floats
    groups: Sequence[str]


@dataclass(frozen=True)
class Correction:
    """Added to the champion's raw weights: `values` at `buckets`, and `meaning` (512,).

    Offsets are added to calibrated logits, with both views and with the surface alone: with them the weights move no
    logit on average over the labels, yes and no weighing the same.
    `pull` None: the champion stood every comparison, and nothing moves. `losses`: pull → balanced log loss out of
    fold, the champion's under `champion`.
    """

    buckets: NDArray[np.intp]
    values: Floats
    meaning: Floats
    offset: float
    surface_offset: float
    pull: float | None
    losses: dict[str, float]


def _untold(_: float) -> None:
    """Nobody listens."""


def correct(lesson: Lesson, tell: Callable[[float], None] = _untold) -> Correction:
    """Choose a pull by cross-validation and fit with it; `tell` hears of each pull before it is tried."""
    buckets, matrix, gain = _design(lesson)
    folds = _folds(lesson.groups)
    chosen, moved, losses = None, np.zeros((len(lesson.truth), 2)), {"champion": _loss(lesson, lesson.base)}
    best = losses["champion"]
    for pull in _allowed(lesson):
        tell(pull)
        out_of_fold = _cross_validated(lesson, matrix, len(buckets), folds, pull)
        losses[f"{pull:g}"] = loss = _loss(lesson, lesson.base + out_of_fold.sum(axis=1))
        if loss < best:
            chosen, moved, best = pull, out_of_fold, loss
    added = np.zeros(matrix.shape[1]) if chosen is None else _fit(lesson, matrix, np.arange(len(moved)), chosen)
    return Correction(
        buckets=buckets,
        values=added[: len(buckets)],
        meaning=added[len(buckets) :] * gain,
        offset=_centre(lesson, moved.sum(axis=1)),
        surface_offset=_centre(lesson, moved[:, 0] * lesson.surface_slopes / lesson.slopes),
        pull=chosen,
        losses={name: round(loss, 5) for name, loss in losses.items()},
    )


def _design(lesson: Lesson) -> tuple[NDArray[np.intp], Matrix, float]:
    """(buckets that are kept, columns for them and then for the encoder's dimensions, the scale of the latter)."""
    seen = np.bincount(lesson.surface.indices, minlength=lesson.surface.shape[1])
    buckets = np.flatnonzero(seen >= max(_FEWEST_COMMENTS, len(lesson.truth) * _FEWEST_IN))
    # So scaled, a step of either view's weights costs the same where the view counts as it does on average.
    gain = 1.0 / max(float(np.mean(lesson.shares)), 1e-3)
    meaning = lesson.vectors * (lesson.slopes * lesson.shares * gain)[:, None]
    surface = diags_array(lesson.slopes) @ lesson.surface[:, buckets]
    return buckets, csr_array(hstack([surface, csr_array(meaning)], format="csr", dtype=np.float32)), gain


def _allowed(lesson: Lesson) -> list[float]:
    rarer = min(int(lesson.truth.sum()), int((~lesson.truth).sum()))
    return [pull for pull in PULLS if pull >= _CAUTION / rarer]


def _folds(groups: Sequence[str]) -> NDArray[np.intp]:
    """A fold a row: whole articles, dealt out in an order that their ids' hashes give."""
    order = {group: place for place, group in enumerate(sorted(set(groups), key=_hash))}
    return np.array([order[group] % min(_FOLDS, len(order)) for group in groups], np.intp)


def _hash(group: str) -> bytes:
    return sha256(group.encode("utf-8", "surrogatepass")).digest()


def _cross_validated(lesson: Lesson, matrix: Matrix, width: int, folds: NDArray[np.intp], pull: float) -> Floats:
    """float64 (rows, 2): what models that did not see a row's article add to its logit, by view."""
    added = np.zeros((len(folds), 2))
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if lesson.truth[train].all() or not lesson.truth[train].any():
            continue
        coef = _fit(lesson, matrix, train, pull)
        rows = matrix[test]
        added[test, 0] = rows[:, :width] @ coef[:width]
        added[test, 1] = rows[:, width:] @ coef[width:]
    return added


def _fit(lesson: Lesson, matrix: Matrix, rows: NDArray[np.intp], pull: float) -> Floats:
    """Weights for the columns of `matrix`.

    How common the attribute is among what people were shown (the intercept) and how much less the champion's score
    says within what it selected (a slope of its own, as good as free) are nuisances, forgotten afterwards.
    """
    weights = lesson.weights[rows] / lesson.weights[rows].mean()
    base = lesson.base[rows]
    slope = csr_array((base * _FREE / max(float(base.std()), 1e-6))[:, None])
    fitted = SoftLogistic(pull, _STEPS).fit(
        csr_array(hstack([matrix[rows], slope], format="csr", dtype=np.float32)),
        lesson.truth[rows],
        sample_weight=weights,
        offset=base,
    )
    coef: Floats = fitted.coef_[:-1]
    return coef


def _loss(lesson: Lesson, logits: Floats) -> float:
    """Balanced log loss after the best shift and slope: how sure to be is not the question here.

    Else a champion that is too sure of comments it selected would lose to any noise that blurs its scores.
    """
    slope, shift = platt(logits, lesson.truth, balanced_weights(lesson.truth, lesson.weights) * len(logits))
    return balanced_log_loss(lesson.truth, expit(slope * logits + shift), lesson.weights)


def _centre(lesson: Lesson, moved: Floats) -> float:
    """What takes back the mean of `moved`, which is out of fold: in the fold, yes and no move further apart."""
    return 0.0 - float(balanced_weights(lesson.truth, lesson.weights) @ moved)

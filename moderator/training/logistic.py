"""The one learner: logistic regression that takes what moderation labels are.

Beside scikit-learn's own it takes soft labels (shares of annotators), an offset a row (the champion's logit, when a
correction is fitted on top of it) and a nuisance group a row (the source of a label: an intercept each, unpenalised
but for a breath, forgotten when predicting).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array, issparse
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from moderator.scoring.surface import BUCKETS, Features

Floats = NDArray[np.float64]
Matrix = Any  # csr_array or a dense float array: scipy ships no types

_THREADS = 2
_NUISANCE_PULL = 1e-3


class SoftLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """L2-penalised logistic regression by L-BFGS; deterministic.

    Minimises `Σ weight · cross-entropy(y, expit(offset + x·coef + intercept[group])) + ½ · pull · |coef|²`.
    `pull`: strength of the penalty, in units of rows of weight 1. After `fit`: `coef_` (features,), `intercept_`
    (mean of the groups' intercepts, by weight), `n_iter_`.
    """

    def __init__(self, pull: float = 1.0, max_iter: int = 60, *, fit_intercept: bool = True) -> None:
        self.pull = pull
        self.max_iter = max_iter
        self.fit_intercept = fit_intercept

    def fit(
        self,
        X: Matrix,  # noqa: N803 - scikit-learn's name
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> Self:
        """Fit to soft labels `y` in [0, 1]; `groups` are small integers, `offset` is in logits."""
        rows = X.shape[0]
        target = np.asarray(y, np.float64)
        weight = np.ones(rows) if sample_weight is None else np.asarray(sample_weight, np.float64)
        group = np.zeros(rows, np.intp) if groups is None else np.unique(groups, return_inverse=True)[1]
        base = np.zeros(rows) if offset is None else np.asarray(offset, np.float64)
        self.n_features_in_ = X.shape[1]
        self.classes_ = np.array([0, 1])
        best = self._minimise(X, target, weight, group, base)
        self.coef_ = best[: self.n_features_in_]
        mass = np.bincount(group, weight)
        intercepts = best[self.n_features_in_ :]
        self.intercept_ = float(intercepts @ mass / mass.sum()) if self.fit_intercept else 0.0
        return self

    def _minimise(self, X: Matrix, target: Floats, weight: Floats, group: NDArray[np.intp], base: Floats) -> Floats:  # noqa: N803
        width = X.shape[1]
        products = _Products(X)
        scale = 1.0 / weight.sum()

        def loss(parameters: Floats) -> tuple[float, Floats]:
            coef, intercepts = parameters[:width], parameters[width:]
            logit = products.times(coef) + base + (intercepts[group] if self.fit_intercept else 0.0)
            residual = weight * (expit(logit) - target)
            value = weight @ (np.logaddexp(0.0, logit) - target * logit)
            pulls = 0.5 * (self.pull * coef @ coef + _NUISANCE_PULL * intercepts @ intercepts)
            on_groups = np.bincount(group, residual, len(intercepts)) + _NUISANCE_PULL * intercepts
            gradient = np.concatenate([products.transposed_times(residual) + self.pull * coef, on_groups])
            return float(value + pulls) * scale, gradient * scale

        start = np.zeros(width + (int(group.max()) + 1 if self.fit_intercept else 0))
        options = {"maxiter": self.max_iter, "maxcor": 12, "ftol": 1e-8, "gtol": 1e-7}
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
        self.n_iter_ = int(found.nit)
        return np.asarray(found.x, np.float64)

    def decision_function(self, X: Matrix) -> Floats:  # noqa: N803
        """Logits, the offset left out."""
        check_is_fitted(self)
        return _Products(X).times(self.coef_) + self.intercept_

    def predict_proba(self, X: Matrix) -> Floats:  # noqa: N803
        """(rows, 2): not the attribute, the attribute."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Matrix) -> NDArray[np.intp]:  # noqa: N803
        """0 or 1, whichever is likelier."""
        return (self.decision_function(X) > 0).astype(np.intp)


class _Products:
    """`X @ v` and `X.T @ v` in float32 over two halves of the rows at once; the halves are fixed, so sums are too."""

    def __init__(self, matrix: Matrix) -> None:
        middle = matrix.shape[0] // 2
        if issparse(matrix):
            self._halves = [_view(matrix, 0, middle), _view(matrix, middle, matrix.shape[0])]
        else:
            dense = np.ascontiguousarray(matrix, np.float32)
            self._halves = [dense[:middle], dense[middle:]]
        self._middle = middle

    def times(self, vector: Floats) -> Floats:
        narrow = vector.astype(np.float32)
        parts = _both(lambda half, _: half @ narrow, self._halves, self._halves)
        return np.concatenate(parts).astype(np.float64)

    def transposed_times(self, vector: Floats) -> Floats:
        narrow = vector.astype(np.float32)
        pieces = [narrow[: self._middle], narrow[self._middle :]]
        first, second = _both(lambda half, piece: half.T @ piece, self._halves, pieces)
        summed: Floats = np.add(first, second, dtype=np.float64)
        return summed


def _view(matrix: Matrix, begin: int, end: int) -> Matrix:
    """Rows [begin, end) of a CSR matrix without a copy of its values."""
    first, last = matrix.indptr[begin], matrix.indptr[end]
    arrays = matrix.data[first:last], matrix.indices[first:last], matrix.indptr[begin : end + 1] - first
    return csr_array(arrays, shape=(end - begin, matrix.shape[1]))


def _both(work: Callable[[Any, Any], Any], left: list[Any], right: list[Any]) -> list[Any]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, left, right))


def sparse_rows(features: Features) -> Matrix:
    """The CSR matrix over the arrays of `features`; the values are not copied."""
    fits = features.offsets[-1] <= np.iinfo(np.int32).max
    columns = features.indices.astype(np.int32 if fits else np.int64)
    offsets = features.offsets.astype(np.int32) if fits else features.offsets
    return csr_array((features.values, columns, offsets), shape=(len(features), BUCKETS))

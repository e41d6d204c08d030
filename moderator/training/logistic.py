"""The one learner: logistic regression that takes what moderation labels are.

Beside scikit-learn's own it takes soft labels (shares of annotators), an offset a row (the champion's logit, when a
correction is fitted on top of it) and a nuisance group a row (the source of a label: an intercept each, unpenalised
but for a breath, forgotten when predicting).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
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

# Entries of a matrix from which a second thread pays.
_LARGE = 4_000_000
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
        seen, narrowed = _seen_columns(X)
        best = self._minimise(narrowed, target, weight, group, base)
        self.coef_ = np.zeros(self.n_features_in_)
        self.coef_[seen] = best[: len(seen)]
        mass = np.bincount(group, weight)
        intercepts = best[len(seen) :]
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
    """`X @ v` and `X.T @ v` in float32, over two halves of a large X at once; the halves are fixed, so sums are too."""

    def __init__(self, matrix: Matrix) -> None:
        rows = matrix.shape[0]
        large = (matrix.nnz if issparse(matrix) else matrix.size) > _LARGE
        self._bounds = [0, rows // 2, rows] if large else [0, rows]
        whole = matrix if issparse(matrix) else np.ascontiguousarray(matrix, np.float32)
        cut = _view if issparse(matrix) else _slice
        self._parts = [cut(whole, begin, end) for begin, end in pairwise(self._bounds)]

    def times(self, vector: Floats) -> Floats:
        narrow = vector.astype(np.float32)
        products = _each(lambda part, _: part @ narrow, self._parts, self._parts)
        return np.concatenate(products).astype(np.float64)

    def transposed_times(self, vector: Floats) -> Floats:
        narrow = vector.astype(np.float32)
        pieces = [narrow[begin:end] for begin, end in pairwise(self._bounds)]
        products = _each(lambda part, piece: part.T @ piece, self._parts, pieces)
        summed: Floats = np.sum(products, axis=0, dtype=np.float64)
        return summed


def _slice(matrix: Matrix, begin: int, end: int) -> Matrix:
    return matrix[begin:end]


def _seen_columns(matrix: Matrix) -> tuple[NDArray[np.intp], Matrix]:
    """(columns that hold anything, the matrix of them alone): what no row shows keeps a weight of 0."""
    width = matrix.shape[1]
    if not issparse(matrix):
        return np.arange(width), matrix
    seen = np.flatnonzero(np.bincount(matrix.indices, minlength=width))
    if len(seen) > width // 2:
        return np.arange(width), matrix
    place = np.zeros(width, matrix.indices.dtype)
    place[seen] = np.arange(len(seen))
    arrays = matrix.data, place[matrix.indices], matrix.indptr
    return seen, csr_array(arrays, shape=(matrix.shape[0], len(seen)))


def _view(matrix: Matrix, begin: int, end: int) -> Matrix:
    """Rows [begin, end) of a CSR matrix without a copy of its values."""
    first, last = matrix.indptr[begin], matrix.indptr[end]
    arrays = matrix.data[first:last], matrix.indices[first:last], matrix.indptr[begin : end + 1] - first
    return csr_array(arrays, shape=(end - begin, matrix.shape[1]))


def _each(work: Callable[[Any, Any], Any], left: list[Any], right: list[Any]) -> list[Any]:
    """`work` on each pair, side by side where there are several: products release the interpreter's lock."""
    if len(left) == 1:
        return [work(left[0], right[0])]
    with ThreadPoolExecutor(len(left)) as pool:
        return list(pool.map(work, left, right))


def sparse_rows(features: Features) -> Matrix:
    """The CSR matrix over the arrays of `features`; the values are not copied."""
    fits = features.offsets[-1] <= np.iinfo(np.int32).max
    columns = features.indices.astype(np.int32 if fits else np.int64)
    offsets = features.offsets.astype(np.int32) if fits else features.offsets
    return csr_array((features.values, columns, offsets), shape=(len(features), BUCKETS))

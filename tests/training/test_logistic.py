"""The learner against scikit-learn's own, and what it adds to it."""

import numpy as np
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from moderator.training.logistic import SoftLogistic

GENERATOR = np.random.default_rng(7)
ROWS = GENERATOR.normal(size=(400, 6)).astype(np.float32)
TRUTH = (ROWS @ np.array([1.0, -2.0, 0.5, 0, 0, 0]) + GENERATOR.logistic(size=400) > 0.5).astype(float)


def test_without_its_extras_it_agrees_with_scikit_learn() -> None:
    ours = SoftLogistic(pull=1.0, max_iter=200).fit(ROWS, TRUTH)
    theirs = LogisticRegression(C=1.0, tol=1e-8).fit(ROWS, TRUTH)
    np.testing.assert_allclose(ours.coef_, theirs.coef_[0], atol=2e-3)
    np.testing.assert_allclose(ours.predict_proba(ROWS), theirs.predict_proba(ROWS), atol=2e-3)


def test_sparse_rows_give_what_dense_rows_give() -> None:
    dense = SoftLogistic().fit(ROWS, TRUTH)
    wide = np.zeros((400, 40), np.float32)
    wide[:, 10:16] = ROWS
    sparse = SoftLogistic().fit(csr_array(wide), TRUTH)
    np.testing.assert_allclose(sparse.coef_[10:16], dense.coef_, atol=1e-3)
    assert not sparse.coef_[:10].any()


def test_a_share_of_annotators_weighs_like_that_many_rows() -> None:
    shares = np.clip(0.7 * TRUTH + 0.15, 0, 1)
    soft = SoftLogistic(max_iter=200).fit(ROWS, shares)
    twice = np.concatenate([ROWS, ROWS])
    labels = np.concatenate([np.ones(400), np.zeros(400)])
    hard = SoftLogistic(max_iter=200).fit(twice, labels, sample_weight=np.concatenate([shares, 1 - shares]))
    np.testing.assert_allclose(soft.coef_, hard.coef_, atol=1e-3)


def test_the_habit_of_a_source_is_not_learnt_as_a_trait_of_its_comments() -> None:
    # Given two sources, one of which calls nearly everything toxic and is betrayed by the last feature
    source = np.arange(400) % 2
    rows = ROWS.copy()
    rows[:, 5] = source
    truth = np.where(source == 1, np.maximum(TRUTH, GENERATOR.random(400) < 0.9), TRUTH)
    # When it is fitted with and without an intercept a source
    apart = SoftLogistic(max_iter=200).fit(rows, truth, groups=source)
    together = SoftLogistic(max_iter=200).fit(rows, truth)
    # Then the feature is blamed only where the source was not named
    assert abs(apart.coef_[5]) < 0.2
    assert together.coef_[5] > 1.0


def test_an_endless_pull_leaves_the_offset_as_it_is() -> None:
    offset = ROWS @ np.array([1.0, -2.0, 0.5, 0, 0, 0])
    fitted = SoftLogistic(pull=1e7).fit(ROWS, TRUTH, offset=offset)
    assert np.abs(fitted.coef_).max() < 1e-3


def test_the_same_rows_give_the_same_numbers() -> None:
    first, second = (SoftLogistic().fit(ROWS, TRUTH) for _ in range(2))
    assert first.coef_.tobytes() == second.coef_.tobytes()

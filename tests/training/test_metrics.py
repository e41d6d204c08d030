import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from moderator.training.metrics import (
    balanced_calibration_error,
    balanced_log_loss,
    binary,
    recall_at,
    roc_auc,
)


def test_unknown_and_tied_labels_are_left_out() -> None:
    known, truth = binary(np.array([np.nan, 0.5, 0.3, 0.67]))
    assert known.tolist() == [False, False, True, True]
    assert truth.tolist() == [False, True]


def test_one_class_alone_has_no_auc() -> None:
    assert np.isnan(roc_auc(np.array([True, True]), np.array([0.1, 0.2])))
    assert np.isnan(recall_at(np.array([False]), np.array([0.1]), 0.05))


def test_auc_is_what_scikit_learn_says_with_ties_and_weights() -> None:
    generator = np.random.default_rng(1)
    truth = generator.random(300) < 0.3
    scores, weights = np.round(generator.random(300) + 0.3 * truth, 1), generator.random(300)
    assert roc_auc(truth, scores) == pytest.approx(roc_auc_score(truth, scores))
    assert roc_auc(truth, scores, weights) == pytest.approx(roc_auc_score(truth, scores, sample_weight=weights))


def test_recall_is_what_is_caught_within_the_false_alarms_that_are_allowed() -> None:
    truth = np.array([False] * 100 + [True] * 4)
    scores = np.concatenate([np.linspace(0, 0.9, 100), [0.95, 0.95, 0.875, 0.1]])
    assert recall_at(truth, scores, 0.01) == 0.5
    assert recall_at(truth, scores, 0.05) == 0.75


def test_loss_and_calibration_are_of_the_reference_prevalence() -> None:
    # Given nine negatives and one positive that all get one half
    truth = np.arange(10) < 1
    halves = np.full(10, 0.5)
    # Then that is the right answer at a prevalence of one half
    assert balanced_log_loss(truth, halves) == pytest.approx(np.log(2))
    assert balanced_calibration_error(truth, halves, bins=1) == pytest.approx(0)

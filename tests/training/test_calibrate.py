"""Scores become probabilities at the reference prevalence, whatever the share of positives was."""

import numpy as np
from scipy.special import expit

from moderator.training.calibrate import curve, platt, reference_weights

GENERATOR = np.random.default_rng(3)


def rows(negatives: int, positives: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits that lie 2 apart between classes with deviation 1: the reference line has slope 2 about the middle."""
    truth = np.arange(negatives + positives) < positives
    return GENERATOR.normal(np.where(truth, 1.0, -1.0) + 0.5), truth


def test_a_rare_attribute_is_calibrated_as_if_half_had_it() -> None:
    logits, truth = rows(20_000, 1_000)
    weights = reference_weights(truth, np.zeros(len(truth), np.int32))
    slope, intercept = platt(logits, truth, weights)
    assert abs(slope - 2) < 0.15
    assert abs(expit(slope * 0.5 + intercept) - 0.5) < 0.03


def test_a_source_of_one_class_says_nothing_of_the_boundary() -> None:
    truth = np.array([True, False, True, True])
    assert reference_weights(truth, np.array([0, 0, 1, 1], np.int32))[2:].tolist() == [0, 0]


def test_nothing_to_calibrate_on_leaves_the_logit() -> None:
    assert platt(np.ones(2), np.array([True, True]), np.zeros(2)) == (1.0, 0.0)


def test_a_curve_does_not_depend_on_how_common_positives_are() -> None:
    many, few = (
        curve(expit(2 * (logits - 0.5)), truth, np.ones(len(truth)))
        for logits, truth in (rows(20_000, 20_000), rows(20_000, 2_000))
    )
    np.testing.assert_allclose(many["tpr"], few["tpr"], atol=0.04)
    assert many["fpr"] == sorted(many["fpr"], reverse=True)
    assert len(many["thresholds"]) == len(many["tpr"]) == len(many["fpr"])

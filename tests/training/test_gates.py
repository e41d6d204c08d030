"""Gates pass what is plainly better, fail what is plainly worse, and say so when labels cannot tell."""

import numpy as np

from moderator.training.gates import Compared, calibration, drift, ranking, speed

GENERATOR = np.random.default_rng(11)
TRUTH = np.arange(600) % 4 == 0
GOOD = np.clip(np.where(TRUTH, 0.75, 0.25) + GENERATOR.normal(0, 0.15, 600), 0.01, 0.99)
POOR = np.clip(np.where(TRUTH, 0.55, 0.45) + GENERATOR.normal(0, 0.3, 600), 0.01, 0.99)


def compared(champion: np.ndarray, candidate: np.ndarray, rows: int = 600) -> Compared:
    groups = [f"a{n % 40}" for n in range(rows)]
    return Compared("toxicity", champion[:rows], candidate[:rows], TRUTH[:rows], np.ones(rows), groups)


def test_a_better_order_passes_and_a_worse_one_fails() -> None:
    assert ranking(compared(POOR, GOOD)).outcome == "passed"
    assert ranking(compared(GOOD, POOR)).outcome == "failed"


def test_the_same_scores_are_undecided() -> None:
    assert ranking(compared(GOOD, GOOD)).outcome == "undecided"
    assert calibration(compared(GOOD, GOOD)).outcome == "passed"


def test_a_few_answers_decide_nothing_and_the_gate_says_how_many_there_are() -> None:
    gate = ranking(compared(POOR, GOOD, rows=12))
    assert gate.outcome == "undecided"
    assert "3 yes and 9 no" in gate.detail


def test_sure_and_wrong_fails_calibration() -> None:
    assert calibration(compared(GOOD, np.where(POOR > 0.5, 0.999, 0.001))).outcome == "failed"


def test_scores_of_test_texts_may_move_but_not_jump_or_vanish() -> None:
    before = np.full((3, 7), 0.2)
    assert drift(before, before + 0.3).outcome == "passed"
    assert drift(before, before + 0.7).outcome == "failed"
    assert drift(before, np.where(np.eye(3, 7), np.nan, before)).outcome == "failed"


def test_a_slower_candidate_is_pointed_out() -> None:
    assert speed(1.0, 1.2).outcome == "passed"
    assert speed(1.0, 2.0).outcome == "undecided"

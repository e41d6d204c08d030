"""How much a site's labels may move the champion."""

import numpy as np
from scipy.sparse import csr_array

from moderator.training.correction import PULLS, Lesson, correct

GENERATOR = np.random.default_rng(8)
ROWS = 400


def lesson(truth: np.ndarray, *, told: float) -> Lesson:
    """Comments of which feature 7 tells the answer as far as `told` says, and the champion knows nothing."""
    shown = np.where(GENERATOR.random(ROWS) < told, truth, GENERATOR.random(ROWS) < 0.5)
    surface = (GENERATOR.random((ROWS, 20)) < 0.3).astype(np.float32)
    surface[:, 7] = shown
    ones, zeros = np.ones(ROWS), np.zeros(ROWS)
    return Lesson(
        surface=csr_array(surface),
        vectors=GENERATOR.normal(0, 0.05, (ROWS, 512)).astype(np.float32),
        base=zeros,
        surface_base=zeros,
        slopes=ones,
        surface_slopes=ones,
        shares=ones,
        truth=truth,
        weights=ones,
        groups=[f"a{n % 25}" for n in range(ROWS)],
    )


def test_what_tells_the_answer_gets_the_weight() -> None:
    correction = correct(lesson(GENERATOR.random(ROWS) < 0.3, told=0.9))
    assert correction.pull is not None
    assert correction.values[correction.buckets == 7] > 1.0
    assert correction.losses[f"{correction.pull:g}"] < correction.losses["champion"]


def test_where_nothing_tells_it_little_moves() -> None:
    correction = correct(lesson(GENERATOR.random(ROWS) < 0.3, told=0.0))
    assert np.abs(correction.values).max(initial=0) < 0.6


def test_with_six_positives_only_strong_pulls_are_tried() -> None:
    correction = correct(lesson(np.arange(ROWS) % 70 == 0, told=0.9))
    tried = {float(name) for name in correction.losses if name != "champion"}
    assert tried == {pull for pull in PULLS if pull >= 25}


def test_an_offset_leads_to_the_reference_prevalence_and_not_to_the_site_s() -> None:
    # Given a champion that is right about everything, and a site where one comment in ten is toxic
    truth = np.arange(ROWS) % 10 == 0
    given = lesson(truth, told=0.0)
    right = Lesson(**{**vars(given), "base": np.where(truth, 2.0, -2.0), "surface_base": np.where(truth, 2.0, -2.0)})
    # Then it is not made to think that comments are rarely toxic
    assert abs(correct(right).offset) < 0.3

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


def selected(truth: np.ndarray, *, told: float) -> Lesson:
    """The same of comments that a champion held for their scores, which are therefore all high."""
    given = lesson(truth, told=told)
    base = 1.0 + GENERATOR.exponential(0.8, ROWS) + truth * 0.5
    return Lesson(**{**vars(given), "base": base, "surface_base": base})


def test_labels_of_what_scored_high_do_not_make_scores_sink() -> None:
    # Given labels of held comments alone, a third of them approved although their scores are as high as the others'
    given = selected(GENERATOR.random(ROWS) < 0.66, told=0.6)
    correction = correct(given)
    # When the correction is added to comments like those
    surface = given.surface[:, correction.buckets] @ correction.values
    moved = surface + given.vectors @ correction.meaning + correction.offset
    # Then approved ones score lower, rejected ones higher, and by as much
    yes, no = moved[given.truth].mean(), moved[~given.truth].mean()
    assert no < -0.1 < 0.1 < yes
    assert abs(yes + no) < 0.3 * (yes - no)


def test_where_the_champion_stands_not_even_its_level_moves() -> None:
    correction = correct(selected(np.arange(ROWS) % 70 == 0, told=0.0))
    assert correction.pull is None
    assert not correction.values.any()
    assert (correction.offset, correction.surface_offset) == (0.0, 0.0)


def test_what_the_champion_s_own_score_says_is_not_learnt_again() -> None:
    # Given a champion that is far too sure, and a feature that repeats its score
    given = selected(GENERATOR.random(ROWS) < 0.5, told=0.0)
    surface = given.surface.toarray()
    surface[:, 3] = given.base
    correction = correct(Lesson(**{**vars(given), "base": given.base * 3, "surface": csr_array(surface)}))
    # Then the feature does not take the score back
    assert abs(correction.values[correction.buckets == 3].sum()) < 0.3


def test_each_pull_is_told_before_it_is_tried() -> None:
    told: list[float] = []
    correction = correct(lesson(GENERATOR.random(ROWS) < 0.3, told=0.5), told.append)
    assert [f"{pull:g}" for pull in told] == [name for name in correction.losses if name != "champion"]

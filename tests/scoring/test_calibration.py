"""From logits to probabilities."""

import numpy as np
import pytest

from moderator.domain import ATTRIBUTES
from moderator.scoring.calibration import ANY, Calibration, probabilities, weights


def calibration(**changes: object) -> Calibration:
    every = dict.fromkeys(ATTRIBUTES, 1.0)
    pairs = dict.fromkeys(ATTRIBUTES, (1.0, 0.0))
    parts: dict[str, object] = {
        "intercepts": every,
        "meaning_weights": {ANY: every, "uk": {"toxicity": 0.25}},
        "maps": {"all": {ANY: pairs, "ru": {"spam": (2.0, 1.0)}}, "surface": {ANY: pairs}},
    }
    return Calibration(**{**parts, **changes})  # type: ignore[arg-type]  # wrong parts are what is tried


def test_a_language_uses_its_own_numbers_where_it_has_them() -> None:
    rows = weights(calibration(), ["uk", "en"])
    assert rows[:, ATTRIBUTES.index("toxicity")].tolist() == [0.25, 1.0]
    assert rows[:, ATTRIBUTES.index("spam")].tolist() == [1.0, 1.0]


def test_probabilities_follow_the_map_of_views_and_language() -> None:
    raw = np.zeros((2, len(ATTRIBUTES)))
    scores = probabilities(calibration(), "all", ["ru", "en"], raw)
    assert scores[1].tolist() == [0.5] * len(ATTRIBUTES)
    assert scores[0, ATTRIBUTES.index("spam")] == pytest.approx(1 / (1 + np.exp(-1)))


def test_extreme_logits_stay_in_range_and_what_is_no_number_stays_none() -> None:
    raw = np.full((1, len(ATTRIBUTES)), 1e9)
    raw[0, 0] = np.nan
    scores = probabilities(calibration(), "surface", ["en"], raw)
    assert np.isnan(scores[0, 0])
    assert (scores[0, 1:] <= 1).all()


def test_what_is_missing_or_not_finite_is_named() -> None:
    assert calibration().problem() is None
    assert "no numbers for spam" in str(calibration(intercepts=dict.fromkeys(ATTRIBUTES[:-1], 0.0)).problem())
    assert "finite" in str(calibration(intercepts=dict.fromkeys(ATTRIBUTES, float("inf"))).problem())
    assert "maps" in str(calibration(maps={}).problem())

"""The meaning view counts where it helps."""

import numpy as np

from moderator.domain import ATTRIBUTES
from moderator.scoring.calibration import ANY
from moderator.training.blend import shares
from moderator.training.examples import Examples
from moderator.training.params import Blend
from moderator.training.reading import Reading
from moderator.training.targets import Targets

BY = Blend(share=0.5, pull=2.0, grid=(0.0, 0.25, 0.5, 1.0, 1.5), fewest=50, languages={"ko": 0.25})
ROWS = 1200
GENERATOR = np.random.default_rng(4)
TRUTH = np.arange(ROWS) % 2 == 0
LANGUAGES = np.array(["en", "en", "uk", "uk"] * (ROWS // 4))


def examples() -> Examples:
    labels = np.full((ROWS, len(ATTRIBUTES)), np.nan, np.float32)
    labels[:, 0] = TRUTH
    weights = np.ones_like(labels)
    sources = np.zeros(ROWS, np.int32)
    return Examples(
        Reading(None, np.zeros((ROWS, 1), np.float32), LANGUAGES), Targets(labels, weights, sources), sources
    )


def views(sense: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two logits a row: the surface knows a little everywhere, the meaning view as much as `sense` says."""
    signal = np.where(TRUTH, 1.0, -1.0)
    surface, meaning = (GENERATOR.normal(size=(ROWS, len(ATTRIBUTES))) for _ in range(2))
    return surface + 0.5 * signal[:, None], meaning + (sense * signal)[:, None]


def test_a_language_that_the_encoder_does_not_know_leaves_it_out() -> None:
    found = shares(*views(np.where(LANGUAGES == "en", 0.8, 0.0)), examples(), BY)
    assert found["en"]["toxicity"] >= 1.0
    assert found["uk"]["toxicity"] == 0.0


def test_where_nothing_was_held_out_the_parameters_decide() -> None:
    found = shares(*views(np.zeros(ROWS)), examples(), BY)
    assert found[ANY]["toxicity"] == 0.5
    assert found["ko"]["toxicity"] == 0.25
    assert "spam" not in found["en"]

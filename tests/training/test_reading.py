"""Training reads texts as the scorer does."""

from pathlib import Path

import numpy as np

from moderator.domain import ATTRIBUTES
from moderator.scoring.bundle import Bundle
from moderator.scoring.calibration import probabilities
from moderator.scoring.scorer import Scorer, TextIn
from moderator.training.assemble import model_logits
from moderator.training.encodings import CachedEncoder
from moderator.training.evaluate import scores
from moderator.training.reading import read

TEXTS = (
    "You are an idiot and a moron.",
    "> quoted words\nMy own words, thank you.",
    "Какой же ты идиот, сука.",
    "Який же ти дурень!",
    "Ｃａｓｉｎｏ b0nus: http://win.example",
    "ok",
)


def test_what_is_fitted_is_what_is_served(tiny_bundle: Path) -> None:
    # Given the scorer's own scores of texts with quotes, odd letters and three languages
    bundle = Bundle.load(tiny_bundle)
    served = [scored.scores for scored in Scorer(bundle).score([TextIn(text) for text in TEXTS])]
    # When training reads the same texts
    reading = read(TEXTS, CachedEncoder())
    raw = model_logits(bundle.model, reading)["all"]
    fitted = probabilities(bundle.model.calibration, "all", reading.languages.tolist(), raw)
    evaluated, _ = scores(bundle.model, TEXTS, CachedEncoder())
    # Then all three agree
    expected = np.array([[row[name] for name in ATTRIBUTES] for row in served])
    np.testing.assert_allclose(fitted, expected, atol=2e-3)
    np.testing.assert_allclose(evaluated[:, :-1], expected[:, :-1], atol=2e-3)


def test_no_more_is_read_of_a_text_than_was_asked_for() -> None:
    short, cut = read(["abc"], CachedEncoder()), read(["abc def"], CachedEncoder(), characters=3)
    assert (short.surface != cut.surface).nnz == 0
    assert len(short) == len(cut) == 1

"""The scorer, with a bundle whose weights were made by hand."""

from pathlib import Path

import pytest

from moderator.domain import ATTRIBUTES
from moderator.scoring.bundle import Bundle
from moderator.scoring.scorer import Scorer, TextIn


@pytest.fixture(scope="module")
def surface(tiny_bundle: Path) -> Scorer:
    return Scorer(Bundle.load(tiny_bundle), "surface")


def test_an_insult_scores_high_and_a_question_low(surface: Scorer) -> None:
    insult, question, ukrainian = surface.score(
        [TextIn("You are an idiot."), TextIn("When does the vote begin?"), TextIn("Який же ти дурень!")]
    )
    assert insult.scores["toxicity"] > 0.7
    assert insult.scores["insult"] > 0.7
    assert insult.scores["spam"] < 0.3
    assert all(score < 0.3 for score in question.scores.values())
    assert ukrainian.scores["toxicity"] > 0.7
    assert ukrainian.language == "uk"
    assert tuple(insult.scores) == ATTRIBUTES
    assert insult.bundle == "2026.1.1"

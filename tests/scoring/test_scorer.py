"""The scorer, with a bundle whose weights were made by hand."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.errors import BundleError, ScoringError
from moderator.scoring.bundle import Bundle
from moderator.scoring.meaning import DIMENSIONS
from moderator.scoring.scorer import Scorer, TextIn


@pytest.fixture(scope="module")
def surface(tiny_bundle: Path) -> Scorer:
    return Scorer(Bundle.load(tiny_bundle), "surface")


@pytest.fixture(scope="module")
def both(tiny_bundle: Path) -> Scorer:
    return Scorer(Bundle.load(tiny_bundle), "all")


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


def test_scores_are_probabilities_of_four_decimals(surface: Scorer) -> None:
    for scored in surface.score([TextIn("idiot moron scum " * 50), TextIn("word " * 4_000), TextIn("x")]):
        assert all(0 <= score <= 1 and score == round(score, 4) for score in scored.scores.values())


@pytest.mark.parametrize("size", [1, 3, 4, 70])
def test_a_text_scores_the_same_alone_as_in_any_batch(both: Scorer, size: int) -> None:
    texts = [TextIn(text) for text in ("You idiot", "Казино бонус", "> a b c\nok", "Дякую", "cyкa")]
    batch = both.score([texts[number % len(texts)] for number in range(size)])
    for number, scored in enumerate(batch):
        (alone,) = both.score([texts[number % len(texts)]])
        assert scored.scores == pytest.approx(alone.scores, abs=1e-3)
        assert scored.language == alone.language


def test_no_text_is_nothing_to_do(surface: Scorer) -> None:
    assert surface.score([]) == []


def test_quoting_an_insult_does_not_condemn_and_hidden_advertising_does(surface: Scorer) -> None:
    quoting, hiding = surface.score(
        [
            TextIn("> You are an idiot and a moron.\nThis is no way to talk to people."),
            TextIn("> Casino bonus casino bonus casino\nInteresting read, many thanks."),
        ]
    )
    assert quoting.scores["toxicity"] < 0.3
    assert quoting.quoted is not None
    assert quoting.quoted["toxicity"] > 0.7
    assert hiding.scores["spam"] > 0.7


def test_the_meaning_view_is_read_only_where_it_counts(tiny_bundle: Path) -> None:
    seen: list[str] = []

    class Recording:
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            seen.extend(texts)
            return np.zeros((len(texts), DIMENSIONS), np.float32)

    bundle = Bundle.load(tiny_bundle)
    quiet = replace(bundle, vectors=bundle.vectors[:0])
    scorer = Scorer(quiet, "all", encoder=Recording())
    scorer.score([TextIn("Thank  you\nall for this"), TextIn("Дякую за статтю, все зрозуміло")])
    assert seen == ["Thank you all for this"]


def test_a_score_that_is_no_number_is_a_failure_and_never_a_class(tiny_bundle: Path) -> None:
    class Broken:
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.full((len(texts), DIMENSIONS), np.nan, np.float32)

    bundle = Bundle.load(tiny_bundle)
    with pytest.raises(BundleError, match="test vector 1"):
        Scorer(bundle, "all", encoder=Broken())
    scorer = Scorer(replace(bundle, vectors=bundle.vectors[:0]), "all", encoder=Broken())
    with pytest.raises(ScoringError, match="not a number"):
        scorer.score([TextIn("You idiot")])


def test_the_declared_language_counts_where_the_text_cannot_tell(surface: Scorer) -> None:
    (scored,) = surface.score([TextIn("123", language="uk")])
    assert scored.language == "uk"


def test_scoring_never_imports_scikit_learn_and_the_surface_never_loads_the_encoder(tiny_bundle: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from moderator.scoring.bundle import Bundle
from moderator.scoring.scorer import Scorer, TextIn, shared_encoder
Scorer(Bundle.load(Path({str(tiny_bundle)!r})), "surface").score([TextIn("You idiot")])
assert shared_encoder()._encoder is None
print(*sorted(name for name in ("sklearn", "joblib", "scipy", "redis", "aiohttp") if name in sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == ""

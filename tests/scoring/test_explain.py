"""Spans: exact for the surface, on the reader's own words, at most eight."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.scoring.bundle import Bundle, Model
from moderator.scoring.explain import contributions, explain
from moderator.scoring.meaning import DIMENSIONS
from moderator.scoring.normalise import prepare
from moderator.scoring.scorer import Scorer, TextIn
from moderator.scoring.surface import BUCKETS, FACTS, LANES, Weights, extract, logits

RANDOM = Weights(
    np.random.default_rng(7).integers(-127, 128, (BUCKETS, LANES)).astype(np.int8), np.full(LANES, 0.05, np.float32)
)
TEXTS = st.text(st.sampled_from("abcAB абвїx'.,! 😀\n0*>\"и") | st.characters(exclude_categories=["Cs"]), max_size=80)


@pytest.fixture(scope="module")
def scorer(tiny_bundle: Path) -> Scorer:
    return Scorer(Bundle.load(tiny_bundle), "surface")


@pytest.fixture(scope="module")
def model(tiny_bundle: Path) -> Model:
    """The bundle's model with a head that reads the first dimension alone."""
    shipped = Bundle.load(tiny_bundle).model
    meaning = np.zeros_like(shipped.meaning)
    meaning[0] = 2.0
    return Model(shipped.surface, meaning, shipped.calibration)


def words(scorer: Scorer, item: TextIn, attribute: str = "toxicity") -> list[str]:
    spans = scorer.explain(item, scorer.score([item])[0], [attribute])
    return [item.text[span.begin : span.end] for span in spans]


@given(TEXTS)
def test_all_contributions_sum_to_the_surface_logit(text: str) -> None:
    passage = prepare(text).own
    features = extract([passage])
    facts = features.values[-len(FACTS) :] @ RANDOM.table[features.indices[-len(FACTS) :]] * RANDOM.scales
    characters = contributions(passage, RANDOM, range(LANES))
    assert characters.shape == (LANES, len(passage.normal))
    assert np.allclose(characters.sum(axis=1) + facts, logits(features, RANDOM)[0], atol=2e-3)


def test_the_word_that_raised_the_score_is_named(scorer: Scorer) -> None:
    assert words(scorer, TextIn("Honestly, you are an idiot, my friend.")) == ["idiot"]


@pytest.mark.parametrize(
    ("text", "form", "slices"),
    [
        ("ты и д и о т, друг", "plain", ["и д и о т"]),
        ("you id\u200biot there", "plain", ["id\u200biot"]),
        ("<p>you <b>id</b>iot</p>", "html", ["id</b>iot"]),
        ("<p>you &#105;diot</p>", "html", ["&#105;diot"]),
        ("> a quote of some words\nно ты идиот", "plain", ["идиот"]),
    ],
)
def test_spans_are_slices_of_the_text_as_sent(scorer: Scorer, text: str, form: str, slices: list[str]) -> None:
    item = TextIn(text, format="html" if form == "html" else "plain")
    assert words(scorer, item) == slices


def test_by_default_what_scores_over_one_half_is_explained(scorer: Scorer) -> None:
    item = TextIn("You idiot, get your casino bonus")
    spans = scorer.explain(item, scorer.score([item])[0])
    assert {span.attribute for span in spans} >= {"toxicity", "insult", "spam"}
    assert len(spans) <= 8


def test_advertising_hidden_in_a_quote_is_shown_there(scorer: Scorer) -> None:
    text = "> get your casino today\nInteresting read, many thanks."
    assert words(scorer, TextIn(text), "spam") == ["casino"]


def test_a_long_text_that_repeats_itself_is_explained_too(scorer: Scorer) -> None:
    assert words(scorer, TextIn("You are an idiot here. " * 500)) == ["idiot"] * 8


@given(TEXTS)
def test_there_are_at_most_eight_spans_inside_the_text(model: Model, text: str) -> None:
    spans = explain(model, prepare(text).own, "en", dict.fromkeys(ATTRIBUTES, 0.5), None)
    assert len(spans) <= 8
    assert all(0 <= span.begin < span.end <= len(text) and span.weight > 0 for span in spans)


class _CountsBad:
    """An encoder that knows one thing: how often a text says "bad"."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        assert len(texts) <= 9
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        vectors[:, 0] = [text.count("bad") for text in texts]
        return vectors


def test_the_clause_whose_loss_costs_the_logit_is_named(model: Model) -> None:
    text = "It was fine. It was so bad! And then? " + "More. " * 20
    spans = explain(model, prepare(text).own, "en", {"threat": 0.9}, _CountsBad())
    assert any("so bad!" in text[span.begin : span.end] and span.weight == 2.0 for span in spans)


def test_the_encoder_is_not_asked_where_the_words_alone_led_to_the_score(tiny_bundle: Path) -> None:
    class Refuses:
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise AssertionError(f"asked for {len(texts)} texts")

    model = Bundle.load(tiny_bundle).model
    text = "You are an idiot. You are a moron. What did you think?"
    assert explain(model, prepare(text).own, "en", {"insult": 0.9}, Refuses())
    with pytest.raises(AssertionError):
        explain(model, prepare("Good evening. It rains.").own, "en", {"insult": 0.9}, Refuses())

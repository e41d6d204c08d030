"""Hashed n-grams of a batch, and their sum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.scoring import surface
from moderator.scoring.mapped import Mapped
from moderator.scoring.normalise import Passage, prepare
from moderator.scoring.surface import (
    BUCKETS,
    CHARACTER_BUCKETS,
    FACT_BASE,
    FACTS,
    LANES,
    Weights,
    extract,
    logits,
    occurrences,
    quantise,
)

TEXTS = st.text(st.sampled_from("abcAB абвІї'’ .,!😀\n0*") | st.characters(exclude_categories=["Cs"]), max_size=60)


def passage(text: str) -> Passage:
    return Passage(Mapped(text))


def grams(text: str) -> set[int]:
    return set(extract([passage(text)]).indices.tolist())


def test_a_word_has_the_same_features_wherever_it_stands() -> None:
    assert grams("idiot") <= grams("you are an idiot!")
    assert grams("idiot") <= grams("IDIOT, you")
    assert grams("п'ять") <= grams("а п’ять слів")
    assert grams("f*ck") <= grams("what the f*ck is it")
    assert not grams("idiot") <= grams("idiotic")


def test_pairs_of_words_have_an_order_and_pass_over_punctuation() -> None:
    assert grams("kill you") - grams("you kill")
    assert grams("kill you") <= grams("kill, you")


def test_an_n_gram_has_one_feature_for_each_of_its_lengths() -> None:
    # " idiot " has 6 pairs, 5 triples, 4 of four, 3 of five, one word; facts stand in every row.
    assert len(grams("idiot")) == 6 + 5 + 4 + 3 + 1 + len(FACTS)


@given(st.lists(TEXTS, max_size=6))
def test_rows_are_csr_sorted_distinct_and_the_same_alone_as_in_a_batch(texts: list[str]) -> None:
    features = extract([passage(text) for text in texts])
    assert len(features) == len(texts)
    assert features.indices.dtype == np.uint32
    assert features.values.dtype == np.float32
    assert features.offsets.dtype == np.int64
    for number, text in enumerate(texts):
        row = slice(features.offsets[number], features.offsets[number + 1])
        alone = extract([passage(text)])
        assert np.array_equal(features.indices[row], alone.indices)
        assert np.array_equal(features.values[row], alone.values)
        assert (np.diff(alone.indices.astype(np.int64)) > 0).all()
        assert alone.indices.max(initial=0) < BUCKETS
        assert np.isfinite(alone.values).all()


@given(TEXTS)
def test_each_family_of_a_text_has_length_one_or_is_empty(text: str) -> None:
    features = extract([passage(text)])
    characters = features.values[features.indices < CHARACTER_BUCKETS]
    words = features.values[(features.indices >= CHARACTER_BUCKETS) & (features.indices < FACT_BASE)]
    for family in (characters, words):
        assert not family.size or np.square(family).sum() == pytest.approx(1, abs=1e-4)
    facts = features.values[features.indices >= FACT_BASE]
    assert len(facts) == len(FACTS)
    assert ((facts >= 0) & (facts <= 1)).all()


def test_facts_tell_what_the_raw_text_shows() -> None:
    def facts(text: str) -> dict[str, float]:
        return dict(zip(FACTS, extract([prepare(text).own]).values[-len(FACTS) :].tolist(), strict=True))

    assert facts("YOU ARE LOUD")["capitals"] > 0.8
    assert facts("Quiet words")["capitals"] == 0
    assert facts("now!!!")["exclamations"] > facts("now!")["exclamations"] > 0
    assert facts("see http://a.example and www.b.example")["links"] > 0
    assert facts("и д и о т")["undone"] > 0


def test_a_long_list_is_cut_into_passes_that_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [passage(f"word{number} and more") for number in range(40)]
    whole = extract(texts)
    monkeypatch.setattr(surface, "_TEXTS_A_PASS", 7)
    cut = extract(texts)
    assert np.array_equal(whole.indices, cut.indices)
    assert np.array_equal(whole.offsets, cut.offsets)
    assert np.array_equal(whole.values, cut.values)


def test_logits_are_the_sum_of_value_times_weight() -> None:
    rng = np.random.default_rng(1)
    weights = Weights(
        rng.integers(-127, 128, (BUCKETS, LANES)).astype(np.int8), rng.uniform(0.01, 0.1, LANES).astype(np.float32)
    )
    features = extract([passage("one text"), passage(""), passage("and another one")])
    expected = [
        (features.values[begin:end, None] * weights.table[features.indices[begin:end]] * weights.scales).sum(axis=0)
        for begin, end in zip(features.offsets[:-1], features.offsets[1:], strict=True)
    ]
    assert np.allclose(logits(features, weights), expected, atol=1e-4)


def test_quantised_weights_are_close_and_zero_stays_zero() -> None:
    weights = np.zeros((BUCKETS, 7), np.float32)
    weights[:1000, 0] = np.linspace(-2, 2, 1000)
    rounded = quantise(weights)
    assert rounded.table.shape == (BUCKETS, LANES)
    assert np.abs(rounded.table[:, 0] * rounded.scales[0] - weights[:, 0]).max() < 0.02
    assert not rounded.table[:, 1:].any()


@given(TEXTS)
def test_occurrences_place_every_n_gram_in_the_text(text: str) -> None:
    found = occurrences(passage(text))
    assert set(found.buckets.tolist()) == {index for index in grams(text) if index < FACT_BASE}
    for begin, end in zip(found.begins, found.ends, strict=True):
        assert 0 <= begin < end <= len(text)
        assert not text[begin].isspace()
        assert not text[end - 1].isspace()

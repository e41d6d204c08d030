"""Which rows may judge a bundle, and what is said of them."""

import numpy as np

from moderator.training.corpus import Corpus, label_matrix
from moderator.training.evaluate import held_out, trained_sources
from moderator.training.split import TEST, parts


def corpus(*names: str) -> Corpus:
    texts = [f"text {n} of {name}" for name in names for n in range(200)]
    return Corpus(
        names=names,
        digests=dict.fromkeys(names, ""),
        texts=tuple(texts),
        languages=np.array(["en"] * len(texts)),
        groups=(None,) * len(texts),
        sources=np.repeat(np.arange(len(names), dtype=np.int32), 200),
        labels=label_matrix([{"toxicity": 0.0}] * len(texts)),
    )


def test_of_a_source_it_was_trained_on_the_test_part_counts_and_of_another_all_rows() -> None:
    rows = corpus("known", "unknown")
    judged = held_out(rows, {"known"})
    assert judged[200:].all()
    assert np.array_equal(judged[:200], parts(rows)[:200] == TEST)
    assert 5 < judged[:200].sum() < 40


def test_a_manifest_names_the_sources_in_either_form() -> None:
    assert trained_sources({"sources": {"a": {"rows": 1}}}) == trained_sources({"sources": ["a"]}) == {"a"}
    assert trained_sources({}) == set()

"""What follows from a source's labels, and what each row weighs."""

import numpy as np
import pytest

from moderator.domain import ATTRIBUTES
from moderator.training.corpus import Corpus, label_matrix
from moderator.training.params import Blend, Params, Source, View
from moderator.training.targets import SEVERE, SPAM, THREAT, targets, thinned


def corpus(*rows: tuple[str, dict[str, float]]) -> Corpus:
    names = tuple(dict.fromkeys(source for source, _ in rows))
    return Corpus(
        names=names,
        digests=dict.fromkeys(names, ""),
        texts=tuple(f"text {n}" for n in range(len(rows))),
        languages=np.array(["en"] * len(rows)),
        groups=(None,) * len(rows),
        sources=np.array([names.index(source) for source, _ in rows], np.int32),
        labels=label_matrix([labels for _, labels in rows]),
    )


def params(**sources: Source) -> Params:
    view = View(pull=1.0)
    return Params(surface=view, meaning=view, blend=Blend(share=0.5, pull=1.0, grid=(0.5,)), sources=sources)


def test_where_clean_means_all_it_answers_for_every_kind_of_toxicity_and_not_for_spam() -> None:
    rows = corpus(("wiki", {"toxicity": 0.0}), ("other", {"toxicity": 0.0}))
    labels = targets(rows, params(wiki=Source(clean_means_all=True))).labels
    assert labels[0, THREAT] == 0
    assert np.isnan(labels[0, SPAM])
    assert np.isnan(labels[1, THREAT])


@pytest.mark.parametrize(
    ("labels", "severe"),
    [
        ({"toxicity": 1.0, "threat": 1.0, "identity_attack": 0.0}, 1.0),
        ({"toxicity": 1.0, "threat": 0.0, "identity_attack": 0.0}, np.nan),
        ({"toxicity": 0.1}, 0.0),
        ({"toxicity": 1.0, "threat": 1.0, "identity_attack": 0.0, "severe_toxicity": 0.0}, 0.0),
    ],
)
def test_a_plain_threat_is_severe_and_what_is_clean_is_not_unless_annotators_said(
    labels: dict[str, float], severe: float
) -> None:
    found = targets(corpus(("a", labels)), params()).labels[0, SEVERE]
    np.testing.assert_equal(found, np.float32(severe))


def test_comments_may_be_weak_negatives_for_spam_where_the_source_says_so() -> None:
    found = targets(corpus(("news", {"toxicity": 1.0})), params(news=Source(weight=2.0, not_spam=0.05)))
    assert found.labels[0, SPAM] == 0
    assert found.weights[0, SPAM] == pytest.approx(0.05)
    assert found.weights[0, 0] == 2


def test_sources_of_a_family_share_an_intercept() -> None:
    rows = corpus(*((name, {"toxicity": 1.0}) for name in ("a", "b", "c")))
    first, second, third = targets(rows, params(a=Source(family="own"), c=Source(family="own"))).families
    assert first == third != second


def test_a_large_source_is_thinned_of_clean_rows_alone() -> None:
    rows = corpus(*(("wiki", {"toxicity": float(n % 10 == 0)}) for n in range(100)))
    kept = thinned(rows, params(wiki=Source(rows_at_most=40)))
    assert len(kept) == 40
    assert set(range(0, 100, 10)) <= set(kept.tolist())
    assert len(ATTRIBUTES) == rows.labels.shape[1]

"""What a site's labels say, how much each counts, and when they are too few."""

from typing import Any

import numpy as np
import pytest

from moderator.domain import ATTRIBUTES
from moderator.errors import TrainingError
from moderator.training.labels import read_labels, require_enough

THREAT, SPAM = ATTRIBUTES.index("threat"), ATTRIBUTES.index("spam")


def rows(yes: int, no: int, articles: int = 8) -> list[dict[str, Any]]:
    answers = [1] * yes + [0] * no
    return [
        {"id": f"c{n}", "text": f"text {n}", "labels": {"toxicity": answer}, "group": f"a{n % articles}", "p": 1.0}
        for n, answer in enumerate(answers)
    ]


def test_what_an_audit_showed_counts_as_often_as_it_stands_for() -> None:
    labels = read_labels([{"text": "a", "labels": {"spam": 0}, "p": p} for p in (1.0, 0.1, 0.001)])
    np.testing.assert_allclose(labels.weights, [1, 10, 20])


def test_of_two_verdicts_on_a_comment_the_later_counts() -> None:
    labels = read_labels([{"id": "c", "text": "a", "labels": {"spam": answer}} for answer in (1, 0)])
    assert labels.answers[:, SPAM].tolist() == [0]


def test_what_is_clean_is_no_threat_either_and_what_is_toxic_may_be() -> None:
    labels = read_labels([{"text": "a", "labels": {"toxicity": answer}} for answer in (0, 1)])
    assert labels.answers[0, THREAT] == 0
    assert np.isnan(labels.answers[1, THREAT])
    assert np.isnan(labels.answers[:, SPAM]).all()


def test_enough_is_enough() -> None:
    require_enough(read_labels(rows(5, 35, articles=4)))


@pytest.mark.parametrize(
    ("given", "said"),
    [(rows(10, 29), "39 labels"), (rows(4, 96), "toxicity 4 yes / 96 no"), (rows(50, 50, articles=3), "3 articles")],
)
def test_too_little_is_refused_with_what_is_needed_and_what_is_there(given: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(TrainingError, match=said) as refused:
        require_enough(read_labels(given))
    assert "at least 40 labels from 4 articles" in str(refused.value)
    assert "5 yes and 5 no" in str(refused.value)


def test_a_row_that_is_no_label_is_named_by_number_alone() -> None:
    with pytest.raises(TrainingError, match="label 2") as refused:
        read_labels([{"text": "a", "labels": {"spam": 0}}, {"text": "secret"}])
    assert "secret" not in str(refused.value)

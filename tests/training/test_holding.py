"""What would be held is compared in counts of comments, and letting rejected ones go is a failure."""

import numpy as np
import pytest

from moderator.domain import ATTRIBUTES
from moderator.training.holding import Held, holding, waits


def held(*groups: tuple[int, bool, bool, bool]) -> Held:
    """So many comments each: rejected, held before, held after."""
    rows = [facts for count, *facts in groups for _ in range(count)]
    rejected, before, after = np.array(rows, np.bool_).reshape(-1, 3).T
    return Held(rejected, before, after)


@pytest.mark.parametrize(
    ("released", "spared", "outcome"),
    [(0, 0, "passed"), (0, 6, "passed"), (4, 4, "passed"), (4, 3, "undecided"), (5, 0, "failed"), (12, 3, "failed")],
)
def test_more_rejected_comments_released_than_approved_ones_spared_is_a_failure_once_it_is_no_chance(
    released: int, spared: int, outcome: str
) -> None:
    rows = held(
        (40, True, True, True), (20, False, True, True), (released, True, True, False), (spared, False, True, False)
    )
    assert holding(rows).outcome == outcome


def test_holding_harmless_comments_anew_counts_against_it_and_catching_rejected_ones_for_it() -> None:
    assert holding(held((30, True, True, True), (6, False, False, True))).outcome == "failed"
    assert holding(held((30, True, True, True), (6, False, False, True), (6, True, False, True))).outcome == "passed"


def test_without_a_rejected_comment_it_stays_open() -> None:
    assert holding(held((9, False, True, False))).outcome == "undecided"


def test_the_counts_are_told_as_numbers_and_as_a_sentence() -> None:
    gate = holding(
        held((7, True, True, True), (2, True, True, False), (3, False, True, False), (1, False, False, True))
    )
    assert gate.numbers["rejected_held_before"] == 9
    assert gate.numbers["rejected_held_after"] == 7
    assert gate.numbers["approved_held_before"] == 3
    assert gate.numbers["approved_held_after"] == 1
    assert "of 9 rejected comments 9 were held and 7 would be (2 released, 0 caught)" in gate.detail
    assert "of 4 approved ones 3 were and 1 would be (3 spared, 1 newly held)" in gate.detail


def test_a_comment_waits_from_its_threshold_on_and_never_for_an_attribute_without_one() -> None:
    scores = np.full((1, len(ATTRIBUTES)), 0.7)
    waiting = waits(scores, {"toxicity": 0.7, "insult": 0.71, "spam": 1.0})
    assert [name for name, mask in zip(ATTRIBUTES, waiting[0], strict=True) if mask] == ["toxicity"]
    assert not waits(np.ones((1, len(ATTRIBUTES))), {"spam": 1.0}).any()

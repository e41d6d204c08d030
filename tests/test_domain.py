"""The one table by which a comment changes state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.domain import (
    ATTRIBUTES,
    TOXIC_ATTRIBUTES,
    TRANSITIONS,
    Act,
    By,
    Decision,
    IllegalTransition,
    Outcome,
    State,
    move,
)


def test_every_state_has_a_row_and_pending_is_never_returned_to() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(State.PENDING not in row.values() for row in TRANSITIONS.values())


def test_nothing_leaves_erased() -> None:
    assert TRANSITIONS[State.ERASED] == {}


@given(st.sampled_from(State), st.lists(st.sampled_from(Act), max_size=8))
def test_any_sequence_of_acts_stays_inside_the_table(state: State, acts: list[Act]) -> None:
    for act in acts:
        if act in TRANSITIONS[state]:
            state = move(state, act)
        else:
            with pytest.raises(IllegalTransition):
                move(state, act)
        assert state in State


@given(st.sampled_from([State.APPROVED, State.HELD, State.REJECTED, State.PENDING]))
def test_erasing_is_possible_from_everywhere(state: State) -> None:
    assert move(state, Act.ERASE) is State.ERASED


def test_a_verdict_can_be_undone_only_where_one_can_stand() -> None:
    undo = {Act.RESTORE_APPROVED, Act.RESTORE_HELD, Act.RESTORE_REJECTED}
    for state, row in TRANSITIONS.items():
        assert bool(undo & row.keys()) == (state in {State.APPROVED, State.REJECTED})


def test_spam_is_the_only_attribute_that_is_no_kind_of_toxicity() -> None:
    assert set(ATTRIBUTES) - set(TOXIC_ATTRIBUTES) == {"spam"}


def test_outcomes_and_deciders_are_written_as_the_api_names_them() -> None:
    assert [outcome.value for outcome in Outcome] == ["approve", "hold", "reject"]
    assert [by.value for by in By] == ["model", "rule", "moderator"]
    assert Decision.__struct_fields__[:4] == ("outcome", "by", "at", "reasons")

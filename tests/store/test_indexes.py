from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from moderator.clock import to_ms
from moderator.domain import CaseKind, Comment, State
from moderator.store.indexes import Difference, difference, entries
from moderator.store.keys import digest

SETS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 9))
MakeComment = Callable[..., Comment]


def applied(sets: dict[str, int], change: Difference) -> dict[str, int]:
    left = {name: score for name, score in sets.items() if name not in change.leave}
    return left | dict(change.enter)


@given(SETS, SETS)
def test_applying_a_difference_gives_the_new_entries(old: dict[str, int], new: dict[str, int]) -> None:
    assert applied(old, difference(old, new)) == new


@given(SETS, SETS)
def test_a_difference_touches_nothing_that_stays(old: dict[str, int], new: dict[str, int]) -> None:
    change = difference(old, new)
    same = {name for name in old if new.get(name) == old[name]}
    assert not same & ({*change.leave} | {name for name, _ in change.enter})


def test_an_approved_comment_is_only_listed_by_its_state(make_comment: MakeComment) -> None:
    comment = make_comment()
    assert entries(comment) == {"state:approved": to_ms(comment.created_at)}


def test_a_held_comment_is_in_the_queue_under_every_value_that_it_answers_to(make_comment: MakeComment) -> None:
    comment = make_comment(
        state=State.HELD,
        cases=(CaseKind.HELD, CaseKind.REPORTED),
        article="a-9",
        author="u-7",
        language="uk",
        due_ms=77,
    )
    assert entries(comment) == {
        "state:held": to_ms(comment.created_at),
        "queue": 77,
        "queue:case:held": 77,
        "queue:case:reported": 77,
        "queue:reason:attribute_over_threshold": 77,
        "queue:attribute:insult": 77,
        "queue:language:uk": 77,
        f"queue:article:{digest('a-9')}": 77,
        f"queue:author:{digest('u-7')}": 77,
    }


def test_a_verdict_takes_a_comment_out_of_the_queue_and_into_the_labels(
    make_comment: MakeComment, judge: Callable[..., Comment]
) -> None:
    held = make_comment(state=State.HELD, cases=(CaseKind.HELD,))
    judged = judge(held, "reject", attributes=("insult",))

    change = difference(entries(held), entries(judged))

    assert {name for name, _ in change.enter} == {"state:rejected", "labels"}
    assert "queue" in change.leave
    assert "state:held" in change.leave


def test_a_comment_from_before_1970_stands_at_the_beginning(make_comment: MakeComment) -> None:
    assert entries(make_comment(at=datetime(1900, 1, 1, tzinfo=UTC))) == {"state:approved": 0}

"""What people do to a comment, and how it is taken back."""

from datetime import datetime, timedelta
from typing import Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from moderator.domain import Case, CaseKind, Comment, Outcome, State
from moderator.errors import Conflict
from moderator.flow import revisions
from moderator.flow.verdicts import VerdictIn, escalated, judged, same_verdict, undone
from tests.flow.made import Assess, Make, decision_of

Step = Literal["edit-approve", "edit-hold", "edit-reject", "approve", "reject", "undo"]


def say(
    outcome: Literal["approve", "reject"] = "reject",
    *,
    lease: str = "l-1",
    revision: int = 1,
    attributes: tuple[str, ...] = (),
    rule: str | None = None,
) -> VerdictIn:
    return VerdictIn(lease=lease, revision=revision, outcome=outcome, attributes=attributes, rule=rule)


def judge(comment: Comment, said: VerdictIn, at: datetime, undo: str = "u-1") -> Comment:
    return judged(comment, said, who="anna", undo=undo, at=at)


def test_a_verdict_answers_every_case_and_is_in_force(make: Make, at: datetime) -> None:
    comment = judge(make(Outcome.HOLD), say("approve"), at)
    assert (comment.state, comment.visible_revision, comment.cases) == (State.APPROVED, 1, ())
    assert (decision_of(comment).by, decision_of(comment).who) == ("moderator", "anna")


def test_a_rejection_gives_a_reason_for_each_attribute_and_the_rule(make: Make, at: datetime) -> None:
    comment = judge(make(Outcome.HOLD), say(attributes=("insult", "threat"), rule="No insults"), at)
    assert [reason.attribute for reason in decision_of(comment).reasons] == ["insult", "threat", None]
    assert "No insults" in decision_of(comment).reasons[2].detail


def test_a_verdict_remembers_why_a_person_looked_and_how_likely_that_was(make: Make, at: datetime) -> None:
    verdict = judge(make(Outcome.HOLD), say(), at).verdicts[-1]
    assert (verdict.why, verdict.p, verdict.learn) == ((CaseKind.HELD,), 1.0, True)


def test_a_verdict_on_a_wording_that_changed_is_refused_and_names_the_new_one(
    make: Make, assess: Assess, at: datetime
) -> None:
    edited = revisions.edited(make(Outcome.HOLD), "second", "author", assess(Outcome.HOLD), at)
    with pytest.raises(Conflict) as refusal:
        judge(edited, say(), at)
    assert (refusal.value.code, refusal.value.extra) == ("revision_changed", {"current_revision": 2})


def test_undoing_puts_back_state_decision_and_cases_with_their_due_times(make: Make, at: datetime) -> None:
    held = make(Outcome.HOLD)
    back = undone(judge(held, say(), at), "u-1", who="anna", at=at)
    assert (back.state, back.visible_revision, back.decision, back.cases) == (
        held.state,
        held.visible_revision,
        held.decision,
        held.cases,
    )
    assert back.verdicts[-1].undone_at == at
    assert back.sequence == 3


def test_undone_twice_is_undone_once(make: Make, at: datetime) -> None:
    back = undone(judge(make(Outcome.HOLD), say(), at), "u-1", who="anna", at=at)
    assert undone(back, "u-1", who="anna", at=at) is back


def test_a_decision_that_was_followed_by_another_cannot_be_undone(make: Make, assess: Assess, at: datetime) -> None:
    rejected = judge(make(Outcome.HOLD), say(), at)
    edited = revisions.edited(rejected, "second", "author", assess(Outcome.HOLD), at)
    again = judge(edited, say("approve", lease="l-2", revision=2), at, undo="u-2")
    for comment, token in ((edited, "u-1"), (again, "u-1"), (rejected, "nobody's")):
        with pytest.raises(Conflict) as refusal:
            undone(comment, token, who="anna", at=at)
        assert refusal.value.code == "superseded"


def test_a_case_that_was_opened_after_the_verdict_stays_open_when_it_is_undone(make: Make, at: datetime) -> None:
    approved = judge(make(Outcome.HOLD), say("approve"), at)
    reported = Case(kind=CaseKind.REPORTED, opened_at=at, due_ms=9)
    back = undone(replace(approved, cases=(reported,)), "u-1", who="anna", at=at)
    assert {case.kind for case in back.cases} == {CaseKind.HELD, CaseKind.REPORTED}


def test_escalating_adds_a_case_once_and_leaves_the_state(make: Make, at: datetime) -> None:
    held = make(Outcome.HOLD)
    up = escalated(held, who="anna", at=at + timedelta(minutes=1), due_ms=7)
    assert {case.kind for case in up.cases} == {CaseKind.HELD, CaseKind.ESCALATED}
    assert up.state is held.state
    assert escalated(up, who="boris", at=at, due_ms=7) is up


def test_the_same_verdict_is_told_from_another(make: Make, at: datetime) -> None:
    said = say(attributes=("insult",))
    verdict = judge(make(Outcome.HOLD), said, at).verdicts[-1]
    assert same_verdict(verdict, said)
    others = (say("approve"), say(attributes=("threat",)), say(attributes=("insult",), lease="l-2"))
    assert not any(same_verdict(verdict, other) for other in others)


@given(st.lists(st.sampled_from(get_args(Step)), max_size=8))
def test_whatever_happens_only_what_was_approved_is_shown(
    make: Make, assess: Assess, at: datetime, steps: list[Step]
) -> None:
    comment = make(Outcome.HOLD)
    for number, step in enumerate(steps):
        match step:
            case "approve" | "reject":
                comment = judge(comment, say(step, revision=comment.latest.number), at, undo=f"u-{number}")
            case "undo":
                try:
                    comment = undone(comment, f"u-{number - 1}", who="anna", at=at)
                except Conflict:
                    continue
            case _:
                outcome = Outcome(step.removeprefix("edit-"))
                comment = revisions.edited(comment, f"wording {number}", "author", assess(outcome), at)
        if comment.state is State.APPROVED:
            assert comment.visible_revision == comment.latest.number
        if comment.state is State.REJECTED:
            assert comment.visible_revision is None
        if comment.state is State.HELD:
            assert comment.cases

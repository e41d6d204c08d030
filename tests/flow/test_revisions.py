"""What automatic decisions do to a comment."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from moderator.domain import By, Case, CaseKind, Comment, Decided, Outcome, State, Submission
from moderator.flow import revisions
from moderator.flow.verdicts import VerdictIn, judged
from tests.flow.made import Assess, Make, decision_of


def kinds(comment: Comment) -> set[CaseKind]:
    return {case.kind for case in comment.cases}


def test_an_approved_comment_is_shown_and_nobody_has_to_look(make: Make) -> None:
    comment = make(Outcome.APPROVE)
    assert (comment.state, comment.visible_revision, kinds(comment)) == (State.APPROVED, 1, set())


def test_a_held_comment_is_not_shown_and_opens_a_case_with_a_due_time(make: Make) -> None:
    comment = make(Outcome.HOLD)
    assert (comment.state, comment.visible_revision, kinds(comment)) == (State.HELD, None, {CaseKind.HELD})
    assert comment.cases[0].due_ms > 0


def test_a_revision_names_bundle_policy_generation_and_its_chance_to_reach_a_person(make: Make) -> None:
    held, passed = make(Outcome.HOLD).latest, make(Outcome.APPROVE).latest
    assert (held.bundle, held.policy, held.generation, held.p) == ("2026.11.1", "default@1", 3, 1.0)
    assert 0 < passed.p < 1


def test_an_audited_comment_is_shown_and_waits_for_a_person_too(
    assess: Assess, submission: Submission, at: datetime
) -> None:
    comment = revisions.recorded("default", submission, assess(Outcome.APPROVE, in_audit=True), at)
    assert (comment.visible_revision, kinds(comment)) == (1, {CaseKind.AUDIT})


def test_what_was_decided_elsewhere_keeps_decision_and_time_and_opens_no_case(
    assess: Assess, submission: Submission, at: datetime
) -> None:
    then = at - timedelta(days=90)
    decided = replace(submission, decided=Decided(outcome="reject", at=then, by="anna"))
    comment = revisions.recorded("default", decided, assess(Outcome.APPROVE, in_audit=True), at)
    assert (comment.state, comment.cases, comment.imported) == (State.REJECTED, (), True)
    assert (decision_of(comment).by, decision_of(comment).who, decision_of(comment).at) == (By.MODERATOR, "anna", then)
    assert comment.created_at == then


def test_a_held_edit_of_a_shown_comment_leaves_the_old_wording_showing(
    make: Make, assess: Assess, at: datetime
) -> None:
    comment = revisions.edited(make(Outcome.APPROVE), "second", "author", assess(Outcome.HOLD), at)
    assert (comment.state, comment.visible_revision, comment.latest.number) == (State.HELD, 1, 2)


def test_a_rejected_edit_takes_the_comment_off_the_page(make: Make, assess: Assess, at: datetime) -> None:
    comment = revisions.edited(make(Outcome.APPROVE), "second", "author", assess(Outcome.REJECT), at)
    assert (comment.state, comment.visible_revision) == (State.REJECTED, None)


def test_a_clean_edit_of_a_held_comment_is_approved_and_answers_the_case(
    make: Make, assess: Assess, at: datetime
) -> None:
    comment = revisions.edited(make(Outcome.HOLD), "second", "author", assess(Outcome.APPROVE), at)
    assert (comment.state, comment.visible_revision, comment.cases) == (State.APPROVED, 2, ())


def test_an_edit_does_not_answer_what_others_asked(make: Make, assess: Assess, at: datetime) -> None:
    reported = Case(kind=CaseKind.REPORTED, opened_at=at, due_ms=5)
    comment = make(Outcome.APPROVE)
    comment = replace(comment, cases=(reported,))
    edited = revisions.edited(comment, "second", "author", assess(Outcome.APPROVE), at)
    assert edited.cases == (reported,)


def test_an_edit_of_a_held_comment_does_not_lose_its_place_in_the_queue(
    make: Make, assess: Assess, at: datetime
) -> None:
    held = make(Outcome.HOLD)
    edited = revisions.edited(held, "second", "author", assess(Outcome.HOLD), at + timedelta(hours=5))
    assert edited.cases == held.cases


def test_the_model_never_approves_what_a_person_rejected(make: Make, assess: Assess, at: datetime) -> None:
    verdict = VerdictIn(lease="l", revision=1, outcome="reject")
    rejected = judged(make(Outcome.HOLD), verdict, who="anna", undo="u", at=at)
    edited = revisions.edited(rejected, "second", "author", assess(Outcome.APPROVE), at)
    assert (edited.state, edited.visible_revision, kinds(edited)) == (State.HELD, None, {CaseKind.EDITED})
    assert decision_of(edited).reasons[0].code == "rejected_before"


def test_the_model_may_approve_an_edit_of_what_only_a_rule_rejected(make: Make, assess: Assess, at: datetime) -> None:
    edited = revisions.edited(make(Outcome.REJECT), "second", "author", assess(Outcome.APPROVE), at)
    assert (edited.state, edited.visible_revision) == (State.APPROVED, 2)


def test_an_edit_by_a_moderator_opens_no_case_and_stands_where_the_comment_stood(
    make: Make, assess: Assess, at: datetime
) -> None:
    for outcome, state, shown in (
        (Outcome.APPROVE, State.APPROVED, 2),
        (Outcome.REJECT, State.REJECTED, None),
    ):
        edited = revisions.edited(make(outcome), "second", "moderator", assess(Outcome.HOLD), at)
        assert (edited.state, edited.visible_revision, edited.cases) == (state, shown, ())


def test_a_comment_accepted_as_pending_is_decided_once_later(
    assess: Assess, submission: Submission, at: datetime
) -> None:
    pending = revisions.received("default", submission, at)
    assert (pending.state, pending.decision, pending.visible_revision) == (State.PENDING, None, None)
    decided = revisions.decided_late(pending, assess(Outcome.APPROVE), at)
    assert (decided.state, decided.sequence, decided.visible_revision) == (State.APPROVED, 2, 1)


def test_scores_that_come_late_leave_the_outcome_and_call_a_person_if_they_are_stricter(
    assess: Assess, submission: Submission, at: datetime
) -> None:
    unscored = revisions.recorded("default", submission, assess(Outcome.APPROVE, scored=False), at)
    assert unscored.latest.scored is None
    milder = revisions.rescored(unscored, assess(Outcome.APPROVE), at)
    stricter = revisions.rescored(unscored, assess(Outcome.HOLD), at)
    assert milder.latest.scored is not None
    assert milder.cases == ()
    assert (stricter.state, stricter.visible_revision, kinds(stricter)) == (State.APPROVED, 1, {CaseKind.ESCALATED})


def test_each_change_adds_one_to_the_sequence(make: Make, assess: Assess, at: datetime) -> None:
    comment = make()
    edited = revisions.edited(comment, "second", "author", assess(Outcome.APPROVE), at)
    assert (comment.sequence, edited.sequence, edited.latest.sequence) == (1, 2, 2)

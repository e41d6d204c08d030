"""Names for what `conftest.py` makes, and views of a comment that must have been decided, or scored."""

from typing import Any, Protocol

from moderator.domain import By, Comment, Decision, Outcome, Scored
from moderator.flow.assessment import Assessment


class Assess(Protocol):
    """Makes an assessment with the outcome asked for."""

    def __call__(
        self, outcome: Outcome, *, by: By = By.MODEL, scored: bool = True, in_audit: bool = False
    ) -> Assessment: ...


class Make(Protocol):
    """Makes a comment, recorded with the outcome asked for; `changed` are fields of its submission."""

    def __call__(self, outcome: Outcome = Outcome.HOLD, **changed: Any) -> Comment: ...


def decision_of(comment: Comment) -> Decision:
    """The decision in force."""
    assert comment.decision is not None, "nothing decided this comment"
    return comment.decision


def scored_of(comment: Comment) -> Scored:
    """What the scorer said of the latest revision."""
    assert comment.latest.scored is not None, "nothing scored this comment"
    return comment.latest.scored

"""Made comments and assessments, for tests of what is pure in flow/."""

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from moderator.clock import from_ms
from moderator.domain import ATTRIBUTES, Article, Author, By, Comment, Decision, Outcome, Reason, Scored, Submission
from moderator.flow import revisions
from moderator.flow.assessment import Active, Assessment
from moderator.policy.document import DEFAULT, parse
from moderator.scoring.scorer import Scorer
from tests.flow.made import Assess, Make

AT = from_ms(1_767_225_600_000)


class NamedScorer(Scorer):
    """A scorer that only has a name: what is tested here never scores."""

    def __init__(self, bundle_id: str) -> None:
        self._id = bundle_id

    @property
    def id(self) -> str:
        return self._id


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def submission() -> Submission:
    return Submission(id="c-1", text="first wording", article=Article(id="a-1"), author=Author(id="u-1"))


@pytest.fixture(scope="session")
def assess() -> Assess:
    """An assessment with the outcome asked for."""

    def make(outcome: Outcome, *, by: By = By.MODEL, scored: bool = True, in_audit: bool = False) -> Assessment:
        reason = Reason(code="clean", detail="made up", outcome=outcome)
        scores = dict.fromkeys(ATTRIBUTES, 0.1)
        return Assessment(
            active=Active(
                scorer=NamedScorer("2026.11.1"),
                policy=parse(DEFAULT),
                policy_name="default@1",
                generation=3,
                salt=b"salt",
            ),
            scored=Scored(scores=scores, language="en", language_confidence=0.9, bundle="2026.11.1")
            if scored
            else None,
            signals=(),
            spans=(),
            decision=Decision(outcome=outcome, by=by, at=AT, reasons=(reason,)),
            in_audit=in_audit,
        )

    return make


@pytest.fixture(scope="session")
def make(submission: Submission, assess: Assess) -> Make:
    """A comment recorded with the outcome asked for."""

    def record(outcome: Outcome = Outcome.HOLD, **changed: Any) -> Comment:
        return revisions.recorded("default", replace(submission, **changed), assess(outcome), AT)

    return record

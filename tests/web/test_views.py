"""What a reply tells of a record, field by field."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from msgspec import UNSET
from msgspec.structs import replace

from moderator.domain import (
    Article,
    Author,
    By,
    Case,
    CaseKind,
    Comment,
    Decision,
    Outcome,
    Reason,
    Revision,
    Scored,
    Signal,
    Span,
    State,
)
from moderator.web import views

AT = datetime(2026, 11, 25, 15, 29, 0, 7000, tzinfo=UTC)
HELD = Decision(
    outcome=Outcome.HOLD,
    by=By.MODEL,
    at=AT,
    reasons=(
        Reason(
            code="attribute_over_threshold",
            detail="looks insulting",
            outcome=Outcome.HOLD,
            attribute="insult",
            score=0.83,
            threshold=0.0,
        ),
    ),
)
SCORED = Scored(scores={"insult": 0.83}, language="en", language_confidence=0.987654, bundle="b")
FIRST = Revision(
    number=1,
    text="first",
    at=AT,
    by="author",
    sequence=1,
    scored=SCORED,
    decision=HELD,
    cases=(CaseKind.HELD,),
    signals=(Signal(code="links", value=3.0, detail="three links"), Signal(code="share", value=0.12345, detail="x")),
    spans=(Span(begin=0, end=5, attribute="insult", weight=1.98768),),
    policy="default@1",
    bundle="2026.11.1",
)
COMMENT = Comment(
    id="c-1",
    site="default",
    sequence=1,
    state=State.HELD,
    created_at=AT,
    article=Article(id="a-1"),
    author=Author(id="u-1", email="ann@example.org", ip="192.0.2.1"),
    revisions=(FIRST,),
    decision=HELD,
    cases=(Case(kind=CaseKind.HELD, opened_at=AT, due_ms=1_767_225_600_123),),
)
APPROVED = replace(HELD, outcome=Outcome.APPROVE, by=By.MODERATOR)
SECOND = replace(FIRST, number=2, text="second", sequence=3, decision=APPROVED, cases=())
EDITED = replace(
    COMMENT,
    sequence=4,
    state=State.APPROVED,
    revisions=(FIRST, SECOND),
    decision=APPROVED,
    cases=(),
    visible_revision=2,
)


def as_json(reply: object) -> dict[str, object]:
    told: dict[str, object] = msgspec.json.decode(msgspec.json.encode(reply))
    return told


def test_a_reply_has_the_fields_of_the_contract_and_no_others() -> None:
    told = as_json(views.first(COMMENT, replayed=False))
    assert told == {
        "id": "c-1",
        "site": "default",
        "revision": 1,
        "sequence": 1,
        "state": "held",
        "visible": False,
        "visible_revision": None,
        "cases": ["held"],
        "decision": {
            "outcome": "hold",
            "by": "model",
            "at": "2026-11-25T15:29:00.007Z",
            "reasons": [
                {
                    "code": "attribute_over_threshold",
                    "detail": "looks insulting",
                    "outcome": "hold",
                    "attribute": "insult",
                    "score": 0.83,
                    "threshold": 0.0,
                }
            ],
        },
        "scores": {"insult": 0.83},
        "language": "en",
        "language_confidence": 0.9877,
        "signals": [
            {"code": "links", "value": 3, "detail": "three links"},
            {"code": "share", "value": 0.1235, "detail": "x"},
        ],
        "spans": [{"begin": 0, "end": 5, "attribute": "insult", "weight": 1.9877}],
        "bundle": "2026.11.1",
        "policy": "default@1",
        "replayed": False,
    }


def test_the_first_reply_is_told_again_whatever_followed() -> None:
    assert views.first(EDITED, replayed=False) == views.first(COMMENT, replayed=False)


def test_the_current_reply_tells_how_the_comment_stands() -> None:
    told = views.current(EDITED)
    assert (told.revision, told.sequence, told.state, told.visible, told.visible_revision) == (
        2,
        4,
        "approved",
        True,
        2,
    )
    assert (told.cases, told.spans) == ([], UNSET)


@pytest.mark.parametrize(
    ("outcome", "state", "shown"),
    [(Outcome.APPROVE, "approved", 1), (Outcome.HOLD, "held", None), (Outcome.REJECT, "rejected", None)],
)
def test_the_first_state_follows_from_the_first_decision(outcome: Outcome, state: str, shown: int | None) -> None:
    revision = replace(FIRST, decision=replace(HELD, outcome=outcome))
    told = views.first(replace(COMMENT, revisions=(revision,)), replayed=True)
    assert (told.state, told.visible_revision, told.visible) == (state, shown, shown is not None)


def test_a_pending_comment_has_no_decision_and_one_that_could_not_be_scored_no_scores() -> None:
    pending = replace(COMMENT, revisions=(replace(FIRST, decision=None, scored=None),), decision=None)
    told = views.first(pending, replayed=False)
    assert (told.state, told.decision, told.scores, told.language) == ("pending", None, {}, None)
    assert told.spans is UNSET


def test_a_change_has_no_spans() -> None:
    assert "spans" not in as_json(views.change(COMMENT))


def test_quoted_text_is_scored_apart() -> None:
    quoting = replace(FIRST, scored=replace(SCORED, quoted={"insult": 0.5}))
    told = as_json(views.current(replace(COMMENT, revisions=(quoting,))))
    assert told["quoted_scores"] == {"insult": 0.5}


def test_personal_data_is_told_only_to_who_may_see_it() -> None:
    assert as_json(views.listed(COMMENT, personal=False))["author"] == {
        "id": "u-1",
        "name": None,
        "url": None,
        "user_agent": None,
        "role": None,
        "registered_at": None,
    }
    author = as_json(views.full(COMMENT, personal=True, notes=True))["author"]
    assert isinstance(author, dict)
    assert (author["email"], author["ip"]) == ("ann@example.org", "192.0.2.1")


def test_an_open_case_tells_when_it_is_due() -> None:
    assert as_json(views.listed(COMMENT, personal=False))["due_at"] == "2026-01-01T00:00:00.123Z"
    assert "due_at" not in as_json(views.listed(EDITED, personal=False))


def test_every_revision_keeps_its_own_decision() -> None:
    told = views.full(EDITED, personal=True, notes=True)
    assert [(each.number, each.text, each.decision and each.decision.by) for each in told.revisions] == [
        (1, "first", "model"),
        (2, "second", "moderator"),
    ]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000Z"),
        (datetime(2026, 1, 1, 2, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T00:00:00.999Z"),
    ],
)
def test_times_are_in_utc_with_milliseconds(at: datetime, told: str) -> None:
    assert views.instant(at) == told

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from moderator.domain import Act, By, CaseKind, Comment, Decision, Outcome, Revision, State, move
from moderator.store.label_rows import judged, label_ms, label_rows

Make = Callable[..., Comment]


@pytest.mark.parametrize(
    ("outcome", "attributes", "labels"),
    [
        ("approve", (), {"toxicity": 0, "spam": 0}),
        ("reject", ("insult",), {"insult": 1, "toxicity": 1}),
        ("reject", ("spam",), {"spam": 1}),
        ("reject", ("spam", "threat"), {"spam": 1, "threat": 1, "toxicity": 1}),
        ("reject", (), {}),
    ],
)
def test_a_verdict_says_what_was_judged_and_nothing_else(
    outcome: str, attributes: tuple[str, ...], labels: dict[str, int]
) -> None:
    assert judged(outcome, attributes) == labels


def test_a_verdict_becomes_a_row_of_the_export(make_comment: Make, judge: Make) -> None:
    held = make_comment(7, state=State.HELD, cases=(CaseKind.HELD,), article="a-9", text="You fool")
    comment = judge(held, "reject", attributes=("insult",))

    assert label_rows(comment) == [
        {
            "id": "c-7",
            "text": "You fool",
            "lang": "en",
            "labels": {"insult": 1, "toxicity": 1},
            "group": "a-9",
            "at": comment.verdicts[0].at,
            "by": "ann",
            "provenance": "verdict",
            "why": ["held"],
            "p": 1.0,
        }
    ]


@pytest.mark.parametrize(
    ("cases", "provenance"),
    [
        ((CaseKind.AUDIT,), "audit"),
        ((CaseKind.AUDIT, CaseKind.REPORTED), "verdict"),
        ((CaseKind.HELD, CaseKind.APPEALED), "appeal"),
    ],
)
def test_the_provenance_tells_why_a_person_looked(
    make_comment: Make, judge: Make, cases: tuple[CaseKind, ...], provenance: str
) -> None:
    (row,) = label_rows(judge(make_comment(cases=cases), "approve"))
    assert row["provenance"] == provenance


def test_a_verdict_that_was_undone_or_must_not_be_learned_teaches_nothing(make_comment: Make, judge: Make) -> None:
    silent = judge(make_comment(), "approve", learn=False)
    comment = judge(make_comment(), "approve")
    verdict = msgspec.structs.replace(comment.verdicts[0], undone_at=comment.created_at)
    undone = msgspec.structs.replace(comment, verdicts=(verdict,))

    assert label_rows(silent) == label_rows(undone) == []
    assert label_ms(silent) is label_ms(undone) is None


def test_the_last_verdict_on_a_revision_is_the_one_that_speaks(make_comment: Make, judge: Make) -> None:
    first = judge(make_comment(), "reject", attributes=("spam",))
    second = judge(first, "approve", at=first.created_at + timedelta(hours=1))

    assert [row["labels"] for row in label_rows(second)] == [{"toxicity": 0, "spam": 0}]


def test_each_judged_wording_is_a_row_of_its_own(make_comment: Make, judge: Make) -> None:
    comment = judge(make_comment(text="First"), "reject", attributes=("spam",))
    second = Revision(number=2, text="Second", at=comment.created_at, by="author", sequence=3)
    edited = msgspec.structs.replace(comment, revisions=(*comment.revisions, second))

    rows = label_rows(judge(edited, "approve"))

    assert [(row["text"], row["labels"]) for row in rows] == [
        ("First", {"spam": 1}),
        ("Second", {"toxicity": 0, "spam": 0}),
    ]


def test_a_comment_that_came_decided_is_a_label_of_provenance_import(make_comment: Make, judge: Make) -> None:
    plain = make_comment(3)
    decision = Decision(outcome=Outcome.APPROVE, by=By.MODERATOR, at=plain.created_at, reasons=(), who="old-desk")
    revision = msgspec.structs.replace(plain.latest, decision=decision)
    comment = msgspec.structs.replace(plain, imported=True, revisions=(revision,), decision=decision)

    (row,) = label_rows(comment)

    assert (row["provenance"], row["by"], row["labels"]) == ("import", "old-desk", {"toxicity": 0, "spam": 0})
    assert label_ms(comment) is not None
    assert move(State.APPROVED, Act.PERSON_REJECT) is State.REJECTED
    (row,) = label_rows(judge(comment, "reject", attributes=("spam",)))
    assert row["provenance"] == "verdict"

"""What a comment teaches: its verdicts as labels, in the shape of the export. Pure.

Derived when read, never stored twice: an undone verdict takes its label back by being undone.
"""

from datetime import datetime
from typing import Any

from moderator.clock import to_ms
from moderator.domain import TOXIC_ATTRIBUTES, CaseKind, Comment, Decision, Outcome, Revision, Verdict

Row = dict[str, Any]


def label_rows(comment: Comment) -> list[Row]:
    """One label a revision that a person judged, oldest revision first.

    On one revision the last verdict that was not undone speaks; if it says "do not learn", the revision teaches
    nothing. A comment that came with its decision (`imported`) teaches that until somebody here judges it.
    A rejection without attributes says nothing of any attribute: its `labels` are empty.
    """
    spoken = {verdict.revision: verdict for verdict in comment.verdicts if verdict.undone_at is None}
    rows = []
    for revision in comment.revisions:
        verdict = spoken.get(revision.number)
        if verdict is not None:
            if verdict.learn:
                rows.append(_of_verdict(comment, revision, verdict))
        elif comment.imported and revision is comment.revisions[0] and revision.decision is not None:
            rows.append(_of_import(comment, revision, revision.decision))
    return rows


def label_ms(comment: Comment) -> int | None:
    """When the comment last taught something, in milliseconds: its order among the labels. None: it teaches nothing."""
    return max((to_ms(row["at"]) for row in label_rows(comment)), default=None)


def judged(outcome: str, attributes: tuple[str, ...]) -> dict[str, int]:
    """Attribute → 0 or 1, of an `approve` or a `reject`; what was not judged is absent."""
    if outcome == Outcome.APPROVE:
        return {"toxicity": 0, "spam": 0}
    labels = dict.fromkeys(attributes, 1)
    if any(attribute in TOXIC_ATTRIBUTES for attribute in attributes):
        labels["toxicity"] = 1
    return labels


def _of_verdict(comment: Comment, revision: Revision, verdict: Verdict) -> Row:
    return _row(
        comment,
        revision,
        labels=judged(verdict.outcome, verdict.attributes),
        at=verdict.at,
        by=verdict.by,
        provenance=_provenance(verdict.why),
        why=[str(kind) for kind in verdict.why],
        p=verdict.p,
    )


def _of_import(comment: Comment, revision: Revision, decision: Decision) -> Row:
    return _row(
        comment,
        revision,
        labels=judged(decision.outcome, ()),
        at=decision.at,
        by=decision.who,
        provenance="import",
        why=[],
        p=1.0,
    )


def _provenance(why: tuple[CaseKind, ...]) -> str:
    """An appeal looks twice at what a person decided. An audit counts only if nothing else drew the eye there."""
    if CaseKind.APPEALED in why:
        return "appeal"
    return "audit" if why == (CaseKind.AUDIT,) else "verdict"


def _row(
    comment: Comment, revision: Revision, *, labels: dict[str, int], at: datetime, by: str | None, **rest: Any
) -> Row:
    language = revision.scored.language if revision.scored is not None else comment.language
    return {
        "id": comment.id,
        "text": revision.text,
        "lang": language,
        "labels": labels,
        "group": comment.article.id,
        "at": at,
        "by": by,
        **rest,
    }

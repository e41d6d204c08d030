"""What a caller learns of a change: the record as it stands, or why there is none."""

from dataclasses import dataclass

from moderator import metrics
from moderator.domain import Comment
from moderator.errors import Conflict, OutcomeUnknown, StoreError
from moderator.store.comments import Change, Done, IdConflict, Replay, Result


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a submission: the record, and whether it had been there before."""

    comment: Comment
    replayed: bool


def receipt_of(change: Change, result: Result) -> Receipt:
    """What a change's result means to whoever asked for it.

    Raises:
        Conflict, StoreUnavailable, OutcomeUnknown, StoreError: as `Intake.submit`.
    """
    match result:
        case Done():
            return Receipt(change.new, replayed=False)
        case Replay(comment=comment):
            return Receipt(comment, replayed=True)
        case IdConflict():
            raise Conflict("This id was used for other content.", code="id_conflict", id=change.new.id)
        case OutcomeUnknown():
            raise OutcomeUnknown(result.detail, comment_id=change.new.id)
        case StoreError():
            raise result
        case _:
            raise AssertionError(type(result).__name__)


def count(receipt: Receipt) -> None:
    """Count a decision, or a replay."""
    if receipt.replayed:
        metrics.REPLAYED.inc()
        return
    decision = receipt.comment.latest.decision
    if decision is not None:
        metrics.DECIDED.labels(decision.outcome, decision.by).inc()
    for kind in receipt.comment.latest.cases:
        metrics.CASES.labels(kind).inc()

"""Which sorted sets of its lane name a comment, and at which score. Pure.

The sets are derived from the record alone, so a change of the record is a difference of two derivations
(`difference`), computed here and applied by `lua/change.lua` in the same step. The member is always the comment's
id. Scores are never negative: a back-fill from before 1970 stands at its beginning.

    state:STATE            created ms      every comment, by where it stands
    queue                  due ms          comments with open cases, by the earliest due time
    queue:FACET:VALUE      due ms          the same, for one value of one facet (`keys.FACETS`)
    labels                 labelled ms     comments that teach something (`label_rows`)
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from moderator.clock import to_ms
from moderator.domain import Comment
from moderator.store.keys import digest
from moderator.store.label_rows import label_ms


class Difference(NamedTuple):
    """What a change does to the sets: names to leave, then names to enter or move in, with their scores."""

    leave: tuple[str, ...]
    enter: tuple[tuple[str, int], ...]


def entries(comment: Comment) -> dict[str, int]:
    """Index name → score."""
    found = {f"state:{comment.state}": max(to_ms(comment.created_at), 0)}
    if comment.cases:
        due_ms = max(min(case.due_ms for case in comment.cases), 0)
        found["queue"] = due_ms
        for name in _facets(comment):
            found[name] = due_ms
    if comment.verdicts or comment.imported:
        labelled_ms = label_ms(comment)
        if labelled_ms is not None:
            found["labels"] = max(labelled_ms, 0)
    return found


def difference(old: Mapping[str, int], new: Mapping[str, int]) -> Difference:
    """Sorted, so that one change is always the same command."""
    if not old:
        return Difference(leave=(), enter=tuple(sorted(new.items())))
    return Difference(
        leave=tuple(sorted(old.keys() - new.keys())),
        enter=tuple(sorted((name, score) for name, score in new.items() if old.get(name) != score)),
    )


def _facets(comment: Comment) -> Iterator[str]:
    """The queue sets of every facet value that an open comment has; the reasons are those of the decision in force."""
    for case in comment.cases:
        yield f"queue:case:{case.kind}"
    for reason in comment.decision.reasons if comment.decision is not None else ():
        yield f"queue:reason:{reason.code}"
        if reason.attribute is not None:
            yield f"queue:attribute:{reason.attribute}"
    scored = comment.latest.scored
    if scored is not None:
        yield f"queue:language:{scored.language}"
    yield f"queue:article:{digest(comment.article.id)}"
    if comment.author is not None and comment.author.id is not None:
        yield f"queue:author:{digest(comment.author.id)}"

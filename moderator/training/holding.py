"""What a candidate would hold for a person, in the terms of whoever moderates: counts of comments at thresholds.

Labelled comments are those that the champion held, so that any change of scores can only let some of them go. Whether
what goes is what should go is an exact question of counts: no level, order or likelihood answers it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from moderator.domain import ATTRIBUTES
from moderator.training.gates import Gate, Outcome

Holds = Mapping[str, float]
"""Attribute → the score from which a comment waits for a person; an attribute that is missing holds nothing."""

DEFAULT_HOLDS: Holds = {
    "toxicity": 0.65,
    "severe_toxicity": 0.80,
    "obscene": 0.90,
    "threat": 0.80,
    "insult": 0.70,
    "identity_attack": 0.70,
    "spam": 0.90,
}
"""The shipped policy's, for callers that know no policy."""

# So likely may what looks worse be chance.
_DOUBT = 0.05


@dataclass(frozen=True)
class Held:
    """Held-out comments that moderators rejected or approved; masks a row: held by the champion, by the candidate."""

    rejected: NDArray[np.bool_]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]

    def take(self, rows: NDArray[np.bool_]) -> "Held":
        """These rows alone."""
        return Held(self.rejected[rows], self.before[rows], self.after[rows])

    def counts(self) -> dict[str, int]:
        """Comments, and how many of them are held before and after, by what moderators said; and what changes."""
        no, yes = ~self.rejected, self.rejected
        gone, new = self.before & ~self.after, self.after & ~self.before
        masks = {
            "rejected": yes,
            "rejected_held_before": yes & self.before,
            "rejected_held_after": yes & self.after,
            "rejected_released": yes & gone,
            "rejected_caught": yes & new,
            "approved": no,
            "approved_held_before": no & self.before,
            "approved_held_after": no & self.after,
            "approved_spared": no & gone,
            "approved_newly_held": no & new,
        }
        return {name: int(mask.sum()) for name, mask in masks.items()}


def waits(scores: NDArray[np.float64], holds: Holds) -> NDArray[np.bool_]:
    """(rows, attributes): whether a score alone makes its comment wait; a threshold of 1 is never reached."""
    limits = np.array([holds.get(name, 1.0) for name in ATTRIBUTES])
    return np.asarray((scores >= limits) & (limits < 1))


def holding(held: Held, attribute: str | None = None) -> Gate:
    """Whether the candidate holds the right comments at least as well, by an exact sign test on those that change.

    Fails when rejected comments are released, or approved ones newly held, significantly oftener than approved ones
    are spared or rejected ones caught.
    """
    counts = held.counts()
    worse = counts["rejected_released"] + counts["approved_newly_held"]
    better = counts["approved_spared"] + counts["rejected_caught"]
    chance = binomtest(worse, worse + better, alternative="greater").pvalue if worse + better else 1.0
    outcome: Outcome = "passed" if worse <= better else "failed" if chance < _DOUBT else "undecided"
    if not counts["rejected"]:
        outcome = "undecided"
    return Gate(
        name="held",
        attribute=attribute,
        outcome=outcome,
        detail=_sentence(counts),
        numbers={**counts, "chance": round(float(chance), 4)},
    )


def _sentence(counts: Mapping[str, int]) -> str:
    return (
        f"of {counts['rejected']} rejected comments {counts['rejected_held_before']} were held and"
        f" {counts['rejected_held_after']} would be ({counts['rejected_released']} released,"
        f" {counts['rejected_caught']} caught); of {counts['approved']} approved ones"
        f" {counts['approved_held_before']} were and {counts['approved_held_after']} would be"
        f" ({counts['approved_spared']} spared, {counts['approved_newly_held']} newly held)"
    )

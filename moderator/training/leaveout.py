"""How well an attribute of a source is told when one of its groups (a video, a thread) was never seen.

A random split of few groups flatters: comments under one video repeat each other. Here every group in turn is left
out of training, everything else being as in the shipped model, and scored by what never saw it.
"""

from collections.abc import Sequence

import numpy as np

from moderator.domain import ATTRIBUTES
from moderator.scoring.bundle import Model
from moderator.scoring.calibration import weights
from moderator.training.corpus import Progress
from moderator.training.examples import Examples
from moderator.training.fit import fit_head
from moderator.training.metrics import binary, roc_auc
from moderator.training.params import Params


def leave_one_group_out(
    examples: Examples, groups: Sequence[str], model: Model, attribute: str, params: Params, *, tell: Progress
) -> dict[str, float]:
    """Group → ROC AUC of `attribute` with both views, joined with the weights of `model`.

    `groups`: the group of each example that is to be left out in its turn, empty for those that always train.
    """
    column = ATTRIBUTES.index(attribute)
    names = np.array(groups)
    found = {}
    for name in sorted(set(groups) - {""}):
        out = np.flatnonzero(names == name)
        lesson = examples.take(np.setdiff1d(examples.teaching(column), out))
        surface = fit_head(lesson.reading.surface, lesson.targets, column, params.surface)
        meaning = fit_head(lesson.reading.vectors, lesson.targets, column, params.meaning)
        reading = examples.reading.take(out)
        share = weights(model.calibration, reading.languages.tolist())[:, column]
        logits = surface.decision_function(reading.surface) + share * meaning.decision_function(reading.vectors)
        known, truth = binary(examples.targets.labels[out, column])
        if truth.all() or not truth.any():
            continue
        found[name] = round(roc_auc(truth, logits[known]), 4)
        tell(f"left out {name}: {attribute} AUC {found[name]:.3f}")
    return found

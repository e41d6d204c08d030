"""What each row of a corpus teaches about each attribute: the label, how much it counts, whose habit it follows."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.training.corpus import Corpus
from moderator.training.params import Params

TOXICITY = ATTRIBUTES.index("toxicity")
SEVERE = ATTRIBUTES.index("severe_toxicity")
THREAT = ATTRIBUTES.index("threat")
IDENTITY = ATTRIBUTES.index("identity_attack")
SPAM = ATTRIBUTES.index("spam")

_CLEAN = 0.2
_SURE = 0.7
# What a rule of ours says of severity counts half of what an annotator said.
_DERIVED_WEIGHT = 0.5


@dataclass(frozen=True)
class Targets:
    """Arrays (rows, attributes): `labels` float32 with NaN where nothing is taught, `weights` float32.

    `families` int32 (rows,): rows of one number share a nuisance intercept.
    """

    labels: NDArray[np.float32]
    weights: NDArray[np.float32]
    families: NDArray[np.int32]

    def take(self, rows: NDArray[np.intp]) -> "Targets":
        """These rows alone, in this order."""
        return Targets(self.labels[rows], self.weights[rows], self.families[rows])


def targets(corpus: Corpus, params: Params) -> Targets:
    """The sources' own labels and the few that follow from them, weighed by `params`."""
    chosen = [params.source(name) for name in corpus.names]
    weight_of = np.array([source.weight for source in chosen], np.float32)
    labels = corpus.labels.copy()
    weights = np.repeat(weight_of[corpus.sources][:, None], len(ATTRIBUTES), axis=1)
    clean_means_all = np.array([source.clean_means_all for source in chosen])[corpus.sources]
    not_spam = np.array([source.not_spam for source in chosen], np.float32)[corpus.sources]
    _clean_is_clean(labels, clean_means_all)
    _severity(labels, weights)
    _weak_negatives(labels, weights, not_spam)
    return Targets(labels, weights, _families(corpus, params))


def thinned(corpus: Corpus, params: Params) -> NDArray[np.intp]:
    """The rows that are used: of a source over its `rows_at_most`, clean rows are left out, by hash of the text."""
    keep = np.ones(len(corpus), np.bool_)
    for number, name in enumerate(corpus.names):
        limit = params.source(name).rows_at_most
        rows = np.flatnonzero(corpus.sources == number)
        if limit is not None and len(rows) > limit:
            clean = rows[np.nan_to_num(corpus.labels[rows, TOXICITY], nan=1.0) == 0]
            order = sorted(clean, key=lambda i: hashlib.sha256(corpus.texts[i].encode()).digest())
            keep[order[: len(rows) - limit]] = False
    return np.flatnonzero(keep)


def _clean_is_clean(labels: NDArray[np.float32], sources: NDArray[np.bool_]) -> None:
    clean = sources & (labels[:, TOXICITY] == 0)
    kinds = labels[:, :SPAM]
    kinds[clean[:, None] & np.isnan(kinds)] = 0.0


def _severity(labels: NDArray[np.float32], weights: NDArray[np.float32]) -> None:
    # Only one source judged severity, in English alone. What is not toxic is not severely so, and a plain threat or a
    # plain attack on a group is: that carries the attribute to the other languages.
    unknown = np.isnan(labels[:, SEVERE])
    with np.errstate(invalid="ignore"):
        clean = unknown & (labels[:, TOXICITY] <= _CLEAN)
        worst = np.maximum(labels[:, THREAT], labels[:, IDENTITY])  # NaN unless both are known
        severe = unknown & (worst >= _SURE) & (labels[:, TOXICITY] >= _SURE)
    labels[clean, SEVERE] = 0.0
    labels[severe, SEVERE] = 1.0
    weights[clean | severe, SEVERE] *= _DERIVED_WEIGHT


def _weak_negatives(labels: NDArray[np.float32], weights: NDArray[np.float32], share: NDArray[np.float32]) -> None:
    weak = np.isnan(labels[:, SPAM]) & (share > 0)
    labels[weak, SPAM] = 0.0
    weights[weak, SPAM] = share[weak]


def _families(corpus: Corpus, params: Params) -> NDArray[np.int32]:
    names = [params.source(name).family or name for name in corpus.names]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int32)[corpus.sources]

"""Heads are fitted for what sources teach, and for nothing else."""

import numpy as np

from moderator.domain import ATTRIBUTES
from moderator.training.corpus import silent
from moderator.training.encodings import CachedEncoder
from moderator.training.examples import Examples
from moderator.training.fit import fit_heads
from moderator.training.params import Blend, Params, View
from moderator.training.reading import read
from moderator.training.targets import Targets

KIND, RUDE = "a fair point about the budget", "you idiot, shut up about the budget"
VIEW = View(pull=0.5, max_iter=20, positives=0.5)
PARAMS = Params(surface=VIEW, meaning=VIEW, blend=Blend(share=0.5, pull=1.0, grid=(0.5,)))


def examples() -> Examples:
    texts = [f"{RUDE if n % 4 == 0 else KIND}, {n}" for n in range(60)]
    labels = np.full((60, len(ATTRIBUTES)), np.nan, np.float32)
    labels[:, 0] = np.arange(60) % 4 == 0
    labels[:, 2] = 0.0
    families = np.zeros(60, np.int32)
    return Examples(read(texts, CachedEncoder()), Targets(labels, np.ones_like(labels), families), families)


def test_both_views_learn_what_is_taught_and_the_rest_stays_silent() -> None:
    told: list[str] = []
    given = examples()
    heads = fit_heads(given, PARAMS, told.append)
    rude = given.targets.labels[:, 0] > 0.5
    for logits in (given.reading.surface @ heads.surface[:, 0], given.reading.vectors @ heads.meaning[:, 0]):
        assert logits[rude].min() > logits[~rude].max()
    assert not heads.surface[:, 1:].any()
    assert any("obscene stays unknown" in line for line in told)


def test_the_same_examples_give_the_same_bytes() -> None:
    first, second = (fit_heads(examples(), PARAMS, silent) for _ in range(2))
    assert first.surface.tobytes() == second.surface.tobytes()
    assert first.meaning.tobytes() == second.meaning.tobytes()

"""Scoring alone: the surface view against scikit-learn's vectoriser, both views in a loop, and through `/v1/score`."""

import itertools
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import msgspec
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import FeatureUnion

from moderator.scoring.bundle import Bundle
from moderator.scoring.scorer import Scorer, TextIn
from moderator.settings import packaged_bundle
from tests.bench import load
from tests.bench.service import Running
from tests.bench.texts import comments

BATCH = 64
# What the batcher makes of both views within its 30 ms.
BOTH_BATCH = 12


def hashing_vectoriser() -> FeatureUnion:
    """What an engineer would take: the same n-grams, from scikit-learn."""
    return FeatureUnion(
        [
            ("characters", HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**20)),
            ("words", HashingVectorizer(ngram_range=(1, 2), n_features=2**20)),
        ]
    )


def surface() -> dict[str, float]:
    """Microseconds a text: the vectoriser, the surface view alone and in batches, and how many times faster."""
    texts = list(itertools.islice(comments(2), 64 * BATCH))
    scorer = Scorer(Bundle.load(packaged_bundle()), "surface")
    vectoriser = hashing_vectoriser()
    theirs, batch, alone = [], [], []
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        theirs.append(_us(vectoriser.transform, part))
        batch.append(_us(partial(_together, scorer), part))
        alone.append(_us(partial(_one_by_one, scorer), part[:8]))
    return {
        "hashing_vectorizer_us": median(theirs),
        "surface_batch_64_us": median(batch),
        "surface_alone_us": median(alone),
        "batch_times_faster": median(t / b for t, b in zip(theirs, batch, strict=True)),
    }


def both(seconds: float = 6.0) -> dict[str, float]:
    """Milliseconds a text with both views, alone and in batches, and texts a second in a loop."""
    texts = list(itertools.islice(comments(3), 6000))
    scorer = Scorer(Bundle.load(packaged_bundle()), "all")
    alone = [_us(partial(_together, scorer), [text]) for text in texts[:100]]
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        part = texts[done % 5000 : done % 5000 + BOTH_BATCH]
        _together(scorer, part)
        done += len(part)
    per_s = done / (time.perf_counter() - began)
    return {"both_alone_ms": median(alone) / 1000, "both_batch_ms": 1000 / per_s, "both_per_s": per_s}


def through_http(service: Running, rounds: int = 4, seconds: float = 2.0) -> dict[str, float]:
    """`POST /v1/score` with 64 texts at a time, as much as the connections carry, in turn with the vectoriser."""
    texts = comments(4)
    batches = [list(itertools.islice(texts, BATCH)) for _ in range(50)]
    bodies = [msgspec.json.encode({"items": [{"text": text} for text in batch]}) for batch in batches]
    vectoriser = hashing_vectoriser()
    took, ratios = [], []
    for _ in range(rounds):
        theirs_us = median(_us(vectoriser.transform, batch) for batch in batches)
        found = load.most(service.port, "/v1/score", service.key, bodies * 50, seconds)
        assert not found.errors
        took.append(1e6 / (found.per_s * BATCH))
        ratios.append(theirs_us / took[-1])
    return {"v1_score_us": median(took), "v1_score_times_faster": median(ratios)}


def _together(scorer: Scorer, texts: Sequence[str]) -> None:
    scorer.score([TextIn(text) for text in texts])


def _one_by_one(scorer: Scorer, texts: Sequence[str]) -> None:
    for text in texts:
        scorer.score([TextIn(text)])


def _us(work: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    began = time.perf_counter()
    work(texts)
    return (time.perf_counter() - began) * 1e6 / len(texts)

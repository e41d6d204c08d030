"""How good a bundle is, source by source: on rows that it was never fitted to, scored exactly as they are served.

Of a source that the bundle was trained on, the test part counts; of any other source, all rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.scoring.bundle import Bundle, Model
from moderator.scoring.calibration import VIEWS
from moderator.scoring.encoding import Encodes
from moderator.scoring.scorer import score_passages
from moderator.training.corpus import Corpus, Progress, read_corpora, silent
from moderator.training.encodings import CachedEncoder
from moderator.training.metrics import average_precision, balanced_calibration_error, binary, recall_at, roc_auc
from moderator.training.reading import detected, passages
from moderator.training.split import TEST, parts

Floats = NDArray[np.float64]

_BATCH = 512
# Fewer of a class say too little to print.
_FEWEST_OF_A_CLASS = 5


class Line(Struct, frozen=True, kw_only=True):
    """One attribute of one source, in one language or in all (`*`).

    Numbers are of both views, `surface_auc` of the surface alone. `recall_1` and `recall_5`: share of positives caught
    at 1 % and 5 % of false positives. `calibration_error` is class-balanced.
    """

    source: str
    language: str
    attribute: str
    rows: int
    positives: int
    auc: float
    average_precision: float
    recall_1: float
    recall_5: float
    surface_auc: float
    calibration_error: float


class Evaluation(Struct, frozen=True, kw_only=True):
    """What `moderator evaluate` prints. `digests`: source → SHA-256 of its file."""

    bundle: str
    digests: dict[str, str]
    lines: tuple[Line, ...]


def evaluate(bundle: Path, corpora: Path, *, cache: Path | None = None, progress: Progress = silent) -> Evaluation:
    """Score what the bundle in `bundle` was not fitted to of all sources in `corpora`.

    `cache`: folder of sentence vectors (None: every text is encoded, 2 to 3 ms each).

    Raises:
        BundleError: the bundle must not be served. TrainingError: the corpora cannot be read.
    """
    loaded = Bundle.load(bundle)
    corpus = read_corpora(corpora)
    trained = trained_sources(loaded.manifest.training)
    rows = np.flatnonzero(held_out(corpus, trained))
    progress(f"{len(rows):,} of {len(corpus):,} rows were not trained on")
    encoder = CachedEncoder(cache, progress=progress)
    lines = measure(loaded.model, corpus.take(rows), encoder, progress)
    return Evaluation(bundle=loaded.id, digests=corpus.digests, lines=tuple(lines))


def trained_sources(training: Mapping[str, Any]) -> set[str]:
    """The sources that a manifest says the bundle was fitted to."""
    return set(training.get("sources", {}))


def held_out(corpus: Corpus, trained: set[str]) -> NDArray[np.bool_]:
    """Rows that a bundle fitted to the train parts of `trained` does not know."""
    known = np.array([name in trained for name in corpus.names])[corpus.sources]
    mask: NDArray[np.bool_] = np.equal(parts(corpus), TEST) | ~known
    return mask


def measure(model: Model, corpus: Corpus, encoder: Encodes, progress: Progress = silent) -> list[Line]:
    """Lines for every source, attribute and language of `corpus` that hold enough of both classes."""
    both, surface = scores(model, corpus.texts, encoder, progress)
    return [
        _line(corpus, rows, attribute, both, surface)
        for rows in _slices(corpus)
        for attribute in range(len(ATTRIBUTES))
        if _says_enough(corpus.labels[rows, attribute])
    ]


def scores(model: Model, texts: Sequence[str], encoder: Encodes, progress: Progress = silent) -> tuple[Floats, Floats]:
    """float64 (texts, attributes) twice: with both views, with the surface alone. As served, without a hint."""
    order = np.argsort([len(text) for text in texts], kind="stable")
    result = {views: np.empty((len(texts), len(ATTRIBUTES))) for views in VIEWS}
    for start in range(0, len(texts), _BATCH):
        rows = order[start : start + _BATCH]
        own = passages([texts[i] for i in rows])
        languages = detected(own)
        for views in VIEWS:
            result[views][rows] = score_passages(model, views, own, languages, encoder)
        if start % (_BATCH * 16) == 0:
            progress(f"scored {start:,} of {len(texts):,} texts")
    return result["all"], result["surface"]


def _slices(corpus: Corpus) -> Iterator[NDArray[np.intp]]:
    for number in range(len(corpus.names)):
        rows = np.flatnonzero(corpus.sources == number)
        languages = np.unique(corpus.languages[rows])
        yield rows
        if len(languages) > 1:
            yield from (rows[corpus.languages[rows] == language] for language in languages)


def _says_enough(labels: NDArray[np.float32]) -> bool:
    _, truth = binary(labels)
    return min(int(truth.sum()), int((~truth).sum())) >= _FEWEST_OF_A_CLASS


def _line(corpus: Corpus, rows: NDArray[np.intp], attribute: int, both: Floats, surface: Floats) -> Line:
    known, truth = binary(corpus.labels[rows, attribute])
    rows = rows[known]
    chosen, alone = both[rows, attribute], surface[rows, attribute]
    languages = np.unique(corpus.languages[rows])
    return Line(
        source=corpus.names[corpus.sources[rows[0]]],
        language=str(languages[0]) if len(languages) == 1 else "*",
        attribute=ATTRIBUTES[attribute],
        rows=len(rows),
        positives=int(truth.sum()),
        auc=_rounded(roc_auc(truth, chosen)),
        average_precision=_rounded(average_precision(truth, chosen)),
        recall_1=_rounded(recall_at(truth, chosen, 0.01)),
        recall_5=_rounded(recall_at(truth, chosen, 0.05)),
        surface_auc=_rounded(roc_auc(truth, alone)),
        calibration_error=_rounded(balanced_calibration_error(truth, chosen)),
    )


def _rounded(value: float) -> float:
    return round(value, 3)

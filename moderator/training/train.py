"""`moderator train --corpora FOLDER`: public corpora in, a bundle out.

The same corpora, parameters, id and time give the same bytes: nothing is drawn at random, and sums are taken in a
fixed order.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import to_builtins
from numpy.typing import NDArray

from moderator.scoring import language
from moderator.scoring.bundle import Contents, EncoderRecord, Manifest, Model, write
from moderator.scoring.meaning import encoder_digest, encoder_name
from moderator.scoring.scorer import record_vectors
from moderator.training.assemble import assemble, curves
from moderator.training.corpus import Corpus, Progress, read_corpora, silent
from moderator.training.encodings import CachedEncoder
from moderator.training.evaluate import Line, held_out, measure
from moderator.training.examples import Examples
from moderator.training.fit import fit_heads
from moderator.training.leaveout import leave_one_group_out
from moderator.training.params import Params, read_params
from moderator.training.reading import read
from moderator.training.report import card, table, trained_table
from moderator.training.split import TEST, TRAIN, VALID, parts
from moderator.training.targets import targets, thinned
from moderator.training.vectors import TEXTS

_CLONE = (
    "`moderator evaluate --corpora model/corpus`: rows that the bundle was not fitted to, of those written for this"
    " project. The folder holds all of them; the split is by hash of the group."
)
_EVERY = (
    "The test part of each source; all rows of a source that was left out of training ({}). The digests of the files"
    " stand below. `surface`: AUC without the sentence encoder."
)
_LEFT_OUT = "ROC AUC on a group (a video) when it was left out of training."


@dataclass(frozen=True)
class Run:
    """What a run starts from: all rows, the part of each, and how they are used. `rows`: those that are read."""

    corpus: Corpus
    parts: NDArray[np.int8]
    rows: NDArray[np.intp]
    params: Params


def train_corpora(
    corpora: Path,
    out: Path,
    *,
    identifier: str,
    created_at: datetime,
    cache: Path | None = None,
    params: Path | None = None,
    progress: Progress = silent,
) -> Manifest:
    """Train from all sources in `corpora` but those that the parameters leave out; write the bundle to `out`.

    `cache`: folder that keeps sentence vectors (None: 2 to 3 ms a text, again each time). About 8 minutes on two
    cores and 6 GB of memory for 370,000 rows with their vectors kept.

    Raises:
        TrainingError: corpora or parameters are missing or wrong. BundleError: `out` exists.
    """
    run = prepared(corpora, read_params(params))
    encoder = CachedEncoder(cache, progress=progress)
    examples = examples_of(run, encoder, progress)
    model, metrics, drawn = _fitted(run, examples, progress)
    progress("scoring what was not trained on")
    unseen = run.corpus.take(np.flatnonzero(held_out(run.corpus, set(_sources(run)))))
    lines = measure(model, unseen, encoder, progress)
    metrics["lines"] = to_builtins(lines)
    training = {"parameters": to_builtins(run.params), "sources": _sources(run), "encoder": encoder_name()}
    contents = Contents(
        id=identifier,
        created_at=created_at.isoformat(),
        model=model,
        encoder=EncoderRecord(encoder_name(), encoder_digest()),
        detector=language.name(),
        vectors=record_vectors(model, TEXTS, CachedEncoder()),
        curves=drawn,
        metrics=metrics,
        card=card(identifier, training, _sections(run, lines, metrics, created_at)),
        training=training,
    )
    return write(out, contents)


def prepared(corpora: Path, params: Params) -> Run:
    """Read the corpora and decide the part of each row; rows over a source's limit are not read unless tested."""
    corpus = read_corpora(corpora)
    part = parts(corpus)
    used = np.array([name not in params.leave_out for name in corpus.names])[corpus.sources]
    fitted = np.zeros(len(corpus), np.bool_)
    fitted[thinned(corpus, params)] = True
    return Run(corpus, part, np.flatnonzero(used & fitted & np.isin(part, (TRAIN, VALID, TEST))), params)


def examples_of(run: Run, encoder: CachedEncoder, progress: Progress = silent) -> Examples:
    """Both views' reading and the targets of `run.rows`."""
    chosen = run.corpus.take(run.rows)
    progress(f"reading {len(chosen):,} texts")
    reading = read(chosen.texts, encoder, run.params.characters)
    return Examples(reading, targets(chosen, run.params), chosen.sources)


def _fitted(run: Run, examples: Examples, progress: Progress) -> tuple[Model, dict[str, Any], dict[str, Any]]:
    """The model, the metrics that only training can give, and its curves."""
    part = run.parts[run.rows]
    heads = fit_heads(examples.take(np.flatnonzero(part == TRAIN)), run.params, progress)
    progress("joining the views and calibrating")
    model = assemble(heads, examples.take(np.flatnonzero(part == VALID)), run.params)
    drawn = curves(model, examples.take(np.flatnonzero(part == TEST)))
    left_out = {
        f"{source}/{attribute}": _left_out(run, examples, model, (source, attribute), progress)
        for source, attribute in run.params.leave_group_out.items()
        if source in run.corpus.names
    }
    return model, {"leave_one_group_out": left_out}, drawn


def _left_out(
    run: Run, examples: Examples, model: Model, what: tuple[str, str], progress: Progress
) -> dict[str, float]:
    source, attribute = what
    part = run.parts[run.rows]
    own = examples.sources == run.corpus.names.index(source)
    groups = [run.corpus.groups[row] or "" if mine else "" for row, mine in zip(run.rows, own, strict=True)]
    rows = np.flatnonzero((part == TRAIN) | own)
    chosen = [groups[row] for row in rows]
    return leave_one_group_out(examples.take(rows), chosen, model, attribute, run.params, tell=progress)


def _sources(run: Run) -> dict[str, dict[str, Any]]:
    """Source → rows, rows fitted to, weight and digest, for the manifest and the card."""
    part, sources = run.parts[run.rows], run.corpus.sources[run.rows]
    return {
        name: {
            "rows": int(run.corpus.rows_of(name).sum()),
            "train": int(((sources == number) & (part == TRAIN)).sum()),
            "weight": run.params.source(name).weight,
            "sha256": run.corpus.digests[name],
        }
        for number, name in enumerate(run.corpus.names)
        if name not in run.params.leave_out
    }


def _sections(run: Run, lines: list[Line], metrics: dict[str, Any], created_at: datetime) -> dict[str, str]:
    own = [line for line in lines if run.params.source(line.source).own]
    others = [line for line in lines if not run.params.source(line.source).own]
    left_out = [
        f"- {what}: {np.mean(list(groups.values())):.3f} on average ("
        + ", ".join(f"{group} {auc:.3f}" for group, auc in groups.items())
        + ")\n"
        for what, groups in metrics["leave_one_group_out"].items()
        if groups
    ]
    return {
        "What a clone reproduces": f"{_CLONE}\n\n{table(own)}",
        f"Every source, {created_at:%Y-%m-%d}": f"{_EVERY.format(', '.join(run.params.leave_out))}\n\n{table(others)}",
        "With one group left out": f"{_LEFT_OUT}\n\n{''.join(left_out)}",
        "What it was fitted to": trained_table(_sources(run)),
    }

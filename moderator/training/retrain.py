"""`moderator train --site S`: the champion and a site's labels in, a candidate bundle out.

The candidate is the champion plus a correction (`correction`), fitted to three quarters of the articles and compared
with the champion on the rest (`gates`, `holding`); what was compared is what is written. It needs nothing but labels
and the champion: no corpora, no estimator. A champion that is a correction itself is not corrected again: the new
correction is of the same bundle, its parent, or labels that it has learnt from would count twice.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, to_builtins
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.errors import TrainingError
from moderator.scoring.bundle import Bundle, Contents, Model, write
from moderator.scoring.calibration import Calibration, Views, probabilities
from moderator.scoring.calibration import weights as meaning_weights
from moderator.scoring.encoding import shared_encoder
from moderator.scoring.scorer import record_vectors
from moderator.training.assemble import model_logits
from moderator.training.corpus import Progress, silent
from moderator.training.correction import Correction, Lesson, correct
from moderator.training.encodings import CachedEncoder
from moderator.training.gates import Compared, Gate, calibration, drift, ranking, speed
from moderator.training.holding import DEFAULT_HOLDS, Held, Holds, holding, waits
from moderator.training.labels import FEWEST_OF_A_CLASS, Labels, read_labels, require_enough
from moderator.training.merge import merged, requantisation_loss
from moderator.training.reading import Reading, read
from moderator.training.report import card, retrained_sections

_HELD_OUT_SHARE = 0.25
_SPEED_RUNS = 3


class Result(Struct, frozen=True, kw_only=True):
    """What `moderator train --site S --json` prints; the bundle is written whatever the gates say."""

    bundle: str
    gates: tuple[Gate, ...]
    metrics: dict[str, Any]

    @property
    def failed(self) -> bool:
        """Whether a gate failed; undecided is no failure."""
        return any(gate.outcome == "failed" for gate in self.gates)


@dataclass(frozen=True)
class Read:
    """Labels as both views see them."""

    labels: Labels
    reading: Reading

    def take(self, rows: NDArray[np.intp]) -> "Read":
        """These rows alone, in this order."""
        return Read(self.labels.take(rows), self.reading.take(rows))


def retrain(
    champion: Path,
    labels: Iterable[Mapping[str, Any]],
    out: Path,
    *,
    identifier: str,
    created_at: datetime,
    root: Path | None = None,
    holds: Holds = DEFAULT_HOLDS,
    cache: Path | None = None,
    progress: Progress = silent,
) -> Result:
    """Fit a correction to `labels` (rows of `GET /v1/labels`); write a bundle to `out`.

    `root` is the folder of the champion's parent, if it has one; `holds` are the policy's thresholds.
    About 20 s for 5,000 labels of 100 characters, most of it reading their texts; `cache` keeps that.

    Raises:
        TrainingError: too few labels, answers or articles: says what is needed and what is there; or a row is no
            label; or `root` is not the champion's parent.
        BundleError: a bundle must not be served, or `out` exists.
    """
    given = read_labels(labels)
    require_enough(given)
    serving = Bundle.load(champion)
    start = _start(serving, root)
    progress(f"reading {len(given):,} labelled comments")
    whole = Read(given, read(given.texts, CachedEncoder(cache, progress=progress)))
    held = held_out_articles(given.groups)
    train, test = whole.take(np.flatnonzero(~held)), whole.take(np.flatnonzero(held))
    corrections = _corrections(start.model, train, progress)
    model = merged(start.model, corrections)
    lost = requantisation_loss(start.model, model, corrections, whole.reading)
    progress("comparing with the champion on articles that were not learnt from")
    gates = tuple(_gates(serving, model, test, sorted(corrections), holds))
    metrics = _metrics(train, test, corrections, lost) | {"champion": serving.id}
    _write(out, start, model, gates, metrics, identifier=identifier, created_at=created_at)
    return Result(bundle=identifier, gates=gates, metrics=metrics)


def _start(champion: Bundle, root: Path | None) -> Bundle:
    """The bundle that is corrected: never one that is a correction."""
    parent = champion.manifest.parent
    if parent is None:
        return champion
    start = None if root is None else Bundle.load(root)
    if start is None or start.id != parent:
        raise TrainingError(
            f"bundle {champion.id} is a correction of {parent}: training starts from {parent} again, or labels would"
            " count twice, and it was not given"
        )
    return start


def held_out_articles(groups: Iterable[str]) -> NDArray[np.bool_]:
    """Mask of the rows kept for comparing: whole articles in the order of their ids' hashes, up to a quarter of rows.

    At least one article is held out, and at least three are learnt from.
    """
    names = list(groups)
    sizes: dict[str, int] = {}
    for name in names:
        sizes[name] = sizes.get(name, 0) + 1
    held: set[str] = set()
    rows = 0
    for name in sorted(sizes, key=lambda name: sha256(name.encode("utf-8", "surrogatepass")).digest()):
        fits = rows + sizes[name] <= _HELD_OUT_SHARE * len(names) * 1.2
        if (fits or not held) and rows < _HELD_OUT_SHARE * len(names) and len(sizes) - len(held) > 3:
            held.add(name)
            rows += sizes[name]
    return np.array([name in held for name in names])


def _corrections(champion: Model, train: Read, progress: Progress) -> dict[int, Correction]:
    """Attribute number → correction, for those with enough of both answers among what is learnt from."""
    found = {}
    for attribute in train.labels.teachable():
        name = ATTRIBUTES[attribute]

        def tell(pull: float, name: str = name) -> None:
            progress(f"{name}: choosing how strongly to pull the correction to zero ({pull:g})…")

        found[attribute] = correct(_lesson(champion, train, attribute), tell)
    return found


def _kept(train: Read, corrections: Mapping[int, Correction]) -> dict[str, str]:
    """Attributes that score as before → why."""
    reasons = {}
    for attribute, name in enumerate(ATTRIBUTES):
        yes, no = train.labels.counts(attribute)
        if attribute not in corrections:
            reasons[name] = f"{yes} yes and {no} no to learn from, {FEWEST_OF_A_CLASS} of each are needed"
        elif corrections[attribute].pull is None:
            reasons[name] = f"no correction told comments apart better ({yes} yes, {no} no)"
    return reasons


def _lesson(champion: Model, train: Read, attribute: int) -> Lesson:
    rows = np.flatnonzero(~np.isnan(train.labels.answers[:, attribute]))
    part = train.take(rows)
    name, languages = ATTRIBUTES[attribute], part.reading.languages.tolist()
    raw = model_logits(champion, part.reading)
    lines = {views: _line(champion.calibration, views, languages, name) for views in ("all", "surface")}
    return Lesson(
        surface=part.reading.surface,
        vectors=part.reading.vectors,
        base=lines["all"][:, 0] * raw["all"][:, attribute] + lines["all"][:, 1],
        surface_base=lines["surface"][:, 0] * raw["surface"][:, attribute] + lines["surface"][:, 1],
        slopes=lines["all"][:, 0],
        surface_slopes=lines["surface"][:, 0],
        shares=meaning_weights(champion.calibration, languages)[:, attribute],
        truth=part.labels.answers[:, attribute] > 0.5,
        weights=part.labels.weights,
        groups=part.labels.groups,
    )


def _line(how: Calibration, views: str, languages: list[str], name: str) -> NDArray[np.float64]:
    """(rows, 2): slope and offset of each row's language."""
    maps = how.maps[views]
    return np.array([maps.get(code, {}).get(name, maps["*"][name]) for code in languages]).reshape(-1, 2)


def _gates(champion: Bundle, model: Model, test: Read, corrected: list[int], holds: Holds) -> Iterable[Gate]:
    ours, theirs = (_probabilities(each, test.reading) for each in (model, champion.model))
    yield from _holding(test.labels, waits(theirs, holds), waits(ours, holds), corrected)
    for attribute in corrected:
        rows = np.flatnonzero(~np.isnan(test.labels.answers[:, attribute]))
        compared = Compared(
            attribute=ATTRIBUTES[attribute],
            champion=theirs[rows, attribute],
            candidate=ours[rows, attribute],
            truth=test.labels.answers[rows, attribute] > 0.5,
            weights=test.labels.weights[rows],
            groups=[test.labels.groups[row] for row in rows],
        )
        yield ranking(compared)
        yield calibration(compared)
    texts = [(vector.text, vector.language) for vector in champion.vectors]
    before, after = (record_vectors(each, texts, shared_encoder()) for each in (champion.model, model))
    yield drift(*(np.array([vector.scores["all"] for vector in vectors]) for vectors in (before, after)))
    yield speed(*(_fastest(each, test.reading) for each in (champion.model, model)))


def _holding(
    labels: Labels, before: NDArray[np.bool_], after: NDArray[np.bool_], corrected: list[int]
) -> Iterable[Gate]:
    """By all scores together, which is what a reader meets, and by each that was corrected alone."""
    every = ((labels.answers > 0.5), before, after)
    yield holding(Held(*(np.asarray(mask.any(axis=1)) for mask in every)))
    for attribute in corrected:
        answers = labels.answers[:, attribute]
        held = Held(answers > 0.5, before[:, attribute], after[:, attribute])
        yield holding(held.take(~np.isnan(answers)), ATTRIBUTES[attribute])


def _probabilities(model: Model, reading: Reading, views: Views = "all") -> NDArray[np.float64]:
    raw = model_logits(model, reading)[views]
    return probabilities(model.calibration, views, reading.languages.tolist(), raw)


def _fastest(model: Model, reading: Reading) -> float:
    """Seconds from what was read to probabilities, the best of some runs."""
    took = []
    for _ in range(_SPEED_RUNS):
        begin = time.perf_counter()
        _probabilities(model, reading)
        took.append(time.perf_counter() - begin)
    return min(took)


def _metrics(train: Read, test: Read, corrections: dict[int, Correction], lost: float) -> dict[str, Any]:
    return {
        "labels": {"learnt_from": len(train.labels), "held_out": len(test.labels)},
        "articles": {"learnt_from": len(set(train.labels.groups)), "held_out": len(set(test.labels.groups))},
        "corrections": {
            ATTRIBUTES[attribute]: {
                "pull": correction.pull,
                "centred_by": round(correction.offset, 4),
                "cross_validated_log_loss": correction.losses,
                "answers": dict(zip(("yes", "no"), train.labels.counts(attribute), strict=True)),
            }
            for attribute, correction in corrections.items()
        },
        "kept": _kept(train, corrections),
        "requantisation_largest_logit": round(lost, 5),
    }


def _write(
    out: Path,
    start: Bundle,
    model: Model,
    gates: tuple[Gate, ...],
    metrics: dict[str, Any],
    *,
    identifier: str,
    created_at: datetime,
) -> None:
    texts = [(vector.text, vector.language) for vector in start.vectors]
    manifest = start.manifest
    training = {
        "labels": metrics["labels"],
        "sources": manifest.training.get("sources", {}),
        "curves": f"carried over from {start.id}",
        "encoder": manifest.encoder.name,
    }
    contents = Contents(
        id=identifier,
        created_at=created_at.isoformat(),
        model=model,
        encoder=manifest.encoder,
        detector=manifest.detector,
        vectors=record_vectors(model, texts, shared_encoder()),
        curves=start.document("curves.json"),
        metrics={**metrics, "gates": to_builtins(gates), "parent": start.id},
        card=card(identifier, training, retrained_sections(start.id, start.card, to_builtins(gates), metrics)),
        parent=start.id,
        training=training,
    )
    write(out, contents)

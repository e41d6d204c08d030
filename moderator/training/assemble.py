"""From fitted heads to a model that can be served: quantised, joined, calibrated."""

from typing import Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.scoring.bundle import Model
from moderator.scoring.calibration import ANY, VIEWS, Calibration, intercepts, probabilities, weights
from moderator.scoring.language import UNKNOWN
from moderator.scoring.surface import Weights, quantise
from moderator.training.blend import shares
from moderator.training.calibrate import Line, curve, platt, reference_weights
from moderator.training.examples import Examples
from moderator.training.fit import Heads
from moderator.training.params import Params
from moderator.training.reading import Reading

Floats = NDArray[np.float64]

_FEWEST_FOR_A_LANGUAGE = 25
"""Rows of the rarer class that a language needs for a calibration of its own; below 300 it is mostly the common one."""


def assemble(heads: Heads, held: Examples, params: Params) -> Model:
    """Quantise `heads`, choose view weights by language and calibrate, all on `held` rows."""
    # 1. What will be served: the numbers below must know what quantisation lost.
    table, meaning = quantise(heads.surface), heads.meaning.astype(np.float16).astype(np.float32)
    # 2. Both views' logits, each at a spread of 1: shares can then be compared between attributes.
    spread = heads.spreads.astype(np.float64)
    surface = dequantised_logits(table, held.reading)
    by_meaning = np.asarray(held.reading.vectors @ meaning, np.float64)
    chosen = shares(surface / spread[:, 0], by_meaning / spread[:, 1], held, params.blend)
    # 3. Shares into weights, weighted sums into probabilities.
    scale = dict(zip(ATTRIBUTES, spread[:, 0] / spread[:, 1], strict=True))
    unmapped = Calibration(
        intercepts=dict(zip(ATTRIBUTES, heads.intercepts.astype(float).tolist(), strict=True)),
        meaning_weights={
            language: {name: share * float(scale[name]) for name, share in by_name.items()}
            for language, by_name in chosen.items()
        },
        maps={},
    )
    raw = raw_logits(unmapped, surface, by_meaning, held.reading.languages)
    return Model(table, meaning, structs.replace(unmapped, maps={views: _maps(raw[views], held) for views in VIEWS}))


def dequantised_logits(table: Weights, reading: Reading) -> Floats:
    """float64 (rows, attributes): the surface's logits as they are served, without intercepts."""
    width = len(ATTRIBUTES)
    return np.asarray(reading.surface @ (table.table[:, :width] * table.scales[:width]), np.float64)


def raw_logits(
    calibration: Calibration, surface: Floats, meaning: Floats, languages: NDArray[np.str_]
) -> dict[str, Floats]:
    """Views → float64 (rows, attributes): logits before the map to probabilities."""
    alone = surface + intercepts(calibration)
    return {"all": alone + weights(calibration, languages.tolist()) * meaning, "surface": alone}


def model_logits(model: Model, reading: Reading) -> dict[str, Floats]:
    """`raw_logits` of what was read, with the model's own numbers."""
    by_meaning = np.asarray(reading.vectors @ model.meaning, np.float64)
    return raw_logits(model.calibration, dequantised_logits(model.surface, reading), by_meaning, reading.languages)


def curves(model: Model, held: Examples) -> dict[str, dict[str, Any]]:
    """Attribute → `calibrate.curve` with the numbers of rows; under `surface` the same without the encoder."""
    raw = model_logits(model, held.reading)
    languages = held.reading.languages.tolist()
    scores = {views: probabilities(model.calibration, views, languages, raw[views]) for views in VIEWS}
    result: dict[str, dict[str, Any]] = {}
    for attribute, name in enumerate(ATTRIBUTES):
        rows, truth = held.judged(attribute)
        by_source = reference_weights(truth, held.sources[rows])
        drawn = {views: curve(scores[views][rows, attribute], truth, by_source) for views in VIEWS}
        counts = {"positives": int(truth.sum()), "negatives": int((~truth).sum())}
        result[name] = {**drawn["all"], **counts, "surface": drawn["surface"]}
    return result


def _maps(raw: Floats, held: Examples) -> dict[str, dict[str, Line]]:
    maps: dict[str, dict[str, Line]] = {ANY: {}}
    for attribute, name in enumerate(ATTRIBUTES):
        rows, truth = held.judged(attribute)
        every = maps[ANY][name] = _line(raw[:, attribute], held, rows, truth)
        languages = held.reading.languages[rows]
        for language in np.unique(languages[truth]):
            own = languages == language
            if language != UNKNOWN and min(truth[own].sum(), (~truth[own]).sum()) >= _FEWEST_FOR_A_LANGUAGE:
                line = _line(raw[:, attribute], held, rows[own], truth[own], every)
                maps.setdefault(str(language), {})[name] = line
    return maps


def _line(
    logits: Floats, held: Examples, rows: NDArray[np.intp], truth: NDArray[np.bool_], towards: Line = (1.0, 0.0)
) -> Line:
    return platt(logits[rows], truth, reference_weights(truth, held.sources[rows]), towards)

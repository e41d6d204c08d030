"""A champion and its corrections made one model, quantised again."""

from collections.abc import Mapping

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.scoring.bundle import Model
from moderator.scoring.calibration import VIEWS, Calibration
from moderator.scoring.surface import Weights
from moderator.training.correction import Correction
from moderator.training.reading import Reading

_SEED = 20261125


def merged(champion: Model, corrections: Mapping[int, Correction]) -> Model:
    """The model that scores as the champion plus `corrections` (attribute number → correction)."""
    table, scales = champion.surface.table.copy(), champion.surface.scales.copy()
    meaning = champion.meaning.copy()
    for attribute, correction in corrections.items():
        weights = table[:, attribute].astype(np.float32) * scales[attribute]
        weights[correction.buckets] += correction.values
        scales[attribute] = max(scales[attribute], float(np.abs(weights).max()) / 127)
        table[:, attribute] = _dithered(weights / scales[attribute])
        meaning[:, attribute] += correction.meaning
    served = meaning.astype(np.float16).astype(np.float32)
    return Model(Weights(table, scales), served, _moved(champion.calibration, corrections))


def requantisation_loss(
    champion: Model, candidate: Model, corrections: Mapping[int, Correction], reading: Reading
) -> float:
    """The largest difference, in raw logits of the surface over `reading`, that quantising again made."""
    width = len(ATTRIBUTES)
    exact = champion.surface.table[:, :width].astype(np.float32) * champion.surface.scales[:width]
    for attribute, correction in corrections.items():
        exact[correction.buckets, attribute] += correction.values
    served = candidate.surface.table[:, :width].astype(np.float32) * candidate.surface.scales[:width]
    return float(np.abs(reading.surface @ (exact - served)).max())


def _dithered(values: NDArray[np.float32]) -> NDArray[np.int8]:
    """Rounded up as often as the fraction says, by a fixed draw a bucket.

    A correction is many weights smaller than half a step: rounded to the nearest, all of them would vanish. Whole
    numbers, which is what a champion's untouched weights are, stay as they are.
    """
    near = np.rint(values)
    whole = np.abs(values - near) < 1e-4
    drawn = np.floor(values + np.random.default_rng(_SEED).random(len(values), np.float32))
    return np.clip(np.where(whole, near, drawn), -127, 127).astype(np.int8)


def _moved(champion: Calibration, corrections: Mapping[int, Correction]) -> Calibration:
    """The champion's maps with what centres each correction added, in every language."""
    offsets = {
        "all": {ATTRIBUTES[attribute]: correction.offset for attribute, correction in corrections.items()},
        "surface": {ATTRIBUTES[attribute]: correction.surface_offset for attribute, correction in corrections.items()},
    }
    maps = {
        views: {
            language: {name: (slope, offset + offsets[views].get(name, 0.0)) for name, (slope, offset) in names.items()}
            for language, names in champion.maps[views].items()
        }
        for views in VIEWS
    }
    return structs.replace(champion, maps=maps)

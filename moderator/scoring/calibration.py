"""From two views' logits to a probability at the reference prevalence of 0.5.

    raw(text, attribute)  = intercept + surface + weight(language) · meaning      (views "all")
                          = intercept + surface                                   (views "surface")
    probability           = 1 / (1 + exp(−(slope · raw + offset)))

Weights, slopes and offsets are looked up by language first and under `ANY` where the language has none of its own.
Fitted by `training/calibrate.py`; applied here, in training's evaluation as in serving.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES

Value = TypeVar("Value")
Views = Literal["all", "surface"]
VIEWS: tuple[Views, ...] = ("all", "surface")
ANY = "*"
"""The entry for every language that has none of its own."""

_FLAT = 60.0  # exp() of more than this changes nothing in a probability and may overflow


class Calibration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every number between a logit and a probability, by attribute.

    `meaning_weights`: language (or `ANY`) → attribute → weight of the meaning view's logit.
    `maps`: views → language (or `ANY`) → attribute → (slope, offset).
    """

    intercepts: dict[str, float]
    meaning_weights: dict[str, dict[str, float]]
    maps: dict[str, dict[str, dict[str, tuple[float, float]]]]

    def problem(self) -> str | None:
        """What is missing or not finite, or None: then `weights` and `probabilities` cannot fail."""
        if set(self.maps) != set(VIEWS):
            return f"maps must be given for {' and '.join(VIEWS)}"
        maps = [(languages.get(ANY, {}), *languages.values()) for languages in self.maps.values()]
        pairs = [pair for tables in maps for table in tables for pair in table.values()]
        numbers = [*self.intercepts.values(), *(n for table in self.meaning_weights.values() for n in table.values())]
        if not (np.isfinite(numbers).all() and np.isfinite(pairs).all()):
            return "a number is not finite"
        complete = [
            self.intercepts.keys(),
            self.meaning_weights.get(ANY, {}).keys(),
            *(tables[0].keys() for tables in maps),
        ]
        missing = {name for name in ATTRIBUTES if not all(name in names for names in complete)}
        return f"no numbers for {', '.join(sorted(missing))}" if missing else None


class Tables:
    """A calibration for one choice of views as arrays.

    Made once a scorer: looking numbers up by name costs more than the n-grams of a short text.
    """

    def __init__(self, calibration: Calibration, views: Views) -> None:
        self.intercepts = intercepts(calibration)
        self.weights = Rows(calibration.meaning_weights)
        self.maps = Rows(calibration.maps[views])


class Rows:
    """One array with a row of numbers for each language that has its own, and a last one for all others."""

    def __init__(self, tables: Mapping[str, Mapping[str, float | tuple[float, float]]]) -> None:
        languages = sorted(set(tables) - {ANY})
        self._places = {language: place for place, language in enumerate(languages)}
        self._numbers = np.array(
            [[_look_up(tables, language, name) for name in ATTRIBUTES] for language in (*languages, ANY)], np.float64
        )

    def of(self, languages: Sequence[str]) -> NDArray[np.float64]:
        """float64 (texts, attributes), or (texts, attributes, 2) of maps."""
        others = len(self._places)
        return self._numbers.take([self._places.get(language, others) for language in languages], axis=0, mode="clip")


def intercepts(calibration: Calibration) -> NDArray[np.float64]:
    """float64 (attributes)."""
    return np.array([calibration.intercepts[name] for name in ATTRIBUTES])


def weights(calibration: Calibration, languages: Sequence[str]) -> NDArray[np.float64]:
    """float64 (texts, attributes): how much the meaning view counts for each text."""
    return Rows(calibration.meaning_weights).of(languages)


def probabilities(
    calibration: Calibration, views: Views, languages: Sequence[str], raw: NDArray[np.float64]
) -> NDArray[np.float64]:
    """float64 (texts, attributes) in [0, 1]; what is not a number in `raw` stays not a number."""
    return mapped(Rows(calibration.maps[views]).of(languages), raw)


def mapped(maps: NDArray[np.float64], raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """`probabilities` by `maps` (texts, attributes, 2) of slopes and offsets."""
    values = maps[..., 0] * raw
    values += maps[..., 1]
    np.maximum(values, -_FLAT, out=values)
    np.minimum(values, _FLAT, out=values)
    np.exp(np.negative(values, out=values), out=values)
    values += 1
    result: NDArray[np.float64] = np.reciprocal(values, out=values)
    return result


def _look_up(tables: Mapping[str, Mapping[str, Value]], language: str, attribute: str) -> Value:
    own = tables.get(language, {})
    return own[attribute] if attribute in own else tables[ANY][attribute]

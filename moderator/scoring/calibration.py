"""From two views' logits to a probability at the reference prevalence of 0.5.

    raw(text, attribute)  = intercept + surface + weight(language) · meaning      (views "all")
                          = intercept + surface                                   (views "surface")
    probability           = 1 / (1 + exp(−(slope · raw + offset)))

Weights, slopes and offsets are looked up by language first and under `ANY` where the language has none of its own.
Fitted by `training/calibrate.py`; applied here, in training's evaluation as in serving.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

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
    """A calibration for one choice of views as arrays: a row for each language that has numbers, and one for others.

    Made once a scorer: looking numbers up by name costs more than the n-grams of a short text.
    """

    def __init__(self, calibration: Calibration, views: Views) -> None:
        maps = calibration.maps[views]
        languages = sorted({*maps, *calibration.meaning_weights} - {ANY})
        self._places = {language: place for place, language in enumerate(languages)}
        self._others = len(languages)
        self.intercepts = intercepts(calibration)
        self._weights = _rows(calibration.meaning_weights, languages)
        numbers = _rows(maps, languages)
        self._slopes, self._offsets = np.ascontiguousarray(numbers[..., 0]), np.ascontiguousarray(numbers[..., 1])

    def places(self, languages: Sequence[str]) -> list[int]:
        """The row of each text, which the other methods take."""
        return [self._places.get(language, self._others) for language in languages]

    def weights(self, places: list[int]) -> NDArray[np.float64]:
        """float64 (texts, attributes): how much the meaning view counts for each text."""
        return self._weights.take(places, axis=0)

    def probabilities(self, places: list[int], raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64 (texts, attributes) in [0, 1]; what is not a number in `raw` stays not a number."""
        mapped = self._slopes.take(places, axis=0)
        mapped *= raw
        mapped += self._offsets.take(places, axis=0)
        np.maximum(mapped, -_FLAT, out=mapped)
        np.minimum(mapped, _FLAT, out=mapped)
        np.exp(np.negative(mapped, out=mapped), out=mapped)
        mapped += 1
        result: NDArray[np.float64] = np.reciprocal(mapped, out=mapped)
        return result


def weights(calibration: Calibration, languages: Sequence[str]) -> NDArray[np.float64]:
    """float64 (texts, attributes): how much the meaning view counts for each text."""
    tables = Tables(calibration, "all")
    return tables.weights(tables.places(languages))


def intercepts(calibration: Calibration) -> NDArray[np.float64]:
    """float64 (attributes)."""
    return np.array([calibration.intercepts[name] for name in ATTRIBUTES])


def probabilities(
    calibration: Calibration, views: Views, languages: Sequence[str], raw: NDArray[np.float64]
) -> NDArray[np.float64]:
    """float64 (texts, attributes) in [0, 1]; what is not a number in `raw` stays not a number."""
    tables = Tables(calibration, views)
    return tables.probabilities(tables.places(languages), raw)


def _rows(tables: Mapping[str, Mapping[str, Any]], languages: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[_look_up(tables, language, name) for name in ATTRIBUTES] for language in (*languages, ANY)])


def _look_up(tables: Mapping[str, Mapping[str, Value]], language: str, attribute: str) -> Value:
    own = tables.get(language, {})
    return own[attribute] if attribute in own else tables[ANY][attribute]

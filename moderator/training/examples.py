"""Rows ready to learn from: what both views see of a text, what it teaches, whose it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderator.training.metrics import binary
from moderator.training.reading import Reading
from moderator.training.targets import Targets


@dataclass(frozen=True)
class Examples:
    """Row i of every part is the same comment; `sources` numbers its source."""

    reading: Reading
    targets: Targets
    sources: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.sources)

    def take(self, rows: NDArray[np.intp]) -> "Examples":
        """These rows alone, in this order."""
        return Examples(self.reading.take(rows), self.targets.take(rows), self.sources[rows])

    def teaching(self, attribute: int) -> NDArray[np.intp]:
        """Rows that say anything of `attribute`, shares of annotators included."""
        return np.flatnonzero(~np.isnan(self.targets.labels[:, attribute]) & (self.targets.weights[:, attribute] > 0))

    def judged(self, attribute: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """(rows that say yes or no of `attribute`, their answers)."""
        known, truth = binary(self.targets.labels[:, attribute])
        return np.flatnonzero(known), truth

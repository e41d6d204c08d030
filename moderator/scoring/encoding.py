"""What the scorer needs of a sentence encoder, and the one that a process shares."""

from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from moderator.scoring.meaning import Encoder


class Encodes(Protocol):
    """Anything that turns texts into vectors of `meaning.DIMENSIONS`."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (texts, `DIMENSIONS`)."""


class SharedEncoder:
    """The process's one encoder: loaded at first use (0.7 s, 130 MB), used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._encoder: Encoder | None = None

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 (texts, `DIMENSIONS`)."""
        with self._lock:
            if self._encoder is None:
                self._encoder = Encoder()
            return self._encoder.encode(texts)


@cache
def shared_encoder() -> SharedEncoder:
    """The same object for every caller in the process."""
    return SharedEncoder()

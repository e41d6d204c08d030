"""Sentence vectors of texts, computed once and kept on disk.

The folder holds one subfolder an encoder (its digest) with numbered segments: `N.keys.npy` (uint8, rows × 16, hash of
the text as the encoder reads it) beside `N.vectors.npy` (float16, rows × 512). Segments are only ever added; one that
was cut short by a crash has no keys file yet and is written over. A lost cache costs only time.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderator.scoring.encoding import Encodes, shared_encoder
from moderator.scoring.meaning import DIMENSIONS, MAX_TOKENS, encoder_digest
from moderator.training.corpus import Progress, silent

_KEY_BYTES = 16
_BATCH = 256
_SEGMENT_ROWS = 8192
# The encoder reads no further (12 characters a token at most).
_CHARACTERS = MAX_TOKENS * 12


def text_key(text: str) -> bytes:
    """Names a text in the cache; never the text itself."""
    return hashlib.sha256(_read_part(text).encode("utf-8", "surrogatepass")).digest()[:_KEY_BYTES]


class CachedEncoder:
    """An encoder that remembers: `encode` as the scorer calls it. One process at a time may write to `folder`.

    `folder` None keeps nothing on disk and little in memory: for small sets. `encoder` defaults to the process's own.
    """

    def __init__(
        self, folder: Path | None = None, *, encoder: Encodes | None = None, progress: Progress = silent
    ) -> None:
        self._encoder = encoder or shared_encoder()
        self._progress = progress
        self._folder = folder / encoder_digest()[:16] if folder else None
        self._places: dict[bytes, tuple[int, int]] = {}
        self._segments: list[NDArray[np.float16]] = []
        for keys, vectors in self._stored():
            self._add(keys, vectors)

    def __contains__(self, text: str) -> bool:
        return text_key(text) in self._places

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (texts, 512), row i for text i; those not known yet are encoded (2 to 3 ms each) and kept."""
        keys = [text_key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._places}
        self._encode(list(missing.values()))
        places = np.array([self._places[key] for key in keys], np.int64).reshape(-1, 2)
        gathered = np.empty((len(keys), DIMENSIONS), np.float32)
        for number in np.unique(places[:, 0]):
            rows = np.flatnonzero(places[:, 0] == number)
            gathered[rows] = self._segments[number][places[rows, 1]]
        return gathered

    def store(self, texts: Sequence[str], vectors: NDArray[np.float16]) -> None:
        """Keep `vectors` of `texts` as a new segment."""
        keys = np.frombuffer(b"".join(text_key(text) for text in texts), np.uint8).reshape(-1, _KEY_BYTES)
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{len(self._segments):05d}.keys.npy"
            np.save(path.with_name(_vectors_name(path)), vectors)
            np.save(path, keys)
        self._add(keys, vectors)

    def _stored(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float16]]]:
        for path in sorted(self._folder.glob("*.keys.npy")) if self._folder else ():
            yield np.load(path), np.load(path.with_name(_vectors_name(path)), mmap_mode="r")

    def _add(self, keys: NDArray[np.uint8], vectors: NDArray[np.float16]) -> None:
        number = len(self._segments)
        self._segments.append(vectors)
        self._places.update((key.tobytes(), (number, row)) for row, key in enumerate(keys))

    def _encode(self, texts: list[str]) -> None:
        texts = sorted(texts, key=len)  # equal lengths share a batch: padding costs as much as text
        for start in range(0, len(texts), _SEGMENT_ROWS):
            segment = texts[start : start + _SEGMENT_ROWS]
            encoded = []
            for begin in range(0, len(segment), _BATCH):
                batch = segment[begin : begin + _BATCH]
                encoded.append(self._encoder.encode([_read_part(text) for text in batch]).astype(np.float16))
                self._tell(start + begin + len(batch), len(texts))
            self.store(segment, np.concatenate(encoded))

    def _tell(self, done: int, texts: int) -> None:
        if texts > _BATCH and (done == texts or done % (_BATCH * 4) == 0):
            self._progress(f"encoded {done:,} of {texts:,} new texts")


def _read_part(text: str) -> str:
    return " ".join(text.split())[:_CHARACTERS]


def _vectors_name(keys: Path) -> str:
    return keys.name.replace(".keys.", ".vectors.")

"""Vectors are computed once, kept by text, and found again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderator.scoring.meaning import DIMENSIONS
from moderator.training.encodings import CachedEncoder


class CountingEncoder:
    """Gives each text a vector of its length; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([[len(text)] * DIMENSIONS for text in texts], np.float32)


def test_a_text_is_encoded_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    cached = CachedEncoder(tmp_path, encoder=encoder)
    vectors = cached.encode(["four", "a", "four"])
    assert vectors[:, 0].tolist() == [4, 1, 4]
    cached.encode(["a", "four"])
    assert sorted(encoder.asked) == ["a", "four"]


def test_the_next_process_finds_them(tmp_path: Path) -> None:
    CachedEncoder(tmp_path, encoder=CountingEncoder()).encode(["a", "bb"])
    encoder = CountingEncoder()
    cached = CachedEncoder(tmp_path, encoder=encoder)
    assert cached.encode(["bb", "ccc"])[:, 0].tolist() == [2, 3]
    assert encoder.asked == ["ccc"]
    assert "a" in cached
    assert "d" not in cached


def test_a_segment_that_a_crash_cut_short_is_written_again(tmp_path: Path) -> None:
    CachedEncoder(tmp_path, encoder=CountingEncoder()).encode(["a"])
    for keys in tmp_path.rglob("*.keys.npy"):
        keys.unlink()
    assert CachedEncoder(tmp_path, encoder=CountingEncoder()).encode(["a"])[0, 0] == 1


def test_no_text_is_no_work() -> None:
    assert CachedEncoder(encoder=CountingEncoder()).encode([]).shape == (0, DIMENSIONS)

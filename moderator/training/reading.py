"""What both views see of texts, as arrays: read exactly as the scorer reads them, so that what is fitted is served."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderator.scoring import language
from moderator.scoring.encoding import Encodes
from moderator.scoring.normalise import Passage, meaning_text, prepare
from moderator.scoring.surface import extract
from moderator.training.logistic import Matrix, sparse_rows


@dataclass(frozen=True)
class Reading:
    """Rows are texts. `surface`: CSR (texts, BUCKETS); `vectors`: float32 (texts, 512); `languages`: detected codes."""

    surface: Matrix
    vectors: NDArray[np.float32]
    languages: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.languages)

    def take(self, rows: NDArray[np.intp]) -> "Reading":
        """These rows alone, in this order."""
        return Reading(self.surface[rows], self.vectors[rows], self.languages[rows])


def passages(texts: Sequence[str], characters: int | None = None) -> list[Passage]:
    """The writer's own part of each text, of its first `characters` code points (None: all)."""
    return [prepare(text[:characters]).own for text in texts]


def detected(own: Sequence[Passage], expected: Sequence[str] | None = None) -> list[str]:
    """The language of each passage as the scorer would tell it; `expected` stands in where the text cannot tell."""
    hints = expected if expected is not None else [""] * len(own)
    return [language.detect(one.normal, hint or None)[0] for one, hint in zip(own, hints, strict=True)]


def read(texts: Sequence[str], encoder: Encodes, characters: int | None = None) -> Reading:
    """Read `texts` with both views."""
    own = passages(texts, characters)
    return Reading(
        surface=sparse_rows(extract(own)),
        vectors=encoder.encode([meaning_text(passage) for passage in own]),
        languages=np.array(detected(own)),
    )

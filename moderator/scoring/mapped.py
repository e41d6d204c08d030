"""A text that remembers how it was made, so that any part of it can be found in the text as sent.

Scoring needs only the text; the map is worked out when an explanation asks for it.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Edit: TypeAlias = tuple[int, int, str]
"""(begin, end, replacement): positions in the text that is edited, `begin < end`."""

Places: TypeAlias = NDArray[np.int64]


class Mapped(Struct, frozen=True, gc=False):
    """A text made of `parts` of the text `before` it: (begin, end there, what stands here), in order.

    A part as long as what it stands for maps character by character; any other maps, each of its characters, to all
    that it stands for. `characters` are such parts, one for each character before. Without either it is the text as
    sent.
    """

    text: str
    before: "Mapped | None" = None
    parts: Sequence[Edit] = ()
    characters: Sequence[str] = ()

    @classmethod
    def assembled(cls, sent: "Mapped", parts: Sequence[Edit]) -> "Mapped":
        """A text of `parts` of `sent`."""
        return cls("".join([part for _, _, part in parts]), sent, parts)

    def edited(self, edits: Sequence[Edit]) -> "Mapped":
        """Replace parts, given in order and without overlap."""
        if not edits:
            return self
        text = self.text
        parts: list[Edit] = []
        done = 0
        for edit in edits:
            parts += ((done, edit[0], text[done : edit[0]]), edit)
            done = edit[1]
        parts.append((done, len(text), text[done:]))
        return Mapped.assembled(self, parts)

    def replaced(self, parts: Sequence[str]) -> "Mapped":
        """Replace every character by the part of the same number, which may be empty or long."""
        return Mapped("".join(parts), self, (), parts)

    def places(self) -> tuple[Places, Places]:
        """Where each character stood: code points `[begins[i], ends[i])` of the text as sent; both never fall."""
        if self.before is None:
            begins = np.arange(len(self.text))
            return begins, begins + 1
        begins, ends = _places(self.parts or [(place, place + 1, part) for place, part in enumerate(self.characters)])
        if self.before.before is None:
            return begins, ends
        first, last = self.before.places()
        return first[begins], last[ends - 1]


def _places(parts: Sequence[Edit]) -> tuple[Places, Places]:
    """Where each character of the joined parts stood in the text before."""
    first, last, texts = zip(*parts, strict=True) if parts else ((), (), ())
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    begins, ends = np.array(first, np.int64), np.array(last, np.int64)
    kept = sizes == ends - begins
    # One to one: begin + k and begin + k + 1; else begin and end, whatever k.
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    within *= np.repeat(kept, sizes)
    return np.repeat(begins, sizes) + within, np.repeat(np.where(kept, begins + 1, ends), sizes) + within

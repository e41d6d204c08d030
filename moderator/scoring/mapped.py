"""A text that remembers where each of its characters came from, and edits that keep that true."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Edit: TypeAlias = tuple[int, int, str]
"""(begin, end, replacement): positions in the text that is edited, `begin < end`."""

Places: TypeAlias = range | NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mapped:
    """`text[i]` stood at code points `[begins[i], ends[i])` of the text as sent; both never fall."""

    text: str
    begins: Places
    ends: Places

    @classmethod
    def sent(cls, text: str) -> "Mapped":
        """The text as sent, which maps to itself."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    @classmethod
    def assembled(cls, parts: Sequence[Edit]) -> "Mapped":
        """A text of parts (begin, end of what it stands for, text). A part as long as that maps one to one."""
        if not parts:
            return cls("", range(0), range(0))
        first, last, texts = zip(*parts, strict=True)
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        begins, ends = np.array(first, np.int64), np.array(last, np.int64)
        kept = sizes == ends - begins
        # One to one: begin + k and begin + k + 1; else begin and end, whatever k.
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        within *= np.repeat(kept, sizes)
        starts = np.repeat(begins, sizes) + within
        return cls("".join(texts), starts, np.repeat(np.where(kept, begins + 1, ends), sizes) + within)

    def edited(self, edits: Sequence[Edit]) -> "Mapped":
        """Replace parts, given in order and without overlap.

        A replacement as long as what it replaces maps character by character; any other maps, each of its characters,
        to all that it replaces.
        """
        if not edits:
            return self
        text = self.text
        parts: list[Edit] = []
        done = 0
        for edit in edits:
            parts += ((done, edit[0], text[done : edit[0]]), edit)
            done = edit[1]
        parts.append((done, len(text), text[done:]))
        if all(len(replacement) == end - begin for begin, end, replacement in edits):
            return Mapped("".join([part for _, _, part in parts]), self.begins, self.ends)
        return self._through(Mapped.assembled(parts))

    def replaced(self, parts: Sequence[str]) -> "Mapped":
        """Replace every character by the part of the same number, which may be empty or long."""
        places = np.repeat(np.arange(len(parts)), np.fromiter(map(len, parts), np.int64, len(parts)))
        return self._through(Mapped("".join(parts), places, places + 1))

    def _through(self, later: "Mapped") -> "Mapped":
        """`later` was made of this text: map it to the text as sent."""
        if isinstance(self.begins, range) and self.begins.start == 0:
            return later
        first, last = np.asarray(self.begins), np.asarray(self.ends)
        return Mapped(later.text, first[later.begins], last[np.asarray(later.ends) - 1])

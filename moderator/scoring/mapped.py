"""A text that remembers where each of its characters came from, and edits that keep that true."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Edit = tuple[int, int, str]
"""(begin, end, replacement): positions in the text that is edited."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """`text[i]` stood at code points `[begins[i], ends[i])` of the text as sent; both never fall."""

    text: str
    begins: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def sent(cls, text: str) -> "Mapped":
        """The text as sent, which maps to itself."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    def edited(self, edits: Iterable[Edit]) -> "Mapped":
        """Replace parts, given in order and without overlap.

        A replacement as long as what it replaces maps character by character; any other maps, each of its characters,
        to all that it replaces.
        """
        parts: list[str] = []
        begins: list[int] = []
        ends: list[int] = []
        done = 0
        for begin, end, replacement in edits:
            parts += (self.text[done:begin], replacement)
            if len(replacement) == end - begin:
                begins.extend(self.begins[done:end])
                ends.extend(self.ends[done:end])
            else:
                begins.extend(self.begins[done:begin])
                ends.extend(self.ends[done:begin])
                first, last = self._covered(begin, end)
                begins.extend([first] * len(replacement))
                ends.extend([last] * len(replacement))
            done = end
        if not parts:
            return self
        parts.append(self.text[done:])
        begins.extend(self.begins[done:])
        ends.extend(self.ends[done:])
        return Mapped("".join(parts), begins, ends)

    def replaced(self, parts: Sequence[str]) -> "Mapped":
        """Replace every character by the part of the same number, which may be empty or long."""
        places = [place for place, part in enumerate(parts) for _ in part]
        return Mapped("".join(parts), [self.begins[place] for place in places], [self.ends[place] for place in places])

    def cut(self, begin: int, end: int) -> "Mapped":
        """The text from `begin` to `end`."""
        return Mapped(self.text[begin:end], self.begins[begin:end], self.ends[begin:end])

    def _covered(self, begin: int, end: int) -> tuple[int, int]:
        """What the text as sent holds for `[begin, end)`; a mere position where that is empty."""
        if begin < end:
            return self.begins[begin], self.ends[end - 1]
        place = self.begins[begin] if begin < len(self.begins) else (self.ends[-1] if self.ends else 0)
        return place, place

"""A comment as sent → what its reader sees → what the scorer reads, with a map back to the text as sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Format = Literal["plain", "html"]


@dataclass(frozen=True, slots=True)
class Passage:
    """One voice in a comment: its normalised text and where each code point of it stood in the text as sent.

    `normal[i]` stood at code points `[begins[i], ends[i])`. Case is kept: capitals are a feature.
    `undone`: characters that the normaliser took away or replaced because they hid something.
    """

    normal: str
    begins: Sequence[int]
    ends: Sequence[int]
    undone: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text ready to be scored: `plain` as a reader sees it, the writer's `own` words, what is `quoted` if any."""

    plain: str
    own: Passage
    quoted: Passage | None = None

    @property
    def normal(self) -> str:
        """The normalised own text."""
        return self.own.normal

    @property
    def undone(self) -> int:
        """How many characters of the whole text had to be undone."""
        return self.own.undone + (self.quoted.undone if self.quoted else 0)


def prepare(text: str, format: Format = "plain") -> Prepared:  # noqa: A002 - the field's name in the API
    """Return `text` prepared. Linear in its length; never raises for a valid string."""
    return Prepared(text, Passage(text, range(len(text)), range(1, len(text) + 1)))


def meaning_text(passage: Passage) -> str:
    """What the sentence encoder reads of `passage`: its words, white space collapsed."""
    return " ".join(passage.normal.split())

"""A comment as sent → what its reader sees → what the scorer reads, with a map back to the text as sent.

    1 markup      HTML to text; plain text is itself
    2 quotes      the writer's own words and somebody else's are parted
    3 evasions    what hides a word from a machine and not from a reader is undone, in each part apart

An ordinary comment passes all searches of step 3 without a hit and without a loop over its characters (6 µs).
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from moderator.scoring import evasions, lookalikes, markup, quotes, triage
from moderator.scoring.mapped import Edit, Mapped, Places

Format = Literal["plain", "html"]
_WORTH_TRIAGE = 4


class Passage(Struct, frozen=True, gc=False):
    """One voice in a comment: its normalised text, which remembers where it stood in the text as sent.

    Case is kept: capitals are a feature.
    `undone`: characters that the normaliser took away or replaced because they hid something.
    `links`: targets of links that the markup holds and the text does not show.
    """

    mapped: Mapped
    undone: int = 0
    links: int = 0

    @property
    def normal(self) -> str:
        """The normalised text."""
        return self.mapped.text

    def places(self) -> tuple[Places, Places]:
        """`normal[i]` stood at code points `[begins[i], ends[i])` of the text as sent."""
        return self.mapped.places()


class Prepared(Struct, frozen=True, gc=False):
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
    # 1. Markup.
    page = markup.read(text) if format == "html" else None
    seen = page.mapped(text) if page else Mapped(text)
    links = page.links if page else 0
    # 2. Quotes.
    ranges = quotes.find(seen.text, page.quotes if page else ())
    if not ranges:
        return Prepared(seen.text, _passage(seen, links))
    own = seen.edited([(begin, end, "\n") for begin, end in ranges])
    apart = [(begin, end, "\n") for begin, end in quotes.outside(len(seen.text), ranges) if begin < end]
    # 3. Evasions.
    return Prepared(seen.text, _passage(own, links), _passage(seen.edited(apart), 0))


def prepare_all(items: Sequence[tuple[str, Format]]) -> list[Prepared]:
    """Prepare a batch: the same as `prepare` of each, but ordinary plain texts are found all at once."""
    if len(items) < _WORTH_TRIAGE:
        return [prepare(text, form) for text, form in items]
    known = triage.ordinary([text for text, _ in items])
    return [
        Prepared(text, Passage(Mapped(text))) if ordinary and form == "plain" else prepare(text, form)
        for (text, form), ordinary in zip(items, known, strict=True)
    ]


def meaning_text(passage: Passage) -> str:
    """What the sentence encoder reads of `passage`: its words, white space collapsed."""
    return " ".join(passage.normal.split())


# In this order, so that what one step brings to light the next one sees. `True`: it hid something.
_STEPS: tuple[tuple[Callable[[str], list[Edit]], bool], ...] = (
    (evasions.entities, False),
    (evasions.apart, True),
    (lookalikes.mend, True),
    (evasions.leet, True),
    (evasions.stretched, False),
    (evasions.starred, False),
)


def _passage(text: Mapped, links: int) -> Passage:
    undone = 0
    if not evasions.is_plain(text.text):
        text, undone = _plain_characters(text)
    for find, hid in _STEPS:
        if edits := find(text.text):
            mended = text.edited(edits)
            undone += _changed(text.text, mended.text) if hid else 0
            text = mended
    return Passage(text, undone, links)


def _plain_characters(text: Mapped) -> tuple[Mapped, int]:
    """Every character replaced by what it stands for, and letters joined with their marks."""
    undone = 0
    stand_for = evasions.characters(text.text)
    if "".join(stand_for) != text.text:
        undone = evasions.hidden(text.text)
        text = text.replaced(stand_for)
    marks = evasions.compose(text.text)
    undone += sum(max(end - begin - 2, 0) for begin, end, _ in marks)
    return text.edited(marks), undone


def _changed(before: str, after: str) -> int:
    """How many characters were replaced, or else how many went."""
    if len(before) != len(after):
        return max(len(before) - len(after), 1)
    return int(np.count_nonzero(_codes(before) != _codes(after)))


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)

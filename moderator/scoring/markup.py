"""HTML → what a reader sees, each character with its place in the markup.

A tokeniser after the HTML standard (§13.2.5), cut down to what comments need, because no parser at hand reports
where in the markup a text stood. A test compares its texts with those of a full parser. What the standard calls
text is text: `<3`, `a < b`, a lone `&`. One pass, each character looked at a bounded number of times.
"""

import re
from dataclasses import dataclass, field
from html import unescape

from moderator.scoring.mapped import Edit, Mapped

# A tag, or else a comment, a declaration, an end tag without a name; any other `<` is text.
_MARKUP = re.compile(r"<(/?)([a-zA-Z][^\t\n\f\r />]*)|<(?:[!?]|/[^a-zA-Z])")
_VALUE_OR_END = re.compile(r"=[\t\n\f\r ]*([\"'])|>")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};?)")
_LINK = re.compile(r"href[\t\n\f\r ]*=", re.IGNORECASE)
# Elements whose content is no markup: they end only at their own end tag, whatever stands in between.
_RAW = frozenset(("script", "style", "iframe", "noembed", "noframes", "title", "textarea", "xmp"))
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
        *("table", "td", "th", "tr", "ul"),
    )
)
_SHOWN_RAW = frozenset(("textarea", "xmp"))


@dataclass(slots=True)
class Page:
    """What was read. `quotes`: ranges of the text that stood in a blockquote. `links`: targets in the markup."""

    parts: list[Edit] = field(default_factory=list)
    size: int = 0
    quotes: list[tuple[int, int]] = field(default_factory=list)
    links: int = 0
    _depth: int = 0
    _quoted_from: int = 0

    def mapped(self, markup: str) -> Mapped:
        """The text with its map to `markup`."""
        return Mapped.assembled(Mapped(markup), self.parts)

    def say(self, markup: str, begin: int, end: int) -> None:
        """Add text of `markup[begin:end]` that stands for itself."""
        if begin < end:
            self.parts.append((begin, end, markup[begin:end]))
            self.size += end - begin

    def put(self, text: str, begin: int, end: int) -> None:
        """Add `text` that `[begin, end)` of the markup stands for."""
        self.parts.append((begin, end, text))
        self.size += len(text)

    def quote(self, closing: bool) -> None:
        """A blockquote opens or closes here."""
        if not closing:
            self._quoted_from = self._quoted_from if self._depth else self.size
            self._depth += 1
        elif self._depth:
            self._depth -= 1
            if not self._depth:
                self.quotes.append((self._quoted_from, self.size))

    def close(self) -> None:
        """The markup ends; so does an open blockquote."""
        self._depth = min(self._depth, 1)
        self.quote(closing=True)


def read(markup: str) -> Page:
    """Return what a reader sees of `markup`. Never raises; markup that is cut off ends as in a browser."""
    page = Page()
    place = 0
    while found := _MARKUP.search(markup, place):
        _text(page, markup, place, found.start())
        place = _token(page, markup, found)
    _text(page, markup, place, len(markup))
    page.close()
    return page


def _text(page: Page, markup: str, begin: int, end: int) -> None:
    """Add text with its entities resolved; those that are none stay as they are."""
    for match in _ENTITY.finditer(markup, begin, end):
        resolved = unescape(match[0])
        if resolved == match[0] or not resolved:
            continue
        page.say(markup, begin, match.start())
        page.put(resolved, match.start(), match.end())
        begin = match.end()
    page.say(markup, begin, end)


def _token(page: Page, markup: str, found: re.Match[str]) -> int:
    """Pass over the tag or comment that begins with `found`; return where to go on."""
    if found[2] is not None:
        return _tag(page, markup, found)
    less = found.start()
    if not markup.startswith("<!--", less):
        return _after(markup, ">", less + 2)
    if markup.startswith((">", "->"), less + 4):
        return _after(markup, ">", less + 4)
    return _after(markup, "-->", less + 4)


def _after(markup: str, mark: str, begin: int) -> int:
    found = markup.find(mark, begin)
    return len(markup) if found < 0 else found + len(mark)


def _tag(page: Page, markup: str, tag: re.Match[str]) -> int:
    end = _tag_end(markup, tag.end())
    if end < 0:
        return len(markup)
    name, closing = tag[2].lower(), bool(tag[1])
    if name in _BLOCKS:
        page.put("\n", end, end)
    if name == "blockquote":
        page.quote(closing)
    if closing:
        return end
    if name == "a" and _LINK.search(markup, tag.end(), end):
        page.links += 1
    return _raw(page, markup, name, end) if name in _RAW else end


def _tag_end(markup: str, place: int) -> int:
    """Where the tag ends, or -1; a `>` in a quoted attribute value is not its end."""
    while found := _VALUE_OR_END.search(markup, place):
        if found[0] == ">":
            return found.end()
        place = markup.find(found[1], found.end()) + 1
        if not place:
            return -1
    return -1


def _raw(page: Page, markup: str, name: str, begin: int) -> int:
    """Pass over an element whose content is no markup, to its end tag."""
    closing = re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE).search(markup, begin)
    end = closing.start() if closing else len(markup)
    if name in _SHOWN_RAW:
        page.say(markup, begin, end)
    return end

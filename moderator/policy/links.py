"""Links in a comment, also those written so that no program should see them.

linkify-it-py knows addresses with and without a scheme, in any script; `hxxp`, `evil[.]com` and `evil (dot) com` are
put right first. It is the dear part (20,000 characters of nothing but links take some 30 ms), so it reads only
the words that could be a link, and most comments have none: a cheap search sees that first.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal

import idna
from linkify_it import LinkifyIt

_DOTTED = re.compile(r"\.\w")
_DOT = re.compile(r" ?[\[({] ?(?:\.|dot|точка|крапка) ?[\])}] ?", re.IGNORECASE)
_SCHEME = re.compile(r"\bh(?:xx|\*\*|tt)ps?(?:\[:\]|:)(?=//)", re.IGNORECASE)

# fmt: off
_MORE_ENDINGS = (
    "app", "bet", "bio", "blog", "casino", "cfd", "click", "club", "dev", "fun", "fyi", "global", "group", "help",
    "homes", "icu", "life", "link", "live", "lol", "ltd", "market", "media", "mobi", "money", "news", "one", "online",
    "page", "party", "poker", "pro", "sbs", "site", "space", "store", "stream", "tech", "today", "top", "vip",
    "website", "wiki", "win", "work", "world", "xyz", "zone", "москва", "онлайн", "сайт", "орг", "дети", "укр", "бел",
)
# fmt: on
"""Top-level domains that are found without a scheme, besides linkify's: two letters, the old ones and рф."""

_WORDS = frozenset(
    {"am", "as", "at", "be", "by", "do", "gm", "id", "in", "is", "it", "me", "my", "no", "so", "to", "us"}
)
"""Country domains that are words too: `said.it` is a full stop without its space, and so is any `gesagt.Es`;
`t.me/name` is a link."""


PIECE_MAX = 1_000
"""Characters of one word that are read together."""


@cache
def _linkify() -> LinkifyIt:
    """Made at the first use: its patterns take 15 ms to compile."""
    return LinkifyIt(options={"fuzzy_ip": True, "fuzzy_email": False}).tlds(list(_MORE_ENDINGS), keep_old=True)


def find(text: str, format: Literal["plain", "html"] = "plain") -> tuple[str, ...]:  # noqa: A002 - as everywhere
    """The host of each link in `text`, in order, in ASCII lower case; the same host again for each further link.

    In html an address counts once, since an anchor often shows the address that it points at.
    """
    if not _may_hold_links(text):
        return ()
    words = _SCHEME.sub(_scheme, _DOT.sub(".", text)).split()
    candidates = [word for word in words if "://" in word or _DOTTED.search(word) is not None]
    matches = _linkify().match(" ".join(_pieces(candidates))) or ()
    found = [(match.url, host(match.url)) for match in matches if _is_link(match.schema, match.raw)]
    if format == "html":
        return tuple(dict(found).values())
    return tuple(name for _, name in found)


def host(url: str) -> str:
    """The host of a link in ASCII lower case, or as written where it is no valid name."""
    name = url.partition("//")[2]
    name = re.split(r"[/?#]", name, maxsplit=1)[0].rpartition("@")[2]
    name = re.sub(r":\d*$", "", name).rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        return name


def _may_hold_links(text: str) -> bool:
    """False for most comments, in a microsecond: substring searches, and one pattern that begins with a literal."""
    if "://" in text or _DOTTED.search(text) is not None:
        return True
    return ("[" in text or "(" in text or "{" in text) and _DOT.search(text) is not None


def _pieces(words: Iterable[str]) -> Iterator[str]:
    """The words, cut where one is longer than any address: linkify's time grows with the square of a path's length."""
    for word in words:
        yield from (word[begin : begin + PIECE_MAX] for begin in range(0, len(word), PIECE_MAX))


def _scheme(match: re.Match[str]) -> str:
    return "https:" if "s" in match[0].lower() else "http:"


def _is_link(schema: str, raw: str) -> bool:
    if schema == "mailto:":
        return False
    if schema:
        return True
    left, _, ending = raw.rpartition(".")
    if ending.isdecimal():
        return not any(part.startswith("0") and len(part) > 1 for part in raw.split("."))  # 1.000.000.000 is a number
    return "." in left or not (ending.lower() in _WORDS or (len(ending) == 2 and ending.istitle()))

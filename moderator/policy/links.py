"""Links in a comment, also those written so that no program should see them.

linkify-it-py knows addresses with and without a scheme, in any script; `hxxp`, `evil[.]com` and `evil (dot) com` are
put right first. It reads a text once, in time linear in its length (20,000 characters: some 20 ms at worst), and most
comments never get that far: a cheap search looks first for anything that could be a link.
"""

import re
from functools import cache
from typing import Literal

import idna
from linkify_it import LinkifyIt

# In text that has nothing of this, nothing is a link.
_MAYBE = re.compile(r"://|\w\.\w|[\[({] ?(?:\.|dot|точка|крапка) ?[\])}]", re.IGNORECASE)
_DOT = re.compile(r" ?[\[({] ?(?:\.|dot|точка|крапка) ?[\])}] ?", re.IGNORECASE)
_SCHEME = re.compile(r"\bh(?:xx|\*\*|tt)ps?(?=(?:\[:\]|:)//)(?:\[:\]|:)", re.IGNORECASE)

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
"""Country domains that are words too: `said.It` is a full stop without its space, `t.me/name` is a link."""


@cache
def _linkify() -> LinkifyIt:
    """Made at the first use: its patterns take 15 ms to compile."""
    return LinkifyIt(options={"fuzzy_ip": True, "fuzzy_email": False}).tlds(_MORE_ENDINGS, keep_old=True)


def find(text: str, format: Literal["plain", "html"] = "plain") -> tuple[str, ...]:  # noqa: A002 - as everywhere
    """The host of each link in `text`, in order, in ASCII lower case; the same host again for each further link.

    In html an address counts once, since an anchor often shows the address that it points at.
    """
    if _MAYBE.search(text) is None:
        return ()
    text = _SCHEME.sub(_scheme, _DOT.sub(".", text))
    matches = _linkify().match(text) or ()
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


def _scheme(match: re.Match[str]) -> str:
    return "https:" if "s" in match[0].lower() else "http:"


def _is_link(schema: str, raw: str) -> bool:
    if schema == "mailto:":
        return False
    if schema:
        return True
    left, _, ending = raw.rpartition(".")
    return "." in left or ending.lower() not in _WORDS

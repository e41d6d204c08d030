"""What is known of one comment apart from its scores: the input of the rules, and the signals that a person sees.

Facts hold no text: links are found and lists matched here, so that a rule cannot quote what it never had.
"""

from typing import Literal

from msgspec import Struct

from moderator.domain import Author, Scored, Signal
from moderator.policy import links
from moderator.policy.document import Policy
from moderator.policy.lists import Hit

Standing = Literal["normal", "trusted", "premoderate", "blocked"]
Mode = Literal["open", "premoderate", "closed"]

FEW_COMMENTS = 3
"""Below this many earlier comments an author's history is worth a signal."""


class Facts(Struct, frozen=True, kw_only=True):
    """One comment's facts.

    `near_duplicates` counts other comments, the author's own (`same_author_duplicates`) among them. `author_comments`
    counts earlier ones. `link_hosts` has one host a link, those that a list allows left out.
    """

    honeypot: bool = False
    role: Literal["reader", "staff"] | None = None
    author_known: bool = False
    author_comments: int = 0
    author_standing: Standing = "normal"
    article_comments: int = 0
    article_mode: Mode = "open"
    near_duplicates: int = 0
    same_author_duplicates: int = 0
    link_hosts: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    obfuscation: int = 0


def facts(
    policy: Policy,
    *,
    text: str,
    format: Literal["plain", "html"] = "plain",  # noqa: A002 - the field's name everywhere
    plain: str | None = None,
    normal: str | None = None,
    author: Author | None = None,
    honeypot: str = "",
    scored: Scored | None = None,
    near_duplicates: int = 0,
    same_author_duplicates: int = 0,
    author_comments: int = 0,
    article_comments: int = 0,
    author_standing: Standing = "normal",
    article_mode: Mode = "open",
) -> Facts:
    """The facts of a comment under `policy`, whose lists are matched here.

    `text` is the comment as sent (links hide in markup), `plain` what a reader sees of it, `normal` the same
    normalised; either may be left out where it equals `text`. A honeypot of nothing but white space is not filled.
    """
    lists = policy.compiled
    found = links.find(text, format)
    seen = text if plain is None else plain
    hits = lists.hits((seen,) if normal is None else (seen, normal), author.ip if author else None, found)
    return Facts(
        honeypot=bool(honeypot) and not honeypot.isspace(),
        role=author.role if author else None,
        author_known=author is not None and author.id is not None,
        author_comments=author_comments,
        author_standing=author_standing,
        article_comments=article_comments,
        article_mode=article_mode,
        near_duplicates=near_duplicates,
        same_author_duplicates=same_author_duplicates,
        link_hosts=lists.unlisted(found),
        hits=hits,
        obfuscation=scored.obfuscation if scored else 0,
    )


def signals(facts: Facts) -> tuple[Signal, ...]:
    """The facts that say something, in a fixed order."""
    found = []
    if facts.link_hosts:
        count, hosts = len(facts.link_hosts), len(set(facts.link_hosts))
        detail = f"The comment holds {some(count, 'link')} to {some(hosts, 'site')}."
        found.append(Signal(code="links", value=count, detail=detail))
    if facts.near_duplicates:
        detail = f"Nearly the same text stands in {some(facts.near_duplicates, 'other comment')} of the last days."
        found.append(Signal(code="near_duplicate", value=facts.near_duplicates, detail=detail))
    if facts.author_known and facts.author_comments < FEW_COMMENTS:
        detail = f"The author is new here, with {some(facts.author_comments, 'earlier comment')}."
        found.append(Signal(code="author_comments", value=facts.author_comments, detail=detail))
    if facts.hits:
        names = ", ".join(sorted({hit.name for hit in facts.hits}))
        found.append(Signal(code="list_word", value=len(facts.hits), detail=f"On the site's lists: {names}."))
    if facts.obfuscation:
        detail = f"Disguised writing: {some(facts.obfuscation, 'character')} put right before scoring."
        found.append(Signal(code="obfuscation", value=facts.obfuscation, detail=detail))
    return tuple(found)


def some(count: int, noun: str) -> str:
    """`1 link`, `3 links`, `no link`."""
    return f"{count or 'no'} {noun}{'s' if count > 1 else ''}"

"""What a backend sends, checked and cut to its limits: from a JSON object to a `Submission`.

A reader's comment must not be lost to a new client version or an overlong page title: unknown fields are ignored and
named, fields of context are cut and marked. Refused are only wrong types and what identifies or is the comment.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from moderator.domain import Article, Author, Decided, Submission
from moderator.errors import FieldError, InputError
from moderator.scoring import markup
from moderator.settings import Settings
from moderator.web.body import Parsed
from moderator.web.fields import typed

Time = Annotated[datetime, Meta(tz=True, description="RFC 3339 with its zone")]

COMMENT_ID_CHARACTERS = "[A-Za-z0-9._~:@-]"
"""The characters of a comment's id; `.` and `..` are none, for they mean something in a path."""

LONGEST_COMMENT_ID = 200
LONGEST_CONTEXT_ID = 500

COMMENT_ID_SCHEMA: dict[str, Any] = {
    "minLength": 1,
    "maxLength": LONGEST_COMMENT_ID,
    "pattern": f"^{COMMENT_ID_CHARACTERS}+$",
    "not": {"enum": [".", ".."]},
}
"""For the document only: the checks here tell all wrong fields at once, the library would tell the first."""

# The document has the setting's number where its name stands here.
Text = Annotated[
    str,
    Meta(
        description="Not empty once markup, white space and invisible characters are taken away",
        extra_json_schema={"minLength": 1, "maxLength": "text_limit"},
    ),
]
CommentId = Annotated[str, Meta(description="1 to 200 of A–Z a–z 0–9 . _ ~ : @ -", extra_json_schema=COMMENT_ID_SCHEMA)]
ContextId = Annotated[
    str,
    Meta(
        description="1 to 500 characters, no control characters",
        extra_json_schema={"minLength": 1, "maxLength": LONGEST_CONTEXT_ID},
    ),
]


class ArticleIn(Struct, frozen=True, kw_only=True):
    """What the comment stands under; all but the id is context for moderators."""

    id: ContextId
    url: str | None = None
    title: str | None = None
    summary: str | None = None
    language: str | None = None


class AuthorIn(Struct, frozen=True, kw_only=True):
    """Who wrote the comment, as far as the site knows and tells."""

    id: ContextId | None = None
    name: str | None = None
    email: str | None = None
    url: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    role: Literal["reader", "staff"] | None = None
    registered_at: Time | None = None


class DecidedIn(Struct, frozen=True, kw_only=True):
    """A decision taken elsewhere before, for back-fill."""

    outcome: Literal["approve", "reject"]
    at: Time
    by: str


class SubmissionIn(Struct, frozen=True, kw_only=True):
    """A comment as a backend sends it. Unknown fields are ignored and named in the header `Warning-Fields`."""

    text: Text
    article: ArticleIn
    id: CommentId | None = None
    format: Literal["plain", "html"] | None = None
    author: AuthorIn | None = None
    parent_id: CommentId | None = None
    language: str | None = None
    submitted_at: Time | None = None
    honeypot: str | None = None
    metadata: dict[str, Any] | None = None
    decided: DecidedIn | None = None


CONTEXT_LIMITS = {
    "article.url": 2048,
    "article.title": 500,
    "article.summary": 2000,
    "article.language": 35,
    "author.name": 200,
    "author.email": 320,
    "author.url": 2048,
    "author.ip": 45,
    "author.user_agent": 500,
    "language": 35,
    "honeypot": 500,
    "decided.by": 200,
}
"""Code points that are kept of each field of context."""

# White space, controls, formats, fillers and variation selectors: nothing that a reader sees.
_VISIBLE = re.compile(
    r"[^\s\x00-\x1f\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5"
    r"\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_MARKUP = re.compile(r"[<&]")
_COMMENT_ID = re.compile(f"{COMMENT_ID_CHARACTERS}{{1,{LONGEST_COMMENT_ID}}}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_FIELDS = frozenset(SubmissionIn.__struct_fields__)
_NESTED = {
    "article": frozenset(ArticleIn.__struct_fields__),
    "author": frozenset(AuthorIn.__struct_fields__),
    "decided": frozenset(DecidedIn.__struct_fields__),
}


def submission(parsed: Parsed, settings: Settings, make_id: Callable[[], str]) -> Submission:
    """The submission in `parsed`; `make_id` gives the id of one that has none.

    Raises:
        InputError: what is wrong, each field once; never with anything of its content.
    """
    given = typed(parsed.checked(), SubmissionIn)
    errors = _errors(given, settings.text_limit)
    if errors:
        raise InputError(*errors)
    return _cut(given, settings.metadata_limit, make_id)


def unknown_fields(tree: object) -> list[str]:
    """Dotted names of the fields of a submission that this version does not know."""
    if not isinstance(tree, dict):
        return []
    unknown = [] if _FIELDS.issuperset(tree) else [str(name) for name in tree.keys() - _FIELDS]
    for name, known in _NESTED.items():
        inner = tree.get(name)
        if isinstance(inner, dict) and not known.issuperset(inner):
            unknown += [f"{name}.{each}" for each in inner.keys() - known]
    return sorted(unknown)


def text_errors(
    text: str, limit: int, pointer: str = "/text", *, form: Literal["plain", "html"] | None = "plain"
) -> tuple[FieldError, ...]:
    """What is wrong with a text to moderate or score: nothing that a reader would see in it, or too long."""
    if len(text) > limit:
        return (FieldError(pointer, "too_long", f"longer than {limit} code points", limit),)
    if _VISIBLE.search(text) is None:
        detail = "nothing is left once white space and invisible characters are taken away"
        return (FieldError(pointer, "empty", detail),)
    if form == "html" and not _seen_in_markup(text):
        detail = "nothing is left for a reader once markup, white space and invisible characters are taken away"
        return (FieldError(pointer, "empty", detail),)
    return ()


def has_markup(text: str) -> bool:
    """Whether it matters if `text` is HTML or plain."""
    return _MARKUP.search(text) is not None


def _seen_in_markup(text: str) -> bool:
    """Whether a reader of the HTML `text` sees anything. What stands before all markup tells it most cheaply."""
    begins = _MARKUP.search(text)
    if begins is None or _VISIBLE.search(text, 0, begins.start()) is not None:
        return True
    return _VISIBLE.search(markup.read(text).mapped(text).text) is not None


def comment_id_errors(pointer: str, given: str | None) -> tuple[FieldError, ...]:
    """What is wrong with a comment's id; it may be missing."""
    if given is None or (_COMMENT_ID.fullmatch(given) and given not in {".", ".."}):
        return ()
    if not given:
        return (FieldError(pointer, "empty", "an id has at least one character"),)
    if len(given) > LONGEST_COMMENT_ID:
        detail = f"longer than {LONGEST_COMMENT_ID} characters"
        return (FieldError(pointer, "too_long", detail, LONGEST_COMMENT_ID),)
    detail = "allowed are A–Z a–z 0–9 . _ ~ : @ - but not . or .. alone"
    return (FieldError(pointer, "invalid_characters", detail),)


def is_comment_id(text: str) -> bool:
    """Whether a comment can have this id."""
    return not comment_id_errors("", text)


def _errors(given: SubmissionIn, text_limit: int) -> list[FieldError]:
    errors = [
        *text_errors(given.text, text_limit, form=given.format),
        *comment_id_errors("/id", given.id),
        *comment_id_errors("/parent_id", given.parent_id),
        *_context_id_errors("/article/id", given.article.id),
    ]
    if given.author is not None:
        errors += _context_id_errors("/author/id", given.author.id)
        errors += _time_errors("/author/registered_at", given.author.registered_at)
    errors += _time_errors("/submitted_at", given.submitted_at)
    if given.decided is not None:
        errors += _time_errors("/decided/at", given.decided.at)
    return errors


def _context_id_errors(pointer: str, given: str | None) -> tuple[FieldError, ...]:
    if given is None or (0 < len(given) <= LONGEST_CONTEXT_ID and _CONTROL.search(given) is None):
        return ()
    if not given:
        return (FieldError(pointer, "empty", "an id has at least one character"),)
    if len(given) > LONGEST_CONTEXT_ID:
        detail = f"longer than {LONGEST_CONTEXT_ID} characters"
        return (FieldError(pointer, "too_long", detail, LONGEST_CONTEXT_ID),)
    return (FieldError(pointer, "invalid_characters", "control characters are not allowed"),)


def _time_errors(pointer: str, at: datetime | None) -> tuple[FieldError, ...]:
    if at is None or _EARLIEST <= at < _LATEST:
        return ()
    return (FieldError(pointer, "out_of_range", "a time between the years 1970 and 9999 is expected"),)


def _cut(given: SubmissionIn, metadata_limit: int, make_id: Callable[[], str]) -> Submission:
    cut: list[str] = []
    return Submission(
        id=make_id() if given.id is None else given.id,
        text=given.text,
        article=_article(given.article, cut),
        format=given.format or "plain",
        author=None if given.author is None else _author(given.author, cut),
        parent_id=given.parent_id,
        language=_kept("language", given.language, cut),
        submitted_at=_utc(given.submitted_at),
        honeypot=_kept("honeypot", given.honeypot, cut) or "",
        metadata=_metadata(given.metadata, metadata_limit, cut) if given.metadata else {},
        decided=None if given.decided is None else _decided(given.decided, cut),
        cut=tuple(cut),
    )


def _article(given: ArticleIn, cut: list[str]) -> Article:
    return Article(
        id=given.id,
        url=_kept("article.url", given.url, cut),
        title=_kept("article.title", given.title, cut),
        summary=_kept("article.summary", given.summary, cut),
        language=_kept("article.language", given.language, cut),
    )


def _author(given: AuthorIn, cut: list[str]) -> Author:
    return Author(
        id=given.id,
        name=_kept("author.name", given.name, cut),
        email=_kept("author.email", given.email, cut),
        url=_kept("author.url", given.url, cut),
        ip=_kept("author.ip", given.ip, cut),
        user_agent=_kept("author.user_agent", given.user_agent, cut),
        role=given.role,
        registered_at=_utc(given.registered_at),
    )


def _decided(given: DecidedIn, cut: list[str]) -> Decided:
    at = _utc(given.at) or given.at
    return Decided(outcome=given.outcome, at=at, by=_kept("decided.by", given.by, cut) or "")


def _kept(name: str, value: str | None, cut: list[str]) -> str | None:
    if value is None or len(value) <= CONTEXT_LIMITS[name]:
        return value
    cut.append(name)
    return value[: CONTEXT_LIMITS[name]]


def _metadata(given: dict[str, Any], limit_bytes: int, cut: list[str]) -> dict[str, Any]:
    """The first members that fit into `limit_bytes` of JSON together."""
    if len(msgspec.json.encode(given)) <= limit_bytes:
        return given
    cut.append("metadata")
    kept: dict[str, Any] = {}
    size = 1
    for name, value in given.items():
        size += len(msgspec.json.encode({name: value})) - 1
        if size > limit_bytes:
            break
        kept[name] = value
    return kept


def _utc(at: datetime | None) -> datetime | None:
    """In UTC, cut to milliseconds like every stored time."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)

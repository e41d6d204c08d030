"""Queries and request bodies, as `/openapi.json` shows them; submissions have a module of their own.

Unknown fields are an error everywhere here. What depends on the settings (texts, how many) is checked by handlers.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from moderator.domain import CaseKind, State
from moderator.web.submissions import CommentId, SubmissionIn, Text, Time

MOST_PAGE = 200
"""The largest `limit` of a page."""

Attribute = Literal["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "spam"]
Moment = Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})]
Limit = Annotated[int, Meta(ge=1, le=MOST_PAGE)]
Cursor = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="`next` of the page before",
        extra_json_schema={"pattern": "^[A-Za-z0-9_-]+$"},
    ),
]
Facet = Annotated[str, Meta(min_length=1, max_length=500)]
Token = Annotated[str, Meta(min_length=1, max_length=200)]


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller sends: unknown fields are an error."""


# Comments


class BatchIn(Input, frozen=True, kw_only=True):
    """Comments to moderate together."""

    comments: Annotated[list[SubmissionIn], Meta(extra_json_schema={"maxItems": "batch_limit"})]


class EditIn(Input, frozen=True, kw_only=True):
    """A new wording. `by` is `author` unless a person edits."""

    text: Text
    by: Literal["author", "moderator"] | None = None


class CreateQuery(Input, frozen=True, kw_only=True):
    """`spans`: also for an approved comment."""

    spans: bool = False


class ListQuery(Input, frozen=True, kw_only=True):
    """Which comments, and from where on."""

    state: State | None = None
    article: Facet | None = None
    author: Facet | None = None
    since: Moment | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class ChangesQuery(Input, frozen=True, kw_only=True):
    """From where on; no cursor: from the beginning."""

    cursor: Cursor | None = None
    limit: Limit = 50


# Scoring


class TextItem(Input, frozen=True, kw_only=True):
    """A text to score. `language` is a hint."""

    text: Text
    language: Annotated[str, Meta(max_length=35)] | None = None
    format: Literal["plain", "html"] | None = None


class ScoreIn(Input, frozen=True, kw_only=True):
    """Texts to score; nothing is stored."""

    items: Annotated[list[TextItem], Meta(extra_json_schema={"maxItems": "score_limit"})]
    spans: bool = False


# Queue


class FilterIn(Input, frozen=True, kw_only=True):
    """Which open cases; every given one must match."""

    case: CaseKind | None = None
    reason: Facet | None = None
    attribute: Attribute | None = None
    language: Facet | None = None
    article: Facet | None = None
    author: Facet | None = None


class QueueQuery(FilterIn, frozen=True, kw_only=True):
    """A page of the queue."""

    cursor: Cursor | None = None
    limit: Limit = 50


class ClaimIn(Input, frozen=True, kw_only=True):
    """How many comments to take, and which."""

    limit: Limit = 10
    filter: FilterIn = FilterIn()


class VerdictBody(Input, frozen=True, kw_only=True):
    """What the moderator says of the revision that they saw."""

    lease: Token
    revision: Annotated[int, Meta(ge=1)]
    outcome: Literal["approve", "reject"]
    attributes: Annotated[list[Attribute], Meta(max_length=7)] = []
    rule: Annotated[str, Meta(max_length=200)] | None = None
    note: Annotated[str, Meta(max_length=2000)] | None = None
    learn: bool = True


class LeaseIn(Input, frozen=True, kw_only=True):
    """The token that the claim gave."""

    lease: Token


class UndoIn(Input, frozen=True, kw_only=True):
    """The token that the verdict gave."""

    undo: Token


# Labels and models


class LabelsQuery(Input, frozen=True, kw_only=True):
    """Labels made since a time, page by page."""

    since: Moment | None = None
    cursor: Cursor | None = None
    limit: Limit = MOST_PAGE


class LabelIn(Input, frozen=True, kw_only=True):
    """One line that brings a label, as the export writes it; `provenance` may stand in it and is set by the service."""

    text: Text
    labels: dict[Attribute, Literal[0, 1]]
    id: CommentId | None = None
    lang: Annotated[str, Meta(max_length=35)] | None = None
    group: Annotated[str, Meta(max_length=500)] | None = None
    at: Time | None = None
    by: Annotated[str, Meta(max_length=200)] | None = None
    provenance: Annotated[str, Meta(max_length=200)] | None = None
    why: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=20)] | None = None
    p: Annotated[float, Meta(gt=0, le=1)] | None = None


# Operations


class NoQuery(Input, frozen=True, kw_only=True):
    """Takes no query parameters."""


class AnyQuery(Struct, frozen=True):
    """Takes no query parameters and does not mind them: a probe must not fail over one."""


class HealthQuery(Struct, frozen=True, kw_only=True):
    """`verbose`, with or without a value: the single checks too."""

    verbose: str | None = None


# Problems

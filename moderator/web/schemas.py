"""Replies, as `/openapi.json` shows them: one struct each, field by field API.md's.

Times are text, RFC 3339 in UTC with milliseconds. Scores have the four decimals that the scorer gives them. A field
that can be UNSET is absent when there is nothing to say.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from moderator.domain import By, CaseKind, Outcome, State
from moderator.web.inputs import Attribute

Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Score = Annotated[float, Meta(ge=0, le=1)]

_REPLY, _PROBLEM = ({"$ref": f"#/components/schemas/{name}"} for name in ("Reply", "ProblemView"))


class Output(Struct, frozen=True, kw_only=True):
    """What a caller is told."""


# Comments


class ReasonView(Output, frozen=True, kw_only=True):
    """One reason, in words that can be repeated to a reader. `outcome` is what this reason alone asks for."""

    code: str
    detail: str
    outcome: Outcome
    attribute: str | UnsetType = UNSET
    score: float | UnsetType = UNSET
    threshold: float | UnsetType = UNSET


class DecisionView(Output, frozen=True, kw_only=True):
    """What was decided and why."""

    outcome: Outcome
    by: By
    at: Instant
    reasons: list[ReasonView]


class SignalView(Output, frozen=True, kw_only=True):
    """A named fact beside the text's scores."""

    code: str
    value: float | int
    detail: str


class SpanView(Output, frozen=True, kw_only=True):
    """Code points [begin, end) of the text as sent that raised `attribute`, by `weight` in logits."""

    begin: int
    end: int
    attribute: str
    weight: float


class Reply(Output, frozen=True, kw_only=True):
    """A comment and what was decided. While it is pending there is no decision; where scoring failed, no scores.

    `cut`: fields of context that were too long, and are kept up to their limit.
    """

    id: str
    site: str
    revision: int
    sequence: int
    state: State
    visible: bool
    visible_revision: int | None
    cases: list[CaseKind]
    decision: DecisionView | None
    scores: dict[str, Score]
    language: str | None
    language_confidence: float | None
    signals: list[SignalView]
    bundle: str | None
    policy: str | None
    replayed: bool
    spans: list[SpanView] | UnsetType = UNSET
    quoted_scores: dict[str, Score] | UnsetType = UNSET
    cut: list[str] | UnsetType = UNSET


class Accepted(Output, frozen=True, kw_only=True):
    """A comment that is recorded and will be decided."""

    id: str
    state: Literal["pending"]


class ArticleView(Output, frozen=True, kw_only=True):
    """What the comment stands under."""

    id: str
    url: str | None
    title: str | None
    summary: str | None
    language: str | None


class AuthorView(Output, frozen=True, kw_only=True):
    """Who wrote it. `email` and `ip` are absent for people below senior."""

    id: str | None
    name: str | None
    url: str | None
    user_agent: str | None
    role: Literal["reader", "staff"] | None
    registered_at: Instant | None
    email: str | UnsetType | None = UNSET
    ip: str | UnsetType | None = UNSET


class CommentView(Reply, frozen=True, kw_only=True):
    """A comment as it stands, with its text and where it stands. `cut`: fields of context that were too long."""

    text: str
    format: Literal["plain", "html"]
    article: ArticleView
    author: AuthorView | None
    parent_id: str | None
    created_at: Instant
    submitted_at: Instant | None
    metadata: dict[str, Any]
    cut: list[str]
    due_at: Instant | UnsetType = UNSET


class RevisionView(Output, frozen=True, kw_only=True):
    """One wording and the automatic decision on it."""

    number: int
    text: str
    at: Instant
    by: Literal["author", "moderator"]
    decision: DecisionView | None
    scores: dict[str, Score]
    bundle: str | None
    policy: str | None


class EventView(Output, frozen=True, kw_only=True):
    """Who did what, when. `sequence` is the comment's after it."""

    sequence: int
    at: Instant
    action: str
    actor: str
    revision: int
    outcome: str | None


class VerdictView(Output, frozen=True, kw_only=True):
    """What a person said of a revision. `note` is for people only, null for keys; `undone_at`: it was taken back."""

    revision: int
    outcome: Literal["approve", "reject"]
    at: Instant
    by: str
    attributes: list[str]
    rule: str | None
    note: str | None
    learn: bool
    undone_at: Instant | None


class FullComment(CommentView, frozen=True, kw_only=True):
    """A comment with everything that happened to it."""

    revisions: list[RevisionView]
    history: list[EventView]
    verdicts: list[VerdictView]
    reports: list[dict[str, Any]]


class CommentPage(Output, frozen=True, kw_only=True):
    """Comments, newest first. `next` is null at the end."""

    comments: list[CommentView]
    next: str | None


class ChangePage(Output, frozen=True, kw_only=True):
    """Comments that changed, as they stand now. `next` is always there: ask with it again for what changes later."""

    changes: list[Reply]
    next: str


class BatchOut(Output, frozen=True, kw_only=True):
    """For each comment, in order, its reply or its problem."""

    results: Annotated[list[Any], Meta(extra_json_schema={"items": {"anyOf": [_REPLY, _PROBLEM]}})]


# Scoring


class ScoreResult(Output, frozen=True, kw_only=True):
    """The scores of one text."""

    scores: dict[str, Score]
    language: str
    language_confidence: float
    spans: list[SpanView] | UnsetType = UNSET
    quoted_scores: dict[str, Score] | UnsetType = UNSET


class ScoreOut(Output, frozen=True, kw_only=True):
    """For each text, in order, its scores."""

    bundle: str
    results: list[ScoreResult]


# Queue


class HolderView(Output, frozen=True, kw_only=True):
    """Who has a comment in review, and until when unless they extend it."""

    by: str
    expires_at: Instant


class QueueItem(CommentView, frozen=True, kw_only=True):
    """A comment that waits for a person. `review` null: nobody has it in review."""

    review: HolderView | None


class QueueOut(Output, frozen=True, kw_only=True):
    """What waits for a person, earliest due first; `counts` is the whole queue's, by case and `total`."""

    items: list[QueueItem]
    next: str | None
    counts: dict[str, int]
    oldest_due_at: Instant | None


class ReviewView(Output, frozen=True, kw_only=True):
    """A comment that is the caller's until `expires_at`. `id` is the comment's."""

    id: str
    comment: CommentView
    lease: str
    expires_at: Instant


class ClaimOut(Output, frozen=True, kw_only=True):
    """What was claimed; empty when nothing is free."""

    reviews: list[ReviewView]


class VerdictOut(CommentView, frozen=True, kw_only=True):
    """The comment after the verdict, and the token that takes it back."""

    undo: str


class LeaseOut(Output, frozen=True, kw_only=True):
    """The lease and when it ends now; null: it was given back."""

    id: str
    lease: str | None
    expires_at: Instant | None


# Labels and models


class RefusedLine(Output, frozen=True, kw_only=True):
    """A line that holds no label that could be taken; lines count from 1."""

    line: int
    code: str
    detail: str


class LabelsOut(Output, frozen=True, kw_only=True):
    """How many labels were taken, and which lines were not."""

    accepted: int
    refused: list[RefusedLine]


class Label(Output, frozen=True, kw_only=True):
    """One line of the export: what people said of a text."""

    id: str
    text: str
    labels: dict[Attribute, Literal[0, 1]]
    lang: str | UnsetType | None = UNSET
    group: str | UnsetType | None = UNSET
    at: Instant | UnsetType | None = UNSET
    by: str | UnsetType | None = UNSET
    provenance: Literal["verdict", "audit", "appeal", "import", "external"] | UnsetType | None = UNSET
    why: list[str] | str | UnsetType | None = UNSET
    p: float | UnsetType | None = UNSET


class ServingOut(Output, frozen=True, kw_only=True):
    """The site's serving after the change: how many processes serve it already, and how many do not yet."""

    generation: int
    ready: int
    waiting: int


class ModelView(Output, frozen=True, kw_only=True):
    """A bundle; `role` is what it is to the site, `manifest` all that it says of itself."""

    id: str
    role: str
    manifest: dict[str, Any]


class ModelFull(ModelView, frozen=True, kw_only=True):
    """The same with what was measured of it, and its card in Markdown."""

    metrics: dict[str, Any]
    card: str


class ModelPage(Output, frozen=True, kw_only=True):
    """Every bundle that can be promoted, newest first."""

    models: list[ModelView]


# Operations


class Check(Output, frozen=True, kw_only=True):
    """One thing that was looked at."""

    status: Literal["pass", "fail"]
    detail: str | UnsetType = UNSET


class HealthOut(Output, frozen=True, kw_only=True):
    """As in draft-inadarei-api-health-check."""

    status: Literal["pass", "fail"]
    version: str
    checks: dict[str, list[Check]] | UnsetType = UNSET


# Problems


class FieldProblem(Output, frozen=True, kw_only=True):
    """One wrong field: where (RFC 6901), what kind of error, which limit."""

    pointer: str
    code: str
    detail: str
    limit: int | UnsetType = UNSET


class ProblemView(Output, frozen=True, kw_only=True):
    """A problem (RFC 9457). `code` is stable; there may be further members, such as `id` or `current_revision`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] | UnsetType = UNSET

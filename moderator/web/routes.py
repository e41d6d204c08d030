"""Every path of the service, in one table: the router, the access checks and `/openapi.json` are made of it."""

from moderator.access import Role, Scope
from moderator.web import docs, examples, health
from moderator.web.api import comments, labels, models, queue, scoring
from moderator.web.auth import require, require_role
from moderator.web.body import NDJSON_TYPES
from moderator.web.health import HEALTH_TYPE
from moderator.web.inputs import (
    AnyQuery,
    BatchIn,
    ChangesQuery,
    ClaimIn,
    CreateQuery,
    EditIn,
    HealthQuery,
    LabelIn,
    LabelsQuery,
    LeaseIn,
    ListQuery,
    QueueQuery,
    ScoreIn,
    UndoIn,
    VerdictBody,
)
from moderator.web.route import Answer, Body, Route
from moderator.web.schemas import (
    Accepted,
    BatchOut,
    ChangePage,
    ClaimOut,
    CommentPage,
    CommentView,
    FullComment,
    HealthOut,
    Label,
    LabelsOut,
    LeaseOut,
    ModelFull,
    ModelPage,
    QueueOut,
    Reply,
    ScoreOut,
    ServingOut,
    VerdictOut,
)
from moderator.web.submissions import SubmissionIn

NDJSON_TYPE = NDJSON_TYPES[0]

HEALTH = {
    200: Answer("Yes", HealthOut, media=HEALTH_TYPE),
    503: Answer("No", HealthOut, media=HEALTH_TYPE),
}

METRICS = {200: Answer("Counts", media="text/plain")}
DOCUMENT = {200: Answer("OpenAPI 3.1")}
PAGE = {200: Answer("HTML", media="text/html")}

SUBMIT = require(Scope.SUBMIT)
EDIT = require(Scope.SUBMIT, role=Role.MODERATOR)
READ = require(Scope.READ, role=Role.MODERATOR)
SCORE = require(Scope.SCORE)
LABELS = require(Scope.LABELS, role=Role.ADMIN)
PEOPLE = require_role(Role.MODERATOR)
ADMINS = require_role(Role.ADMIN)

ROUTES: tuple[Route, ...] = (
    # Comments: what a site's backend sends and follows.
    Route(
        "POST",
        "/v1/comments",
        comments.create,
        "Moderate a comment and record it",
        SUBMIT,
        {
            201: Answer("Recorded and decided", Reply, headers=("Location", "Warning-Fields"), example=examples.REPLY),
            200: Answer(
                "Recorded before, with the same content: the first reply again",
                Reply,
                example=examples.REPLY | {"replayed": True},
            ),
            202: Answer("Recorded, to be decided (`Prefer: respond-async`)", Accepted),
        },
        query=CreateQuery,
        body=Body(SubmissionIn, "tree", example=examples.COMMENT),
        headers=("Idempotency-Key", "Prefer"),
        problems=(409, 410),
    ),
    Route(
        "POST",
        "/v1/comments:batch",
        comments.create_batch,
        "Moderate up to 500 comments; each gets its own reply or problem",
        SUBMIT,
        {200: Answer("A reply or a problem for each, in order", BatchOut, headers=("Warning-Fields",))},
        body=Body(BatchIn, "tree", limit="bulk_body_limit"),
        headers=("Idempotency-Key",),
    ),
    Route(
        "GET",
        "/v1/comments",
        comments.find,
        "Comments, newest first",
        READ,
        {200: Answer("A page", CommentPage)},
        query=ListQuery,
    ),
    Route(
        "GET",
        "/v1/comments/{id}",
        comments.show,
        "One comment as it stands, with its history",
        READ,
        {200: Answer("The comment", FullComment, headers=("ETag",))},
        query=CreateQuery,
        problems=(410,),
    ),
    Route(
        "PUT",
        "/v1/comments/{id}",
        comments.edit,
        "Give a comment another wording; it is decided again",
        EDIT,
        {200: Answer("The comment after the edit", Reply, headers=("ETag",))},
        query=CreateQuery,
        body=Body(EditIn),
        headers=("If-Match",),
        problems=(409, 410, 412),
    ),
    Route(
        "GET",
        "/v1/changes",
        comments.changes,
        "Comments that changed since a cursor, at least once each",
        READ,
        {200: Answer("What changed, and the cursor to go on from", ChangePage)},
        query=ChangesQuery,
    ),
    # Scoring without recording.
    Route(
        "POST",
        "/v1/score",
        scoring.score,
        "Score up to 256 texts; nothing is stored",
        SCORE,
        {200: Answer("Scores for each, in order", ScoreOut, example=examples.SCORED)},
        body=Body(ScoreIn, limit="bulk_body_limit", example=examples.SCORE),
    ),
    # The queue: people only.
    Route(
        "GET",
        "/v1/queue",
        queue.page,
        "What waits for a person, earliest due first",
        PEOPLE,
        {200: Answer("A page", QueueOut)},
        query=QueueQuery,
    ),
    Route(
        "POST",
        "/v1/queue:claim",
        queue.claim,
        "Take comments to review; nobody else gets them while the lease lasts",
        PEOPLE,
        {200: Answer("What was taken", ClaimOut)},
        body=Body(ClaimIn, optional=True),
    ),
    Route(
        "POST",
        "/v1/reviews/{id}:verdict",
        queue.verdict,
        "Decide a claimed comment",
        PEOPLE,
        {
            200: Answer(
                "The comment after the verdict; the same again for the same verdict",
                VerdictOut,
                example=examples.JUDGED,
            )
        },
        body=Body(VerdictBody, example=examples.VERDICT),
        problems=(409, 410),
    ),
    Route(
        "POST",
        "/v1/reviews/{id}:release",
        queue.release,
        "Give a claimed comment back",
        PEOPLE,
        {200: Answer("It is free again", LeaseOut)},
        body=Body(LeaseIn),
        problems=(409,),
    ),
    Route(
        "POST",
        "/v1/reviews/{id}:extend",
        queue.extend,
        "Keep a claimed comment for a whole lease from now",
        PEOPLE,
        {200: Answer("The lease as it is now", LeaseOut)},
        body=Body(LeaseIn),
        problems=(409,),
    ),
    Route(
        "POST",
        "/v1/reviews/{id}:escalate",
        queue.escalate,
        "Hand a claimed comment to someone senior",
        PEOPLE,
        {200: Answer("The comment with its cases", CommentView)},
        body=Body(LeaseIn),
        problems=(409, 410),
    ),
    Route(
        "POST",
        "/v1/reviews/{id}:undo",
        queue.undo,
        "Take a verdict back while it is still the decision in force",
        PEOPLE,
        {200: Answer("The comment as it stood before", CommentView)},
        body=Body(UndoIn),
        problems=(409, 410),
    ),
    # Labels: what people said, as training data.
    Route(
        "GET",
        "/v1/labels",
        labels.export,
        "Labels, oldest first, one a line; the header `Link` names the next page",
        LABELS,
        {200: Answer("Labels", Label, media=NDJSON_TYPE, headers=("Link",))},
        query=LabelsQuery,
    ),
    Route(
        "POST",
        "/v1/labels",
        labels.add,
        "Add labels, one a line",
        LABELS,
        {200: Answer("What was taken and what was not", LabelsOut)},
        body=Body(LabelIn, "bytes", types=NDJSON_TYPES, limit="bulk_body_limit"),
    ),
    # Models: what serves, and what could.
    Route("GET", "/v1/models", models.page, "Bundles, newest first", READ, {200: Answer("Bundles", ModelPage)}),
    Route("GET", "/v1/models/{id}", models.show, "One bundle", READ, {200: Answer("The bundle", ModelFull)}),
    Route(
        "POST",
        "/v1/models/{id}:promote",
        models.promote,
        "Make a bundle the site's champion",
        ADMINS,
        {200: Answer("The site's serving now", ServingOut)},
        problems=(404, 409),
    ),
    Route(
        "POST",
        "/v1/models:rollback",
        models.rollback,
        "Put back what served before, policy included",
        ADMINS,
        {200: Answer("The site's serving now", ServingOut)},
        problems=(404, 409),
    ),
    # Operations: open to all, and without a word about any site.
    Route("GET", "/livez", health.livez, "Whether the process works", None, HEALTH, HealthQuery),
    Route("GET", "/readyz", health.readyz, "Whether it may be sent work", None, HEALTH, HealthQuery),
    Route("GET", "/metrics", health.metrics, "Counts for Prometheus", None, METRICS, AnyQuery),
    Route("GET", "/openapi.json", docs.document, "This document", None, DOCUMENT, AnyQuery),
    Route("GET", "/docs", docs.page, "This document for people", None, PAGE, AnyQuery),
)
"""Order matters only where two paths can match: the more particular one stands first."""

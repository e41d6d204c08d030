"""Comments: what a site's backend sends, edits, reads and follows."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import msgspec
from aiohttp import web

from moderator import metrics
from moderator.access import Person
from moderator.domain import Comment, Decision, Outcome, Revision, Span, Submission
from moderator.errors import FieldError, InputError, ModeratorError, OutcomeUnknown, ScoringError
from moderator.flow.receipts import Receipt
from moderator.log import logger
from moderator.scoring.scorer import TextIn
from moderator.web import headers, views
from moderator.web.body import Parsed
from moderator.web.call import Call, encode, reply
from moderator.web.fields import typed
from moderator.web.inputs import ChangesQuery, EditIn, Input, ListQuery
from moderator.web.problems import problem_of
from moderator.web.query import moment
from moderator.web.schemas import Accepted, ChangePage, CommentPage
from moderator.web.submissions import has_markup, submission, text_errors, unknown_fields

_LOG = logger(__name__)


class _Batch(Input, frozen=True, kw_only=True):
    comments: list[Any]


async def create(call: Call) -> web.Response:
    """Moderate a comment, or take it for later where the caller prefers that."""
    said, key = _said(call.body), headers.idempotency_key(call.request)
    taken = submission(call.body, call.services.settings, partial(_id, call.site, key))
    if taken.decided is None and headers.wants_async(call.request):
        comment = await call.services.intake.accept(call.site, taken)
        return reply(
            Accepted(id=comment.id, state="pending"),
            status=202,
            headers={"Preference-Applied": "respond-async", **said},
        )
    receipt = await _submit(call, taken, bulk=False)
    comment, revision = receipt.comment, receipt.comment.revisions[0]
    spans = await _asked_spans(call, comment, revision, revision.decision)
    answer = views.first(comment, replayed=receipt.replayed, spans=spans)
    if receipt.replayed:
        return reply(answer, headers=said)
    return reply(answer, status=201, headers={"Location": f"/v1/comments/{comment.id}", **said})


async def create_batch(call: Call) -> web.Response:
    """Moderate many comments; what is wrong with one is answered in its place and harms no other."""
    body: Parsed = call.body
    items = typed(body.tree, _Batch).comments
    limit = call.services.settings.batch_limit
    if len(items) > limit:
        raise InputError(FieldError("/comments", "too_many", f"more than {limit} comments", limit))
    parts = [Parsed(item, body.suspect) for item in items]
    key = headers.idempotency_key(call.request)
    results = await asyncio.gather(*(_one(call, part, key, index) for index, part in enumerate(parts)))
    unknown = {name for part in parts for name in unknown_fields(part.tree)}
    metrics.UNKNOWN_FIELDS.inc(sum(1 for part in parts if unknown_fields(part.tree)))
    return reply({"results": results}, headers=_warning(unknown))


async def find(call: Call) -> web.Response:
    """A page of comments."""
    query: ListQuery = call.query
    comments, following = await call.services.comments.page(
        call.site,
        state=query.state,
        article=query.article,
        author=query.author,
        since=moment(query.since, "/since"),
        cursor=query.cursor,
        limit=query.limit,
    )
    listed = [views.listed(comment, personal=call.personal) for comment in comments]
    return reply(CommentPage(comments=listed, next=following))


async def show(call: Call) -> web.Response:
    """One comment with its history."""
    comment = await call.services.comments.get(call.site, call.comment_id)
    spans = await _asked_spans(call, comment, comment.latest, comment.decision)
    answer = views.full(comment, personal=call.personal, notes=isinstance(call.principal, Person), spans=spans)
    return reply(answer, headers={"ETag": headers.etag(comment.latest.number)})


async def edit(call: Call) -> web.Response:
    """Another wording. A key speaks for the author or a moderator, a person for themselves."""
    comment_id, said = call.comment_id, call.body
    errors = [*text_errors(said.text, call.services.settings.text_limit, form=await _form(call, comment_id, said.text))]
    person = isinstance(call.principal, Person)
    if person and said.by == "author":
        errors.append(FieldError("/by", "not_allowed", "a person edits as moderator"))
    if errors:
        raise InputError(*errors)
    receipt = await _edit(call, comment_id, said, by_person=person)
    comment = receipt.comment
    spans = await _asked_spans(call, comment, comment.latest, comment.decision)
    answer = views.current(comment, replayed=receipt.replayed, spans=spans)
    return reply(answer, headers={"ETag": headers.etag(comment.latest.number)})


async def changes(call: Call) -> web.Response:
    """Comments that changed since the cursor."""
    query: ChangesQuery = call.query
    comments, following = await call.services.comments.changes(call.site, query.cursor, query.limit)
    return reply(ChangePage(changes=[views.change(comment) for comment in comments], next=following))


async def _form(call: Call, comment_id: str, text: str) -> Literal["plain", "html"]:
    """How a comment's new wording is to be read; asked for only where that matters."""
    return (await call.services.comments.get(call.site, comment_id)).format if has_markup(text) else "plain"


async def _submit(call: Call, taken: Submission, *, bulk: bool) -> Receipt:
    try:
        return await call.services.intake.submit(call.site, taken, bulk=bulk)
    except OutcomeUnknown as error:
        error.comment_id = error.comment_id or taken.id
        raise


async def _edit(call: Call, comment_id: str, said: EditIn, *, by_person: bool) -> Receipt:
    by = said.by or ("moderator" if by_person else "author")
    expected = headers.expected_revision(call.request)
    try:
        return await call.services.intake.edit(
            call.site, comment_id, said.text, by, expected, who=call.who if by_person else None
        )
    except OutcomeUnknown as error:
        error.comment_id = error.comment_id or comment_id
        raise


async def _one(call: Call, part: Parsed, key: str | None, index: int) -> Any:
    """The reply to one comment of a batch, or its problem as a document."""
    try:
        taken = submission(part, call.services.settings, partial(_id, call.site, key, index))
        receipt = await _submit(call, taken, bulk=True)
        return msgspec.Raw(encode(views.first(receipt.comment, replayed=receipt.replayed)))
    except ModeratorError as error:
        problem = problem_of(error)
        metrics.REFUSED.labels(problem.code).inc()
        return problem.document()
    except Exception as error:  # noqa: BLE001  one comment never harms its neighbours
        _LOG.error("batch_item_failed", error=error, index=index)
        return problem_of(error).document()


def _id(site: str, key: str | None, index: int | None = None) -> str:
    """The id of a submission that brings none: from the idempotency key, and its place in a batch."""
    return headers.new_id() if key is None else headers.derived_id(site, key, index)


def _said(body: Parsed) -> dict[str, str]:
    """The header that names the fields nobody knows, counted; no header where there are none."""
    unknown = unknown_fields(body.tree)
    if unknown:
        metrics.UNKNOWN_FIELDS.inc()
    return _warning(unknown)


def _warning(names: Sequence[str] | set[str]) -> dict[str, str]:
    return {"Warning-Fields": headers.warning_fields(names)} if names else {}


async def _asked_spans(
    call: Call, comment: Comment, revision: Revision, decision: Decision | None
) -> tuple[Span, ...] | None:
    """Spans of an approved revision, made now, where the caller asks for them; None: as stored."""
    if not call.query.spans or decision is None or decision.outcome is not Outcome.APPROVE:
        return None
    if revision.spans or revision.scored is None:
        return revision.spans
    text = TextIn(text=revision.text, format=comment.format, language=comment.language or comment.article.language)
    try:
        ((_, spans),) = await call.services.live.score(call.site, [text], spans=True)
    except ScoringError as error:
        metrics.FALLBACKS.labels("explanation").inc()
        _LOG.warning("explanation_failed", error=error)
        return ()
    return spans

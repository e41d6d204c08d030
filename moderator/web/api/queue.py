"""The queue: claim, verdict, release, extend, escalate, undo. For people."""

from aiohttp import web

from moderator.errors import FieldError, InputError
from moderator.flow.verdicts import VerdictIn
from moderator.web import views
from moderator.web.call import Call, reply
from moderator.web.inputs import ClaimIn, FilterIn, LeaseIn, QueueQuery, UndoIn, VerdictBody
from moderator.web.schemas import ClaimOut, LeaseOut, QueueOut, ReviewView, VerdictOut


async def page(call: Call) -> web.Response:
    """A page of open cases."""
    query: QueueQuery = call.query
    found = await call.services.review.queue(call.site, _filters(query), query.cursor, query.limit)
    return reply(
        QueueOut(
            items=[
                views.queued(comment, found.reviews.get(comment.id), personal=call.personal) for comment in found.items
            ],
            next=found.next,
            counts=found.counts,
            oldest_due_at=None if found.oldest_due_at is None else views.instant(found.oldest_due_at),
        )
    )


async def claim(call: Call) -> web.Response:
    """Comments that are the caller's for a while."""
    asked: ClaimIn = call.body
    claimed = await call.services.review.claim(
        call.site, call.who, asked.limit, _filters(asked.filter), senior=call.senior
    )
    reviews = [
        ReviewView(
            id=each.comment.id,
            comment=views.listed(each.comment, personal=call.personal),
            lease=each.lease,
            expires_at=views.instant(each.expires_at),
        )
        for each in claimed
    ]
    return reply(ClaimOut(reviews=reviews))


async def verdict(call: Call) -> web.Response:
    """Decide a claimed comment."""
    body: VerdictBody = call.body
    comment, undo_token = await call.services.review.verdict(call.site, call.who, call.comment_id, _said(body))
    return reply(VerdictOut(undo=undo_token, **views.listed_fields(comment, personal=call.personal)))


async def release(call: Call) -> web.Response:
    """Give a claimed comment back."""
    body: LeaseIn = call.body
    comment_id = call.comment_id
    await call.services.review.release(call.site, comment_id, body.lease)
    return reply(LeaseOut(id=comment_id, lease=None, expires_at=None))


async def extend(call: Call) -> web.Response:
    """Keep a claimed comment for longer."""
    body: LeaseIn = call.body
    comment_id = call.comment_id
    until = await call.services.review.extend(call.site, comment_id, body.lease)
    return reply(LeaseOut(id=comment_id, lease=body.lease, expires_at=views.instant(until)))


async def escalate(call: Call) -> web.Response:
    """Hand a claimed comment to someone senior."""
    body: LeaseIn = call.body
    comment = await call.services.review.escalate(call.site, call.who, call.comment_id, body.lease)
    return reply(views.listed(comment, personal=call.personal))


async def undo(call: Call) -> web.Response:
    """Take a verdict back."""
    body: UndoIn = call.body
    comment = await call.services.review.undo(call.site, call.who, call.comment_id, body.undo)
    return reply(views.listed(comment, personal=call.personal))


def _said(body: VerdictBody) -> VerdictIn:
    """An attribute named twice is named once.

    Raises:
        InputError: an approval names attributes, which nothing could come of.
    """
    if body.outcome == "approve" and body.attributes:
        detail = "attributes say what a rejection found: an approval takes none; leave them out, or reject"
        raise InputError(FieldError("/attributes", "not_allowed", detail))
    return VerdictIn(
        lease=body.lease,
        revision=body.revision,
        outcome=body.outcome,
        attributes=tuple(dict.fromkeys(body.attributes)),
        rule=body.rule,
        note=body.note,
        learn=body.learn,
    )


def _filters(asked: FilterIn) -> dict[str, str]:
    """The facets that were given, by name."""
    given = {name: getattr(asked, name) for name in FilterIn.__struct_fields__}
    return {name: str(value) for name, value in given.items() if value is not None}

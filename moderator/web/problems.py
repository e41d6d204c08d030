"""Errors as the caller sees them: `application/problem+json` (RFC 9457), one table from class to status.

A problem says which field, which limit and what to do, and never what the comment said. What nobody foresaw is a
500 without details.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from moderator.errors import (
    BundleError,
    Conflict,
    Denied,
    FieldError,
    Gone,
    InputError,
    ModeratorError,
    NotFound,
    OutcomeUnknown,
    Overloaded,
    PolicyError,
    StoreError,
    StoreUnavailable,
    Unauthenticated,
)
from moderator.web.auth import CHALLENGE

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
"""After this many seconds a caller may try again what the store could not do."""

MOST_ERRORS = 20
"""Field errors that one problem names; the rest shows when these are mended."""


class Refused(ModeratorError):
    """A request that HTTP itself refuses: `status`, a stable code, members added to the problem, headers."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: int | str,
    ) -> None:
        super().__init__(detail, code=code)
        self.status = status
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = extra


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered instead of a reply. `extra`: members beside the standard ones, such as `limit` or `id`."""

    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    extra: Mapping[str, int | str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The members as JSON objects and scalars."""
        document: dict[str, Any] = {
            "type": f"urn:moderator:problem:{self.code}",
            "title": TITLES.get(self.code) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [_entry(error) for error in self.errors[:MOST_ERRORS]]
        document.update(self.extra)
        return document

    def response(self) -> web.Response:
        """The problem as an answer."""
        headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **self.headers}
        return web.Response(status=self.status, body=msgspec.json.encode(self.document()), headers=headers)


TITLES: Mapping[str, str] = {
    "invalid": "A field cannot be accepted",
    "invalid_query": "A query parameter cannot be accepted",
    "invalid_cursor": "The cursor is not one of ours",
    "invalid_json": "The body is not JSON",
    "invalid_utf8": "The body is not UTF-8",
    "invalid_body": "The body could not be read",
    "invalid_header": "A header cannot be accepted",
    "duplicate_key": "A key stands twice in one object",
    "not_finite": "A number is not finite",
    "number_too_big": "A number does not fit 64 bits",
    "too_deep": "The body is nested too deeply",
    "body_too_large": "The body is too large",
    "unsupported_media_type": "The content type is not accepted here",
    "unauthenticated": "No known key or token",
    "missing_scope": "The key may not do this",
    "missing_role": "The person may not do this",
    "not_found": "There is no such thing here",
    "method_not_allowed": "The path does not know this method",
    "id_conflict": "The id is taken by another comment",
    "erased": "The comment was erased",
    "precondition_failed": "The comment has changed",
    "lease_lost": "The lease is no longer yours",
    "revision_changed": "The comment was edited meanwhile",
    "superseded": "A later decision stands",
    "overloaded": "Too much is waiting",
    "store_unavailable": "The store cannot be reached",
    "outcome_unknown": "Nobody knows yet whether it was recorded",
    "bundle_refused": "The bundle must not be served",
    "internal": "Something went wrong here",
}
"""Code → title. A code that is missing here has its status' phrase for a title."""

STATUS: Mapping[type[ModeratorError], int] = {
    InputError: 422,
    PolicyError: 422,
    Unauthenticated: 401,
    Denied: 403,
    NotFound: 404,
    Conflict: 409,
    BundleError: 409,
    Gone: 410,
    Overloaded: 503,
    StoreUnavailable: 503,
    OutcomeUnknown: 503,
}
"""The one table. A subclass has its parent's status; what is not here is a 500."""

_PRECONDITION = "precondition_failed"


def problem_of(error: Exception, *, query_only: bool = False) -> Problem:
    """What the caller is told of `error`.

    `query_only`: the request had no body, so that wrong input (400 instead of 422) can only be in its query.
    """
    if isinstance(error, Refused):
        return Problem(error.status, error.code, error.detail, error.errors, error.extra, error.headers)
    if isinstance(error, web.HTTPException):
        return _of_http(error)
    if isinstance(error, InputError):
        return _of_input(error, query_only=query_only)
    status = next((STATUS[each] for each in type(error).__mro__ if each in STATUS), 500)
    if not isinstance(error, ModeratorError) or status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(500, "internal", "The request failed; the log says why, under this request's id.")
    if error.code == _PRECONDITION:
        status = 412
    return Problem(status, error.code, error.detail, extra=_extra(error), headers=_headers(error))


def in_query(name: str, code: str, detail: str, *, limit: int | None = None) -> Refused:
    """A 400 for one query parameter."""
    error = FieldError(f"/{name}", code, detail, limit)
    return Refused(400, "invalid_query", f"The query parameter {name} cannot be accepted: {detail}.", errors=[error])


def _of_input(error: InputError, *, query_only: bool) -> Problem:
    code = error.code
    if query_only:
        code = error.errors[0].code if error.errors[0].code == "invalid_cursor" else "invalid_query"
    detail = "; ".join(f"{each.pointer or 'the body'}: {each.detail}" for each in error.errors[:MOST_ERRORS])
    return Problem(400 if query_only else 422, code, detail, error.errors)


def _of_http(error: web.HTTPException) -> Problem:
    """Aiohttp's own refusals: its router's 404 and 405, and a broken request."""
    if error.status == HTTPStatus.NOT_FOUND:
        return Problem(404, "not_found", "There is nothing at this path.")
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return Problem(405, "method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed})
    phrase = HTTPStatus(error.status).phrase
    return Problem(error.status, phrase.lower().replace(" ", "_").replace("-", "_"), f"{phrase}.")


def _extra(error: ModeratorError) -> dict[str, int | str]:
    if isinstance(error, Conflict):
        return error.extra
    if isinstance(error, OutcomeUnknown) and error.comment_id is not None:
        return {"id": error.comment_id}
    return {}


def _headers(error: ModeratorError) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": CHALLENGE}
    if isinstance(error, Overloaded):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, StoreError):
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {}


def _entry(error: FieldError) -> dict[str, Any]:
    entry: dict[str, Any] = {"pointer": error.pointer, "code": error.code, "detail": error.detail}
    return entry if error.limit is None else entry | {"limit": error.limit}

"""Query parameters: read into the route's struct, each at most once, unknown ones refused."""

from datetime import datetime
from typing import Any

from aiohttp import web
from msgspec import Struct

from moderator.errors import InputError
from moderator.web.fields import typed, unsafe_strings
from moderator.web.problems import Refused, in_query
from moderator.web.submissions import Time

SITE = "site"
"""Every route that asks who calls takes it: which site a person means. `auth.admit` reads it."""


def read_query(request: web.Request, shape: type[Struct]) -> Any:
    """The query as a `shape`.

    Raises:
        Refused: 400, naming the first parameter that cannot be accepted.
    """
    if not request.rel_url.raw_query_string:
        return shape()
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name in given:
            raise in_query(name[:80], "duplicate_key", "it stands twice")
        given[name] = value
    given.pop(SITE, None)
    errors = tuple(unsafe_strings(given))
    if not errors:
        try:
            return typed(given, shape, strict=False)
        except InputError as error:
            errors = error.errors
    raise Refused(400, "invalid_query", f"{errors[0].pointer}: {errors[0].detail}.", errors=errors)


def moment(text: str | None, pointer: str) -> datetime | None:
    """The time that a parameter gives.

    Raises:
        InputError: it is none; a bare number is none either.
    """
    return None if text is None else typed(text, Time, at=pointer)

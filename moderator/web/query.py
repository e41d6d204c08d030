"""Query parameters: read into the route's struct, each at most once, unknown ones refused."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web
from msgspec import Struct

from moderator.errors import FieldError, InputError
from moderator.web.fields import not_allowed, typed, unsafe_strings
from moderator.web.inputs import Input
from moderator.web.problems import Refused, in_query
from moderator.web.submissions import Time

_NOT_TEXT = {"state", "case", "attribute"}

SITE = "site"
"""Every route that asks who calls takes it: which site a person means. `auth.admit` reads it."""


def read_query(request: web.Request, shape: type[Struct]) -> Any:
    """The query, which is not empty, as a `shape`; one that is no `Input` takes what it knows and ignores the rest.

    Raises:
        Refused: 400, naming the first parameter that cannot be accepted.
    """
    if not issubclass(shape, Input):
        return shape(**{name: request.query[name] for name in shape.__struct_fields__ if name in request.query})
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name in given:
            raise in_query(name[:80], "duplicate_key", "it stands twice")
        given[name] = value
    given.pop(SITE, None)
    errors = (*unsafe_strings(given), *_nulls(given, shape))
    if not errors:
        try:
            return typed(given, shape, strict=False)
        except InputError as error:
            errors = error.errors
    raise Refused(400, "invalid_query", f"{errors[0].pointer}: {errors[0].detail}.", errors=errors)


def _nulls(given: Mapping[str, str], shape: type[Struct]) -> Iterator[FieldError]:
    """Parameters that say null, which the library would take for one that is not there."""
    for name in _NOT_TEXT & given.keys() & set(shape.__struct_fields__):
        if given[name].lower() == "null":
            yield not_allowed(f"/{name}", shape, (name,))


def moment(text: str | None, pointer: str) -> datetime | None:
    """The time that a parameter gives.

    Raises:
        InputError: it is none; a bare number is none either.
    """
    return None if text is None else typed(text, Time, at=pointer)

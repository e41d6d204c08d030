"""Labels in and out, as NDJSON: one label a line."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from aiohttp import web

from moderator.access import Person
from moderator.errors import FieldError, InputError
from moderator.settings import Settings
from moderator.web import headers, views
from moderator.web.body import NDJSON_TYPES, parse_now
from moderator.web.call import Call, encode, reply
from moderator.web.fields import typed
from moderator.web.inputs import LabelIn, LabelsQuery
from moderator.web.problems import Refused
from moderator.web.query import moment
from moderator.web.schemas import LabelsOut, RefusedLine
from moderator.web.submissions import comment_id_errors, text_errors


async def export(call: Call) -> web.Response:
    """A page of labels, oldest first."""
    query: LabelsQuery = call.query
    rows, following = await call.services.labels.export(
        call.site, moment(query.since, "/since"), query.cursor, query.limit
    )
    body = b"".join(encode(_told(row)) + b"\n" for row in rows)
    given = {"Content-Type": NDJSON_TYPES[0]}
    if following is not None:
        url = call.request.rel_url.update_query(cursor=following)
        given["Link"] = headers.next_link(str(url))
    return web.Response(body=body, headers=given)


async def add(call: Call) -> web.Response:
    """Labels from outside: with a key they count once an admin admits their source, an admin's own count at once."""
    lines, refused = await asyncio.to_thread(read_lines, call.body, call.services.settings)
    provenance: Literal["import", "external"] = "import" if isinstance(call.principal, Person) else "external"
    rows = [row_of(label) for _, label in lines]
    accepted, more = await call.services.labels.add(call.site, rows, provenance=provenance, source=call.who)
    refused += [RefusedLine(line=lines[index][0], code=error.code, detail=error.detail) for index, error in more]
    return reply(LabelsOut(accepted=accepted, refused=sorted(refused, key=lambda each: each.line)))


def read_lines(body: bytes, settings: Settings) -> tuple[list[tuple[int, LabelIn]], list[RefusedLine]]:
    """Every label with its line's number, counted from 1, and the lines that hold none. Blank lines are passed over."""
    labels: list[tuple[int, LabelIn]] = []
    refused: list[RefusedLine] = []
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            labels.append((number, _label(line, settings)))
        except Refused as error:
            refused.append(RefusedLine(line=number, code=error.code, detail=error.detail))
        except InputError as error:
            refused.append(_wrong(number, error.errors))
    return labels, refused


def _label(line: bytes, settings: Settings) -> LabelIn:
    label = typed(parse_now(line, settings.nesting_limit).checked(), LabelIn)
    errors = (*text_errors(label.text, settings.text_limit), *comment_id_errors("/id", label.id))
    if errors:
        raise InputError(*errors)
    return label


def _wrong(number: int, errors: Sequence[FieldError]) -> RefusedLine:
    first = errors[0]
    return RefusedLine(line=number, code=first.code, detail=f"{first.pointer or 'the line'}: {first.detail}")


def row_of(label: LabelIn) -> dict[str, Any]:
    """What was given of a label; the provenance is the service's to say."""
    given = msgspec.structs.asdict(label)
    del given["provenance"]
    return {name: value for name, value in given.items() if value is not None}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    at = row.get("at")
    return row | {"at": views.instant(at)} if isinstance(at, datetime) else row

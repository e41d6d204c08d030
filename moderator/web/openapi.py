"""The OpenAPI 3.1 document, made from the route table and the structs that the handlers read and write."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from moderator import __version__
from moderator.settings import Settings
from moderator.web.examples import Json
from moderator.web.problems import MEDIA_TYPE
from moderator.web.query import SITE
from moderator.web.route import Answer, Body, Route
from moderator.web.schemas import ProblemView
from moderator.web.submissions import COMMENT_ID_SCHEMA

_TEMPLATE = "#/components/schemas/{name}"
_LIMITS = {"maxLength", "maxItems"}
_PARAMETER = re.compile(r"\{(\w+)\}")
_COMMENT_ID: Json = {"type": "string", **COMMENT_ID_SCHEMA}
_BUNDLE_ID: Json = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]*$"}

REQUEST_HEADERS: dict[str, tuple[str, Json]] = {
    "Idempotency-Key": (
        "Stands for the comment's id where the body gives none: the same key is the same comment.",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    ),
    "Prefer": ("`respond-async`: answer once it is recorded, decide later.", {"type": "string"}),
    "If-Match": (
        'The revision that is to be edited, as in `ETag`: `"3"`.',
        {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*")$'},
    ),
}
ANSWER_HEADERS = {
    "Location": "Where the comment can be read.",
    "Warning-Fields": "Fields of the body that this version does not know and ignored, apart by commas.",
    "ETag": "The comment's revision, in quotation marks.",
    "Link": 'The next page, as `<…>; rel="next"`; absent at the end.',
}
PROBLEMS = {
    400: "The JSON, its encoding, or a query parameter is wrong",
    401: "No key or token, or none that is known",
    403: "The key has not the scope, the person not the role",
    404: "There is no such thing at this site",
    409: "It is not as the caller thinks: `code` says how",
    410: "It was erased",
    412: "It has another revision than `If-Match` names",
    413: "The body is larger than `limit` bytes",
    415: "Another content type is needed",
    422: "A field cannot be accepted: `errors` names each",
    503: "Not now: try again after `Retry-After` seconds",
}


def document(routes: Sequence[Route], settings: Settings) -> Json:
    """The whole document, with the limits that are set."""
    shapes = [shape for route in routes for shape in _shapes(route)] + [ProblemView]
    _, components = msgspec.json.schema_components(shapes, ref_template=_TEMPLATE)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "moderator",
            "version": __version__,
            "description": "Comment moderation for news sites: scored, decided, queued, learned from.",
        },
        "paths": paths,
        "components": {
            "schemas": _limited(components, settings),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A site's key, or a personal token"}
            },
        },
    }


def problem_statuses(route: Route) -> list[int]:
    """Every status of a problem that the route can answer with, in order."""
    statuses = set(route.problems)
    if route.access is not None:
        statuses |= {400, 401, 403, 503}
    if "{id}" in route.path:
        statuses.add(404)
    if route.body is not None:
        statuses |= {400, 413, 415, 422}
    return sorted(statuses)


def _limited(schema: Any, settings: Settings) -> Any:
    """`schema` with the number of the setting where a limit names one."""
    if isinstance(schema, dict):
        return {
            name: getattr(settings, value) if name in _LIMITS and isinstance(value, str) else _limited(value, settings)
            for name, value in schema.items()
        }
    return [_limited(each, settings) for each in schema] if isinstance(schema, list) else schema


def _shapes(route: Route) -> Iterator[type]:
    if route.body is not None:
        yield route.body.shape
    for answer in route.answers.values():
        if answer.shape is not None:
            yield answer.shape


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}_{route.handler.__name__}",
        "summary": route.summary,
        "tags": [route.handler.__module__.rpartition(".")[2]],
        "parameters": list(_parameters(route)),
        "responses": {
            **{str(status): _answer(answer) for status, answer in route.answers.items()},
            **{str(status): _problem(status) for status in problem_statuses(route)},
        },
        "security": [],
    }
    if route.access is not None:
        roles = [str(each) for each in (route.access.scope, route.access.role) if each is not None]
        operation["security"] = [{"bearer": roles}]
        operation["description"] = _who(route)
    if route.body is not None:
        operation["requestBody"] = _body(route.body)
    return operation


def _who(route: Route) -> str:
    assert route.access is not None  # noqa: S101  asked for by `_operation` only then
    keys = f"keys with the scope `{route.access.scope}`" if route.access.scope else ""
    people = f"people from `{route.access.role}` up" if route.access.role else ""
    return f"For {' and '.join(each for each in (keys, people) if each)}."


def _parameters(route: Route) -> Iterator[Json]:
    for name in _PARAMETER.findall(route.path):
        schema = _BUNDLE_ID if route.names_bundle else _COMMENT_ID
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    yield from _query(route.query)
    if route.access is not None and route.access.role is not None:
        yield {
            "name": SITE,
            "in": "query",
            "description": "Which site, for people who have several.",
            "schema": {"type": "string"},
        }
    for name in route.headers:
        description, schema = REQUEST_HEADERS[name]
        yield {"name": name, "in": "header", "description": description, "schema": schema}


def _query(shape: type[msgspec.Struct]) -> Iterator[Json]:
    _, components = msgspec.json.schema_components([shape], ref_template=_TEMPLATE)
    properties = components[shape.__name__].get("properties", {})
    for name, schema in properties.items():
        yield {"name": name, "in": "query", "schema": _inlined(_given(schema), components)}


def _given(schema: Json) -> Json:
    """A parameter's schema where it is given: not null, for text cannot be."""
    choices: list[Json] = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(choices) != 1:
        return schema
    return choices[0] | {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}


def _inlined(schema: Json, components: Json) -> Json:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    inlined: Json = components[reference.rpartition("/")[2]]
    return inlined


def _body(body: Body) -> Json:
    schema = {"$ref": _TEMPLATE.format(name=body.shape.__name__)}
    # Of NDJSON each line has the schema, which OpenAPI 3.1 cannot say.
    shown = schema if body.parse != "bytes" else {"type": "string", "description": f"Each line: {schema['$ref']}"}
    content = {"schema": shown} | _example(body.example)
    return {"required": not body.optional, "content": dict.fromkeys(body.types, content)}


def _answer(answer: Answer) -> Json:
    shown: Json = {"description": answer.what, "headers": _headers(answer.headers)}
    if answer.shape is None:
        schema: Json = {"type": "object"} if answer.media.endswith("json") else {"type": "string"}
    elif answer.media.endswith("ndjson"):
        schema = {"type": "string", "description": f"Each line: {_TEMPLATE.format(name=answer.shape.__name__)}"}
    else:
        schema = {"$ref": _TEMPLATE.format(name=answer.shape.__name__)}
    return shown | {"content": {answer.media: {"schema": schema} | _example(answer.example)}}


def _example(example: Json | None) -> Json:
    return {} if example is None else {"example": example}


def _problem(status: int) -> Json:
    schema = {"$ref": _TEMPLATE.format(name=ProblemView.__name__)}
    names = {401: ("WWW-Authenticate",), 503: ("Retry-After",)}.get(status, ())
    return {
        "description": PROBLEMS[status],
        "headers": {name: {"schema": {"type": "string"}} for name in names} | _headers(()),
        "content": {MEDIA_TYPE: {"schema": schema}},
    }


def _headers(names: Sequence[str]) -> Json:
    shown = {name: {"description": ANSWER_HEADERS[name], "schema": {"type": "string"}} for name in names}
    return shown | {"X-Request-Id": {"description": "The request's id in the log.", "schema": {"type": "string"}}}

"""`/openapi.json`, and the same document as one HTML page that loads nothing from anywhere."""

from collections.abc import Iterator
from html import escape
from typing import Any

import msgspec
from aiohttp import web

from moderator.web.call import JSON_TYPE, Call

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: .9em ui-monospace, monospace }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: .25rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8886 }
h3 { margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8883 }
"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


class Document:
    """The OpenAPI document as it is sent: encoded once, when the application is made."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.json = msgspec.json.encode(document)
        self.html = "\n".join(_page(document)).encode()


DOCUMENT = web.AppKey("document", Document)


async def document(call: Call) -> web.Response:
    """The document for programs."""
    return web.Response(body=call.request.app[DOCUMENT].json, headers={"Content-Type": JSON_TYPE})


async def page(call: Call) -> web.Response:
    """The document for people."""
    return web.Response(body=call.request.app[DOCUMENT].html, headers=_HEADERS)


def _page(document: dict[str, Any]) -> Iterator[str]:
    info = document["info"]
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])} API</title>"
    yield f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>"
    yield f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>"
    yield f"<p>{escape(info['description'])} For programs: <a href=openapi.json>openapi.json</a>.</p>"
    tag = None
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["tags"][0] != tag:
                tag = operation["tags"][0]
                yield f"<h2>{escape(tag.capitalize())}</h2>"
            yield from _operation(method.upper(), path, operation)
    yield "<h2>Schemas</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield from _schema(name, schema)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h3 id={escape(operation['operationId'])}><code>{method} {escape(path)}</code></h3>"
    yield f"<p>{escape(operation['summary'])}. {escape(operation.get('description', ''))}</p>"
    for parameter in operation["parameters"]:
        where, about = parameter["in"], escape(parameter.get("description", ""))
        yield f"<p><code>{escape(parameter['name'])}</code> ({where}, {_type(parameter['schema'])}) {about}</p>"
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: <code>{media}</code> {_type(content['schema'])}</p>"
        yield from _example(content)
    yield "<table>"
    for status, answer in operation["responses"].items():
        kinds = ", ".join(_type(content["schema"]) for content in answer["content"].values())
        yield f"<tr><td>{status}<td>{escape(answer['description'])}<td>{kinds}"
    yield "</table>"
    shown = (content for answer in operation["responses"].values() for content in answer["content"].values())
    yield from _example(next((content for content in shown if "example" in content), {}))


def _example(content: dict[str, Any]) -> Iterator[str]:
    if "example" in content:
        text = msgspec.json.format(msgspec.json.encode(content["example"]), indent=2).decode()
        yield f"<details open><summary>Example</summary><pre>{escape(text)}</pre></details>"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"<h3 id='{escape(name)}'>{escape(name)}</h3><p>{escape(schema.get('description', ''))}</p>"
    if "enum" in schema:
        yield f"<p><code>{escape(' | '.join(map(str, schema['enum'])))}</code></p>"
    required = schema.get("required", ())
    yield "<table>"
    for field, shape in schema.get("properties", {}).items():
        needed = "" if field in required else "optional"
        about = " ".join(filter(None, (escape(shape.get("description", "")), _most(shape))))
        yield f"<tr><td><code>{escape(field)}</code><td>{_type(shape)}<td>{needed}<td>{about}"
    yield "</table>"


def _most(schema: dict[str, Any]) -> str:
    """How much the field holds at most, itself or one of its choices."""
    for each in (schema, *schema.get("anyOf", ())):
        for limit, what in (("maxLength", "characters"), ("maxItems", "items")):
            if limit in each:
                return f"(at most {each[limit]} {what})"
    return ""


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words of HTML, with links to the named ones."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return f"<code>{escape(' | '.join(map(str, schema['enum'])))}</code>"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type") or "anything"))

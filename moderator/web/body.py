"""A request's body: read within its limit, then parsed as strictly as JSON should be.

The standard library parses, because it can be told to refuse duplicate keys, of which faster parsers silently take
the last; on a comment it costs 5 µs.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from moderator.errors import FieldError, InputError
from moderator.web.fields import child, unsafe_strings
from moderator.web.problems import Refused

JSON_TYPES = ("application/json",)
NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")

SHORT_BYTES = 256 * 1024
"""Parsing so many takes about 2 ms; longer than that should not keep the other requests from their turn."""

_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")
_POINTER = re.compile(r"(?:/[A-Za-z0-9_.-]{1,40})+")
_BYTE_ORDER_MARK = "\ufeff"
_LEAST, _MOST = -(1 << 63), (1 << 64) - 1


class Parsed(NamedTuple):
    """A parsed body. `suspect`: it has escapes that may stand for NUL or half of a surrogate pair."""

    tree: Any
    suspect: bool

    def checked(self) -> Any:
        """The tree, once no string in it is unsafe.

        Raises:
            InputError: one holds NUL or half of a surrogate pair.
        """
        errors = tuple(unsafe_strings(self.tree)) if self.suspect else ()
        if errors:
            raise InputError(*errors)
        return self.tree


async def read(request: web.Request, *, types: Sequence[str], limit_bytes: int, optional: bool = False) -> bytes:
    """The whole body, decompressed. With `optional` no body at all is fine, and is b"".

    Raises:
        Refused: 415 for another content type, 413 past the limit, 400 when it ends early or does not decompress.
    """
    if optional and not request.body_exists:
        return b""
    # Most callers send the bare type; parsing the header costs more than comparing it.
    if request.headers.get("Content-Type") not in types and not _acceptable(request, types):
        allowed = " or ".join(types)
        raise Refused(415, "unsupported_media_type", f"Send the body as {allowed}, in UTF-8.")
    if (request.content_length or 0) > limit_bytes:
        raise _too_large(limit_bytes)
    content = request.content
    try:
        body = await content.readany()
        if content.at_eof() and len(body) <= limit_bytes:
            return body
        return await _collect(content, body, limit_bytes)
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        # Nobody knows where the next request begins: what still comes is not to be read, and the connection ends.
        content.feed_eof()
        detail = "The body ended early or is not encoded as its headers say."
        raise Refused(400, "invalid_body", detail, headers={"Connection": "close"}) from error


async def parse(body: bytes, *, nesting_limit: int) -> Parsed:
    """`body` as JSON; a long one is parsed in a thread, so that others are served meanwhile.

    Raises:
        Refused: 400 for what is not UTF-8 or not JSON, for a key that stands twice in one object, for numbers that
            are not finite or do not fit 64 bits, and for nesting beyond the limit.
    """
    if len(body) > SHORT_BYTES:
        return await asyncio.to_thread(parse_now, body, nesting_limit)
    return parse_now(body, nesting_limit)


def parse_now(body: bytes, nesting_limit: int) -> Parsed:
    """As `parse`, here and now."""
    try:
        text = body.decode()
        if text.startswith(_BYTE_ORDER_MARK):
            raise Refused(400, "invalid_json", "The body begins with a byte order mark (U+FEFF): send it without one.")
        tree = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise Refused(400, "invalid_utf8", f"The body is not UTF-8: byte {error.start} begins no character.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        said = error.msg.removesuffix(" at")
        raise Refused(400, "invalid_json", f"The body is not JSON: {said} at {where}.") from None
    except _Twice as error:
        raise _duplicate(text, error.key) from None
    except RecursionError:
        raise _too_deep(nesting_limit) from None
    if body.count(b"{") + body.count(b"[") > nesting_limit and _deeper(tree, nesting_limit):
        raise _too_deep(nesting_limit)
    return Parsed(tree, suspect="\\u" in text and _SUSPECT.search(text) is not None)


async def _collect(content: StreamReader, begun: bytes, limit_bytes: int) -> bytes:
    """The length is counted as it comes, whatever the headers say and after decompression."""
    chunks, size = [begun], len(begun)
    while size <= limit_bytes:
        chunk = await content.readany()
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
    raise _too_large(limit_bytes)


def _acceptable(request: web.Request, types: Sequence[str]) -> bool:
    charset = request.charset
    return request.content_type in types and (charset is None or charset.lower() in {"utf-8", "utf8"})


def _deeper(tree: object, limit: int) -> bool:
    level = [tree]
    for _ in range(limit):
        level = [inner for each in level for inner in _inside(each)]
    return any(isinstance(each, dict | list) for each in level)


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


class _Twice(Exception):
    """`key` stands twice in one object."""

    def __init__(self, key: str) -> None:
        self.key = key


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Twice(_doubled(pairs))
    return made


def _doubled(pairs: list[tuple[str, Any]]) -> str:
    return next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)


def _duplicate(text: str, key: str) -> Refused:
    """What is said of `key`, which stands twice in an object of `text`; with its pointer where the rest can be read."""
    name = f"The key {key}" if _NAME.fullmatch(key) else "A key"
    pointer = _pointer_of_twice(text)
    errors = () if pointer is None else (FieldError(pointer, "duplicate_key", "it stands twice"),)
    return Refused(400, "duplicate_key", f"{name} stands twice in one object.", errors=errors)


def _pointer_of_twice(text: str) -> str | None:
    """Where the first key is that stands twice; None where a name on the way there may be anything but a field's.

    The body is read once more: the parser itself knows no place.
    """
    found: list[tuple[dict[str, Any], str]] = []

    def noting(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if not found and len(made) != len(pairs):
            found.append((made, _doubled(pairs)))
        return made

    try:
        tree = json.JSONDecoder(object_pairs_hook=noting).decode(text)
    except (ValueError, RecursionError):
        return None
    holder, key = found[0]
    pointer = next((child(place, key) for place, each in _objects(tree) if each is holder), "")
    return pointer if _POINTER.fullmatch(pointer) else None


def _objects(tree: object) -> Iterator[tuple[str, object]]:
    """Every object in `tree` with its pointer; walks without recursion."""
    waiting: list[tuple[str, object]] = [("", tree)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, dict):
            yield pointer, value
            waiting += ((child(pointer, key), each) for key, each in value.items())
        elif isinstance(value, list):
            waiting += ((f"{pointer}/{index}", each) for index, each in enumerate(value))


def _constant(_: str) -> float:
    raise Refused(400, "not_finite", "NaN and Infinity are not JSON.")


def _float(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise Refused(400, "not_finite", "A number is too big for a floating-point number.")
    return number


def _int(digits: str) -> int:
    # 20 digits hold every 64-bit number; more of them cost quadratic time to read.
    number = int(digits) if len(digits) <= 21 else _MOST + 1
    if not _LEAST <= number <= _MOST:
        raise Refused(400, "number_too_big", "A whole number does not fit 64 bits.")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int)


def _too_large(limit_bytes: int) -> Refused:
    return Refused(413, "body_too_large", f"The body is larger than {limit_bytes} bytes.", limit=limit_bytes)


def _too_deep(limit: int) -> Refused:
    return Refused(400, "too_deep", f"The body is nested deeper than {limit} levels.", limit=limit)

"""From parsed JSON to a typed record, and from msgspec's message to the field that was wrong.

msgspec stops at the first error and names it in a sentence that may quote a value. Only the place, the kind of the
error and the limit are taken from that sentence; the words are ours.
"""

import itertools
import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from moderator.errors import FieldError, InputError
from moderator.web.allowed import ANY_KEY, KEY, allowed_values

T = TypeVar("T")

LONGEST_NAME = 80
"""Characters of a caller's own field name that a pointer repeats."""

_PATH = re.compile(r" - at (`key` in )?`\$([^`]*)`$")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]|(\[\.\.\.\])")
_NAMED = re.compile(r"(?s)^Object (missing required|contains unknown) field `(.*?)`(?: - at `\$|$)")
_TYPES = re.compile(r"^Expected `([a-z0-9_| ]+)`, got `([a-z0-9_]+)`")
_BOUND = re.compile(r"^Expected `(\w+)`(?: | of length )(<=|>=|<|>) (-?[0-9]+)")

# msgspec's words for types → what JSON calls them, where they are expected and where they came.
_JSON = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "an array",
    "object": "an object",
    "datetime": "a time as text",
}
_GOT = _JSON | {"int": "a number", "float": "a number with a fraction", "bool": "a boolean"}

_ENUM = "Invalid enum value"
_SENTENCES = (
    ("Invalid RFC3339", "invalid_time", "not a time as in RFC 3339, e.g. 2026-11-25T15:29:00Z"),
    ("Expected `datetime` with a timezone", "invalid_time", "a time needs its zone, e.g. 2026-11-25T15:29:00Z"),
    ("Expected `str` matching regex", "invalid_characters", "holds characters that are not allowed here"),
)


def typed(tree: object, shape: type[T], *, at: str = "", strict: bool = True) -> T:
    """`tree` as a `shape`. `at` is the pointer of `tree` itself; not `strict` reads numbers and booleans from text.

    Raises:
        InputError: it has not that shape; the first wrong field is named.
    """
    try:
        return msgspec.convert(tree, type=shape, strict=strict)
    except msgspec.ValidationError as error:
        raise InputError(explain(str(error), shape, at)) from None


def explain(message: str, shape: object, at: str = "") -> FieldError:
    """The field error that msgspec's `message` on a `shape` tells of, without anything of the value."""
    steps = _steps(message)
    # msgspec does not say which key of a map it speaks of: the pointer ends at the map.
    named_steps = itertools.takewhile(lambda step: step not in {KEY, ANY_KEY}, steps)
    pointer = at + "".join(f"/{step}" for step in named_steps)
    named = _NAMED.match(message)
    if named:
        pointer = child(pointer, named[2])
        if named[1] == "missing required":
            return FieldError(pointer, "required", "this field is needed")
        return FieldError(pointer, "unknown_field", "there is no such field here")
    if message.startswith(_ENUM):
        return not_allowed(pointer, shape, steps)
    for start, code, detail in _SENTENCES:
        if message.startswith(start):
            return FieldError(pointer, code, detail)
    types = _TYPES.match(message)
    if types:
        return FieldError(pointer, "wrong_type", f"expected {_json(types[1])}, got {_GOT.get(types[2], types[2])}")
    bound = _BOUND.match(message)
    return _out_of_bounds(pointer, bound) if bound else FieldError(pointer, "invalid", "cannot be accepted")


def not_allowed(pointer: str, shape: object, steps: tuple[str, ...]) -> FieldError:
    """The error of a value that is none of those which the field at `steps` under `shape` takes; it names them."""
    allowed = ", ".join(allowed_values(shape, steps))
    return FieldError(pointer, "not_allowed", f"not one of the allowed values{': ' if allowed else ''}{allowed}")


def child(pointer: str, name: str) -> str:
    """The pointer of field `name` under `pointer` (RFC 6901), cut where a caller's name is long."""
    return f"{pointer}/{name[:LONGEST_NAME].replace('~', '~0').replace('/', '~1')}"


def unsafe_strings(tree: object, at: str = "") -> Iterator[FieldError]:
    """Every string in `tree`, keys included, that holds NUL or half of a surrogate pair; neither can be stored.

    A bad key is named by the object that it is in. Walks without recursion.
    """
    waiting: list[tuple[str, object]] = [(at, tree)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, str):
            yield from _unsafe(pointer, value)
        elif isinstance(value, dict):
            bad = [error for key in value for error in _unsafe(pointer, key)]
            yield from bad[:1]
            if not bad:
                waiting += ((child(pointer, key), each) for key, each in reversed(value.items()))
        elif isinstance(value, list):
            waiting += ((f"{pointer}/{index}", value[index]) for index in reversed(range(len(value))))


def _unsafe(pointer: str, text: str) -> Iterator[FieldError]:
    if "\0" in text:
        yield FieldError(pointer, "nul", "holds the character NUL (U+0000)")
        return
    try:
        # The fastest look for surrogates that there is: a body may hold 32 MiB of text.
        text.encode()
    except UnicodeEncodeError:
        yield FieldError(pointer, "lone_surrogate", "holds half of a surrogate pair, which is no character")


def _steps(message: str) -> tuple[str, ...]:
    """The way to the value that `message` speaks of."""
    path = _PATH.search(message)
    if path is None:
        return ()
    steps = tuple(name or index or inside for name, index, inside in _STEP.findall(path[2]))
    return (*steps, KEY) if path[1] else steps


def _json(types: str) -> str:
    return " or ".join(_JSON.get(each, each) for each in types.split(" | "))


def _out_of_bounds(pointer: str, bound: re.Match[str]) -> FieldError:
    kind, sign, limit = bound[1], bound[2], int(bound[3])
    least = sign in {">=", ">"}
    word = "at least" if least else "at most"
    if kind in {"int", "float"}:
        return FieldError(pointer, "out_of_range", f"must be {word} {limit}", limit)
    if kind == "array":
        return FieldError(pointer, "too_few" if least else "too_many", f"must hold {word} {limit}", limit)
    code = "too_long"
    if least:
        code = "empty" if limit == 1 else "too_short"
    return FieldError(pointer, code, f"must have {word} {limit} characters", limit)

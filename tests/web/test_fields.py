"""From a library's sentence to a pointer, a code and a limit, and nothing of what the caller sent."""

from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from moderator.errors import FieldError, InputError
from moderator.web.fields import child, typed
from moderator.web.submissions import Time


class Inner(Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=5)]
    kind: Literal["a", "b"] = "a"


class Outer(Struct, forbid_unknown_fields=True):
    inner: Inner
    many: Annotated[list[Inner], Meta(max_length=2)] = []
    number: Annotated[int, Meta(ge=1, le=200)] = 1
    at: Time | None = None
    labels: dict[Literal["toxicity"], Literal[0, 1]] = {}


def error_of(tree: object, at: str = "") -> FieldError:
    with pytest.raises(InputError) as caught:
        typed(tree, Outer, at=at)
    (error,) = caught.value.errors
    return error


GOOD = {"id": "x"}


@pytest.mark.parametrize(
    ("tree", "pointer", "code", "limit"),
    [
        ([], "", "wrong_type", None),
        ({}, "/inner", "required", None),
        ({"inner": {}}, "/inner/id", "required", None),
        ({"inner": []}, "/inner", "wrong_type", None),
        ({"inner": {"id": 5}}, "/inner/id", "wrong_type", None),
        ({"inner": {"id": None}}, "/inner/id", "wrong_type", None),
        ({"inner": {"id": ""}}, "/inner/id", "empty", 1),
        ({"inner": {"id": "abcdef"}}, "/inner/id", "too_long", 5),
        ({"inner": {"id": "x", "kind": "you idiot"}}, "/inner/kind", "not_allowed", None),
        ({"inner": {"id": "x", "you/idiot~": 1}}, "/inner/you~1idiot~0", "unknown_field", None),
        ({"inner": GOOD, "many": [GOOD, {"id": 1}]}, "/many/1/id", "wrong_type", None),
        ({"inner": GOOD, "many": [GOOD] * 3}, "/many", "too_many", 2),
        ({"inner": GOOD, "number": True}, "/number", "wrong_type", None),
        ({"inner": GOOD, "number": 1.0}, "/number", "wrong_type", None),
        ({"inner": GOOD, "number": 0}, "/number", "out_of_range", 1),
        ({"inner": GOOD, "number": 201}, "/number", "out_of_range", 200),
        ({"inner": GOOD, "at": "yesterday"}, "/at", "invalid_time", None),
        ({"inner": GOOD, "at": "2026-01-01T00:00:00"}, "/at", "invalid_time", None),
        ({"inner": GOOD, "at": 5}, "/at", "wrong_type", None),
        ({"inner": GOOD, "labels": {"you idiot": 1}}, "/labels", "not_allowed", None),
        ({"inner": GOOD, "labels": {"toxicity": 2}}, "/labels", "not_allowed", None),
        ({"inner": GOOD, "labels": {"toxicity": True}}, "/labels", "wrong_type", None),
    ],
)
def test_an_error_names_the_field_the_kind_and_the_limit(
    tree: object, pointer: str, code: str, limit: int | None
) -> None:
    error = error_of(tree, at="/items/3")
    assert (error.pointer, error.code, error.limit) == (f"/items/3{pointer}", code, limit)
    assert "idiot" not in error.detail


@pytest.mark.parametrize(
    ("tree", "detail"),
    [
        ({"inner": {"id": "x", "kind": "c"}}, "not one of the allowed values: a, b"),
        ({"inner": GOOD, "many": [GOOD, {"id": "x", "kind": "c"}]}, "not one of the allowed values: a, b"),
        ({"inner": GOOD, "labels": {"rude": 1}}, "not one of the allowed values: toxicity"),
        ({"inner": GOOD, "labels": {"toxicity": 2}}, "not one of the allowed values: 0, 1"),
        ({"inner": {"id": 5}}, "expected a string, got a number"),
        ({"inner": GOOD, "at": 5}, "expected a time as text or null, got a number"),
        ({"inner": GOOD, "at": []}, "expected a time as text or null, got an array"),
        ({"inner": GOOD, "number": 1.5}, "expected a whole number, got a number with a fraction"),
        ({"inner": GOOD, "number": True}, "expected a whole number, got a boolean"),
        ({"inner": GOOD, "many": {}}, "expected an array, got an object"),
        ({"inner": None}, "expected an object, got null"),
    ],
)
def test_an_error_says_what_is_allowed_in_the_words_of_json(tree: object, detail: str) -> None:
    assert error_of(tree).detail == detail


def test_a_name_made_to_look_like_a_path_stays_a_name() -> None:
    error = error_of({"inner": GOOD, "x` - at `$.inner": 1})
    assert error.code == "unknown_field"
    assert error.pointer.startswith("/")


def test_a_long_name_is_cut_in_its_pointer() -> None:
    assert len(child("", "x" * 10_000)) < 100


def test_what_is_good_becomes_a_record() -> None:
    assert typed({"inner": GOOD, "number": 200}, Outer) == Outer(inner=Inner(id="x"), number=200)

from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderator.domain import Article, Author, Comment, Submission
from moderator.errors import StoreError
from moderator.store import record

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
TIMES = st.integers(0, 2_000_000_000_000).map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)

LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(0, 2**53),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    datetime: TIMES,
    NoneType: st.none(),
    Any: JSON,
}


@cache
def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Any value that a field's type allows."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in LEAVES:
        return LEAVES[kind]
    if origin in (UnionType, Union):
        return st.one_of(*(anything(each) for each in arguments))
    if origin is not None:
        return _container(origin, arguments)
    if issubclass(kind, Enum):
        return st.sampled_from([*kind])
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: anything(hints[name]) for name in kind.__struct_fields__})


def _container(origin: Any, arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(anything(arguments[0]), max_size=2).map(tuple)
    assert origin is dict
    return st.dictionaries(TEXT, anything(arguments[1]), max_size=3)


def stored(comment: Comment, version: int = record.VERSION) -> bytes:
    header = f"{version} {comment.sequence} {'0' * 16}\n"
    return header.encode() + record.encode(comment)


@settings(max_examples=50)
@given(anything(Comment))
def test_every_comment_comes_back_as_it_was_stored(comment: Comment) -> None:
    assert record.decode(stored(comment)) == comment


def test_a_record_of_a_newer_release_is_refused_by_its_version_and_never_shown(make_comment: Any) -> None:
    with pytest.raises(StoreError, match="version 2, this release reads 1") as refused:
        record.decode(stored(make_comment(text="a secret"), version=2))
    assert refused.value.code == "unknown_record_version"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("value", [b"", b"\n", b"secret text", b"1", b"1 1 00\n\xff secret", b"\xff 1 00\n"])
def test_bytes_that_are_no_record_are_refused_without_showing_them(value: bytes) -> None:
    with pytest.raises(StoreError) as refused:
        record.decode(value)
    assert refused.value.code in ("unknown_record_version", "damaged_record")
    assert "secret" not in str(refused.value)


def test_a_record_written_before_a_struct_grew_is_read_with_the_new_field_s_default(make_comment: Any) -> None:
    comment = make_comment()
    body = record.encode(comment)
    fields = msgspec.msgpack.decode(body[1:])
    shorter = body[:1] + msgspec.msgpack.encode(fields[:-1])  # as if `imported` did not exist yet

    assert record.decode(b"1 1 0000000000000000\n" + shorter) == comment


def test_a_decision_in_force_that_is_the_latest_revision_s_is_stored_once(make_comment: Any) -> None:
    comment = make_comment()
    other = msgspec.structs.replace(comment.decision, who="ann")
    overruled = msgspec.structs.replace(comment, decision=other)

    assert stored(comment).count(b"No rule fired") == 1
    assert record.decode(stored(comment)) == comment
    assert record.decode(stored(overruled)) == overruled


def submission(**changes: Any) -> Submission:
    fields: dict[str, Any] = {
        "id": "c-1",
        "text": "Hello",
        "article": Article(id="a-1"),
        "author": Author(id="u-1"),
    } | changes
    return Submission(**fields)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Hello!"},
        {"format": "html"},
        {"article": Article(id="a-2")},
        {"author": Author(id="u-2")},
        {"author": None},
        {"parent_id": "c-0"},
        {"parent_id": ""},
    ],
)
def test_the_content_digest_changes_with_what_makes_a_submission_another(change: dict[str, Any]) -> None:
    assert record.content_digest(submission(**change)) != record.content_digest(submission())


def test_the_content_digest_ignores_what_a_retry_may_vary() -> None:
    retry = submission(
        article=Article(id="a-1", title="Now with a title"),
        author=Author(id="u-1", ip="192.0.2.1"),
        metadata={"try": 2},
    )
    assert record.content_digest(retry) == record.content_digest(submission())


def test_a_comment_has_the_digest_of_the_submission_it_was_made_of(make_comment: Any) -> None:
    comment = make_comment(text="Hello", article="a-1", author="u-1")
    assert record.content_digest(comment) == record.content_digest(submission(text="Hello"))

"""What is refused, what is cut and marked, and what is let through of a submission."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.domain import Submission
from moderator.errors import FieldError, InputError
from moderator.settings import Settings
from moderator.web.body import Parsed, parse_now
from moderator.web.submissions import is_comment_id, submission, text_errors, unknown_fields

SETTINGS = Settings()
LEAST: dict[str, Any] = {"text": "Well said.", "article": {"id": "a-1"}}


def read(tree: object) -> Submission:
    return submission(Parsed(tree, suspect=True), SETTINGS, lambda: "made")


def errors_of(tree: object) -> list[FieldError]:
    with pytest.raises(InputError) as caught:
        read(tree)
    return list(caught.value.errors)


def test_text_and_article_are_all_that_is_needed() -> None:
    taken = read(LEAST)
    assert (taken.id, taken.text, taken.article.id, taken.format, taken.cut) == (
        "made",
        "Well said.",
        "a-1",
        "plain",
        (),
    )


def test_null_stands_for_a_field_that_is_not_there() -> None:
    optional = ("id", "format", "author", "parent_id", "language", "submitted_at", "honeypot", "metadata", "decided")
    assert read(LEAST | dict.fromkeys(optional)) == read(LEAST)


@pytest.mark.parametrize(
    ("changed", "pointer", "code", "limit"),
    [
        ({"text": ""}, "/text", "empty", None),
        ({"text": " \t\r\n\u00a0\u3000"}, "/text", "empty", None),
        ({"text": "\u200b\u200d\u2060\ufeff\u00ad\u202e\u3164\ufe0f\u034f\U000e0041"}, "/text", "empty", None),
        ({"text": "x" * 20_001}, "/text", "too_long", 20_000),
        ({"text": 5}, "/text", "wrong_type", None),
        ({"text": None}, "/text", "wrong_type", None),
        ({"text": "a\0b"}, "/text", "nul", None),
        ({"text": "\ud800"}, "/text", "lone_surrogate", None),
        ({"new": {"deep": ["\udfff"]}}, "/new/deep/0", "lone_surrogate", None),
        ({"id": ""}, "/id", "empty", None),
        ({"id": "x" * 201}, "/id", "too_long", 200),
        ({"id": "a/b"}, "/id", "invalid_characters", None),
        ({"id": "ё"}, "/id", "invalid_characters", None),
        ({"id": "c-1\n"}, "/id", "invalid_characters", None),
        ({"id": ".."}, "/id", "invalid_characters", None),
        ({"id": True}, "/id", "wrong_type", None),
        ({"parent_id": "."}, "/parent_id", "invalid_characters", None),
        ({"article": {}}, "/article/id", "required", None),
        ({"article": {"id": ""}}, "/article/id", "empty", None),
        ({"article": {"id": "x" * 501}}, "/article/id", "too_long", 500),
        ({"article": {"id": "a\u0085"}}, "/article/id", "invalid_characters", None),
        ({"author": {"id": "\x1f"}}, "/author/id", "invalid_characters", None),
        ({"author": {"id": "x" * 501}}, "/author/id", "too_long", 500),
        ({"author": {"role": "editor"}}, "/author/role", "not_allowed", None),
        ({"format": "markdown"}, "/format", "not_allowed", None),
        ({"metadata": []}, "/metadata", "wrong_type", None),
        ({"submitted_at": "0001-01-01T00:00:00+14:00"}, "/submitted_at", "out_of_range", None),
        ({"decided": {"outcome": "approve", "by": "x"}}, "/decided/at", "required", None),
    ],
)
def test_a_wrong_field_is_named_with_its_code_and_limit(
    changed: dict[str, Any], pointer: str, code: str, limit: int | None
) -> None:
    (error,) = errors_of(LEAST | changed)
    assert (error.pointer, error.code, error.limit) == (pointer, code, limit)


def test_several_wrong_fields_are_named_together() -> None:
    errors = errors_of(LEAST | {"text": " ", "id": "a b", "parent_id": ""})
    assert [error.pointer for error in errors] == ["/text", "/id", "/parent_id"]


def test_twenty_thousand_code_points_are_not_too_long_whatever_they_weigh() -> None:
    assert len(read(LEAST | {"text": "😀" * 20_000}).text) == 20_000


def test_visible_between_invisible_is_not_empty() -> None:
    for text in ("\u200b.\u200b", "👍🏽", "٠", "…", "\u0301a"):
        assert not list(text_errors(text, 10))


def test_context_is_cut_to_its_limit_and_marked() -> None:
    taken = read(
        {
            "text": "Well said.",
            "article": {"id": "a-1", "title": "t" * 501, "url": "u" * 2048},
            "author": {"name": "n" * 201, "ip": "1" * 46},
            "language": "x" * 36,
            "metadata": {"small": 1, "large": "m" * 5000, "after": 1},
        }
    )
    assert taken.article.title == "t" * 500
    assert taken.metadata == {"small": 1}
    assert taken.cut == ("article.title", "author.name", "author.ip", "language", "metadata")


def test_metadata_of_exactly_the_limit_is_kept_whole() -> None:
    whole = {"a": "x" * (4096 - len('{"a":""}'))}
    assert read(LEAST | {"metadata": whole}).metadata == whole
    assert read(LEAST | {"metadata": {"a": whole["a"] + "x"}}).metadata == {}


def test_times_are_kept_in_utc_to_the_millisecond() -> None:
    taken = read(LEAST | {"submitted_at": "2026-11-25T17:29:00.123456+02:00"})
    assert taken.submitted_at is not None
    assert taken.submitted_at.isoformat() == "2026-11-25T15:29:00.123000+00:00"


def test_unknown_fields_are_named_with_their_path_and_otherwise_ignored() -> None:
    tree = LEAST | {"mood": 1, "article": {"id": "a-1", "section": "x"}, "author": {"karma": 2}, "decided": None}
    assert unknown_fields(tree) == ["article.section", "author.karma", "mood"]
    assert read(tree).article.id == "a-1"


@pytest.mark.parametrize(
    "text", ["<b> </b>", "<p><br></p>\n", "&nbsp;&#8203;", "<!-- hello -->", "<script>hello</script>", "<img src=x>"]
)
def test_html_of_which_a_reader_sees_nothing_is_empty(text: str) -> None:
    (error,) = errors_of(LEAST | {"text": text, "format": "html"})
    assert (error.pointer, error.code) == ("/text", "empty")
    assert read(LEAST | {"text": text}).text == text


@pytest.mark.parametrize("text", ["<b>a</b>", "&amp;", "1 < 2", "a <b> </b>", "no markup"])
def test_html_of_which_a_reader_sees_anything_is_taken(text: str) -> None:
    assert read(LEAST | {"text": text, "format": "html"}).text == text


UNSEEN = st.text(
    alphabet=st.characters(categories=["Zs", "Zl", "Zp", "Cf", "Cc"], exclude_characters="\0"), max_size=20
)
SEEN = st.characters(categories=["L", "N", "P", "Sm", "Sc", "So"], exclude_characters="\u115f\u1160\u3164\uffa0\u2800")


@given(UNSEEN)
def test_spaces_formats_and_controls_alone_are_empty(text: str) -> None:
    assert [error.code for error in text_errors(text, 50)] == ["empty"]


@given(UNSEEN, SEEN, UNSEEN)
def test_one_visible_character_is_enough(before: str, seen: str, after: str) -> None:
    assert not list(text_errors(before + seen + after, 50))


@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5), st.lists))
def test_whatever_a_field_holds_the_answer_is_a_submission_or_an_input_error(value: object) -> None:
    for name in ("text", "article", "author", "metadata", "decided", "id"):
        parsed = parse_now(json.dumps(LEAST | {name: value}).encode(), 32)
        with suppress(InputError):
            submission(parsed, SETTINGS, lambda: "made")


@pytest.mark.parametrize(
    ("text", "fits"), [("c-1", True), ("a:b@c~d_e.f", True), ("..", False), ("", False), ("a/b", False)]
)
def test_what_can_be_a_comments_id(text: str, fits: bool) -> None:
    assert is_comment_id(text) is fits

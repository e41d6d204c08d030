"""What the parser refuses, with its stable code, and what it lets through."""

import json

import pytest

from moderator.errors import InputError
from moderator.web.body import parse, parse_now
from moderator.web.problems import Refused

LIMIT = 32


def refused(body: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        parse_now(body, LIMIT)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b'{"text": "a",}', "invalid_json"),
        (b'{"text": "a\x00b"}', "invalid_json"),
        (b"\xef\xbb\xbf{}", "invalid_json"),
        (b'{"text": "\xff"}', "invalid_utf8"),
        (b'{"text": "\xed\xa0\x80"}', "invalid_utf8"),
        (b'{"a": NaN}', "not_finite"),
        (b'{"a": -Infinity}', "not_finite"),
        (b'{"a": 1e999}', "not_finite"),
        (b'{"a": 18446744073709551616}', "number_too_big"),
        (b'{"a": -9223372036854775809}', "number_too_big"),
        (b'{"a": %s}' % (b"9" * 10_000), "number_too_big"),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', "duplicate_key"),
    ],
)
def test_a_body_that_is_not_strict_json_is_refused_with_its_code(body: bytes, code: str) -> None:
    assert refused(body).code == code


def test_the_largest_numbers_that_fit_64_bits_are_taken() -> None:
    tree = parse_now(b"[18446744073709551615, -9223372036854775808, 1.5e308]", LIMIT).tree
    assert tree == [2**64 - 1, -(2**63), 1.5e308]


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("levels", [33, 500, 100_000])
def test_nesting_beyond_the_limit_is_refused_however_deep(opening: bytes, levels: int) -> None:
    closing = b"]" if opening == b"[" else b"}"
    error = refused(opening * levels + b"1" + closing * levels)
    assert error.code == "too_deep"
    assert error.extra == {"limit": LIMIT}


def test_nesting_up_to_the_limit_and_many_brackets_side_by_side_are_fine() -> None:
    parse_now(b"[" * LIMIT + b"]" * LIMIT, LIMIT)
    parse_now(b"[" + b"[],{}," * 500 + b"1]", LIMIT)


def test_a_duplicate_key_is_named_only_where_it_looks_like_a_field() -> None:
    assert "The key text " in refused(b'{"text": 1, "text": 2}').detail
    assert "you idiot" not in refused(b'{"you idiot": 1, "you idiot": 2}').detail


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b'{"comments": [{"id": "a"}, {"id": "b", "article": {"id": 1, "id": 2}}]}', ["/comments/1/article/id"]),
        (b'{"a": {"id": 1, "id": 2}, "b": {"id": 1, "id": 2}}', ["/a/id"]),
        (b'{"you idiot": {"id": 1, "id": 2}}', []),
        (b'{"id": 1, "id": 2} and no more', []),
    ],
)
def test_a_duplicate_key_is_pointed_to_where_its_way_is_of_field_names(body: bytes, pointers: list[str]) -> None:
    assert [error.pointer for error in refused(body).errors] == pointers


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"\xef\xbb\xbf{}", "The body begins with a byte order mark (U+FEFF): send it without one."),
        (b'{"a": "\n"}', "The body is not JSON: Invalid control character at line 1, column 8."),
        (b"{", "The body is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
    ],
)
def test_a_body_that_is_not_json_is_told_in_one_plain_sentence(body: bytes, sentence: str) -> None:
    assert refused(body).detail == sentence


@pytest.mark.parametrize(
    ("text", "code"),
    [(r"a\u0000b", "nul"), (r"\ud800", "lone_surrogate"), (r"\uDC00\ud800", "lone_surrogate")],
)
def test_an_unsafe_string_is_found_wherever_it_stands(text: str, code: str) -> None:
    body = f'{{"author": {{"name": "{text}"}}, "m": {{"{text}": ["{text}"]}}}}'.encode()
    with pytest.raises(InputError) as caught:
        parse_now(body, LIMIT).checked()
    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/author/name", code), ("/m", code)]


def test_escaped_pairs_of_surrogates_are_ordinary_characters() -> None:
    parsed = parse_now(json.dumps({"text": "😀 \\u0000 is written so"}).encode(), LIMIT)
    assert parsed.suspect
    assert parsed.checked() == {"text": "😀 \\u0000 is written so"}


async def test_a_long_body_is_parsed_like_a_short_one() -> None:
    body = json.dumps([{"text": "слово " * 1000}] * 60).encode()
    assert (await parse(body, nesting_limit=LIMIT)).tree == json.loads(body)
    with pytest.raises(Refused, match="not JSON"):
        await parse(body[:-1], nesting_limit=LIMIT)

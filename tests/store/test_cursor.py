from base64 import urlsafe_b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.errors import InputError
from moderator.store.cursor import Place, decode_place, decode_positions, encode_place, encode_positions

COUNTERS = st.lists(st.integers(0, 2**40), min_size=64, max_size=64)


@given(st.integers(0, 2**47), st.text("abcXYZ019._~:@-", min_size=1, max_size=200))
def test_a_place_comes_back(ms: int, comment_id: str) -> None:
    assert decode_place(encode_place(Place(ms, comment_id))) == Place(ms, comment_id)


@given(COUNTERS)
def test_positions_come_back(positions: list[int]) -> None:
    assert decode_positions(encode_positions(positions), 64) == positions


def test_no_cursor_is_the_beginning() -> None:
    assert decode_place(None) is None
    assert decode_positions(None, 4) == [0, 0, 0, 0]


@given(st.text(max_size=40))
def test_whatever_a_caller_makes_up_is_refused_or_is_a_cursor(cursor: str) -> None:
    with suppress(InputError):
        assert encode_place(decode_place(cursor) or Place(0, "")) == cursor
    with suppress(InputError):
        assert encode_positions(decode_positions(cursor, 64)) == cursor


def test_the_refusal_names_the_cursor_and_nothing_of_it() -> None:
    with pytest.raises(InputError) as refused:
        decode_place("no-cursor")
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/cursor", "invalid_cursor")]
    assert "no-cursor" not in str(refused.value)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "p" * 5000,
        encode_positions([1] * 64),  # of the other kind
        encode_place(Place(5, "c-1")) + "=",  # another spelling
        _text(b"p" + bytes(6)),  # no id
        _text(b"p" + bytes(6) + b"\xff"),  # no UTF-8
    ],
)
def test_a_listing_refuses_what_is_not_its_cursor(cursor: str) -> None:
    with pytest.raises(InputError):
        decode_place(cursor)


@pytest.mark.parametrize(
    "cursor",
    [
        encode_place(Place(5, "c-1")),
        encode_positions([1] * 63),  # of a deployment with other lanes
        encode_positions([2**53] * 64),
        _text(b"c" + bytes(63) + b"\x80"),  # a number that does not end
    ],
)
def test_changes_refuse_what_is_not_their_cursor(cursor: str) -> None:
    with pytest.raises(InputError):
        decode_positions(cursor, 64)

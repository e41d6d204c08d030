"""What headers say, read without trust and written so that they cannot break out."""

import uuid

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from moderator.web import headers
from moderator.web.problems import Refused


def test_a_request_id_is_taken_where_it_is_safe_and_made_otherwise() -> None:
    taken = make_mocked_request("GET", "/", headers={"X-Request-Id": "shop-42/a:b"})
    assert headers.request_id(taken) == "shop-42/a:b"
    for bad in ("", "a b", "x" * 129, "ё", '"'):
        made = headers.request_id(make_mocked_request("GET", "/", headers={"X-Request-Id": bad}))
        assert made != bad
        assert len(made) == 24


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("respond-async", True), ("wait=10, Respond-Async; x=1", True), ("return=minimal", False), ("", False)],
)
def test_respond_async_is_found_among_preferences(value: str, wanted: bool) -> None:
    assert headers.wants_async(make_mocked_request("POST", "/", headers={"Prefer": value})) is wanted


@pytest.mark.parametrize(
    ("value", "revision"), [('"3"', 3), ("*", None), ('W/"3"', 0), ('"x"', 0), ('"99999999999"', 0)]
)
def test_if_match_names_a_revision_or_one_that_none_has(value: str, revision: int | None) -> None:
    assert headers.expected_revision(make_mocked_request("PUT", "/", headers={"If-Match": value})) == revision


@pytest.mark.parametrize("value", ['"1", "2"', "3", "", '"'])
def test_if_match_that_is_no_single_tag_is_refused(value: str) -> None:
    with pytest.raises(Refused, match="one entity tag"):
        headers.expected_revision(make_mocked_request("PUT", "/", headers={"If-Match": value}))


@pytest.mark.parametrize("value", ["", "x" * 256, "ключ", "a\tb"])
def test_an_idempotency_key_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(Refused, match="Idempotency-Key") as caught:
        headers.idempotency_key(make_mocked_request("POST", "/", headers={"Idempotency-Key": value}))
    assert caught.value.status == 400


def test_a_key_stands_for_one_id_at_one_site_and_place() -> None:
    ids = [headers.derived_id(*of) for of in (("s", "k"), ("t", "k"), ("s", "k2"), ("s", "k", 0), ("s", "k", 1))]
    assert len(set(ids)) == len(ids)
    assert headers.derived_id("s", "k") == ids[0] == "63c57313-37ec-543b-a8cf-8b174e19fc4b"


def test_new_ids_are_uuids_of_version_seven_and_sort_by_time() -> None:
    made = [uuid.UUID(headers.new_id()) for _ in range(100)]
    assert all(each.version == 7 and each.variant == uuid.RFC_4122 for each in made)
    assert len(set(made)) == 100
    assert [each.int >> 80 for each in made] == sorted(each.int >> 80 for each in made)


@given(st.lists(st.text(min_size=1)))
def test_warning_fields_never_break_the_header(names: list[str]) -> None:
    value = headers.warning_fields(names)
    assert value.isascii()
    assert value.isprintable()
    assert len(value) <= 20 * (64 * 12 + 2) + 5


def test_warning_fields_names_dotted_paths() -> None:
    assert headers.warning_fields(["mood", "author.karma", "a,b\r\nX: y"]) == "a%2Cb%0D%0AX%3A%20y, author.karma, mood"

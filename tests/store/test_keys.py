"""The schema: every key has a line, one tag for what one script touches, and no room for readers' text."""

import inspect
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.store.keys import SCHEMA, Keys, digest, lane, slot

KEYS = Keys("mod", 64)
MAKERS = [name for name, _ in inspect.getmembers(Keys, inspect.isfunction) if not name.startswith("_")]
ARGUMENTS: dict[str, Any] = {"lane": 7, "day": 20000, "shard": "03a7", "facet": "article"}


def make(name: str) -> str:
    maker = getattr(KEYS, name)
    arguments = {
        parameter.name: ARGUMENTS.get(parameter.name, "x")
        for parameter in inspect.signature(maker).parameters.values()
        if parameter.default is parameter.empty
    }
    return str(maker(**arguments))


def tag(key: str) -> str:
    found = re.search(r"\{([^{}]+)\}", key)
    assert found
    return found[1]


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "lane"])
def test_every_key_has_the_prefix_then_at_most_one_tag(name: str) -> None:
    assert re.fullmatch(r"mod:(\{[a-z0-9]+\}:)?[a-z0-9_.:-]+", make(name))


def test_every_line_of_the_schema_is_made_by_a_method() -> None:
    assert set(SCHEMA) <= set(MAKERS)


@given(site=st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), comment=st.text(min_size=1, max_size=200))
def test_a_lane_follows_from_the_id_and_is_the_tag(site: str, comment: str) -> None:
    number = lane(site, comment, 64)
    assert 0 <= number < 64
    assert tag(KEYS.comment(site, comment)) == tag(KEYS.queue(number, site)) == f"l{number:02}"


@given(site=st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), free=st.text(max_size=20))
def test_all_signals_of_a_site_are_on_one_slot(site: str, free: str) -> None:
    names = [KEYS.near(site, 1, "0102"), KEYS.near(site, 3, "0304"), KEYS.article(site, free), KEYS.author(site, free)]
    assert len({slot(name.encode()) for name in names}) == 1


@given(st.text(min_size=1, max_size=500))
def test_free_text_never_shows_in_a_key(text: str) -> None:
    for key in (KEYS.article("s", text), KEYS.author("s", text), KEYS.facet(1, "s", "author", text)):
        assert digest(text) in key
        assert len(key) < 60


@pytest.mark.parametrize(
    ("key", "number"),
    # From the cluster specification and its reference implementation.
    [(b"123456789", 12739), (b"{user1000}.following", 3443), (b"foo{}{bar}", 8363), (b"foo{{bar}}zap", 4015)],
)
def test_slots_are_those_of_the_specification(key: bytes, number: int) -> None:
    assert slot(key) == number

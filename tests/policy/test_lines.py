import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.policy.lines import dotted, line_of

DOCUMENT = '''# first = 1
version = 1
"quoted key" = 2

[a]
b.c = 3
text = """
[not.a.table]
not_a_key = 1
ends with quotes """""
literal = \'\'\'
d = 1
\'\'\'
d = 'x = 1 # no comment' # a = comment
[a . e]
list = [ # of three
  "one", "two",
  { three = [1,
    2] },
]
inline = { f = 1, g = { h = [ true ] } }
after = 1

[[tables]]
i = 1
[[tables]]
i = 2
'''

PLACES = {
    "version": 2,
    '"quoted key"': 3,
    "a": 5,
    "a.b": 6,
    "a.b.c": 6,
    "a.text": 7,
    "a.literal": 11,
    "a.d": 14,
    "a.e": 15,
    "a.e.list": 16,
    "a.e.list[0]": 17,
    "a.e.list[1]": 17,
    "a.e.list[2]": 18,
    "a.e.list[2].three": 18,
    "a.e.list[2].three[1]": 19,
    "a.e.inline.f": 21,
    "a.e.inline.g.h[0]": 21,
    "a.e.after": 22,
    "tables": 24,
    "tables.i": 25,
}


def test_the_document_of_these_tests_is_toml() -> None:
    assert tomllib.loads(DOCUMENT)["a"]["e"]["after"] == 1


@pytest.mark.parametrize(("key", "line"), PLACES.items())
def test_every_key_is_found_on_its_line(key: str, line: int) -> None:
    assert line_of(DOCUMENT, key) == line


@pytest.mark.parametrize(
    ("key", "line"), [("nothing", 1), ("a.missing", 5), ("a.e.missing.too", 15), ("not_a_key", 1), ("a.e.list[9]", 16)]
)
def test_a_key_that_is_missing_is_sought_where_it_should_stand(key: str, line: int) -> None:
    assert line_of(DOCUMENT, key) == line


NAMES = st.sampled_from(["a", "b", "c-d", "e f", "g.h", "ж"])
VALUES = st.recursive(
    st.sampled_from(["1", "-2.5", "true", '"x"', "'y = [1]'", '"""p\nq"""', "1979-05-27T07:32:00Z", "'''\n'''", "nan"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: "[\n" + ", # c\n".join(items) + "\n]"),
    max_leaves=6,
)


@given(st.lists(st.tuples(NAMES, st.dictionaries(NAMES, VALUES, max_size=3)), unique_by=lambda table: table[0]))
def test_in_any_document_the_line_of_a_key_holds_that_key(tables: list[tuple[str, dict[str, str]]]) -> None:
    # Given a document whose lines are known, since this test writes them
    lines: list[str] = []
    expected: dict[str, int] = {}
    for table, values in tables:
        lines.append(f"[{dotted('', table)}]")
        expected[dotted("", table)] = len(lines)
        for name, value in values.items():
            expected[dotted(dotted("", table), name)] = len(lines) + 1
            lines.extend(f"{dotted('', name)} = {value}".split("\n"))
    text = "\n".join(lines)
    read: dict[str, Any] = tomllib.loads(text)
    assert len(read) == len(tables)
    # Then each key is found there
    assert {key: line_of(text, key) for key in expected} == expected

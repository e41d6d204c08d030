"""Somebody else's words in a comment."""

from moderator.scoring.quotes import find

LONG = "we shall never go back to that place again, he said"


def quoted(text: str) -> list[str]:
    return [text[begin:end] for begin, end in find(text)]


def test_lines_with_a_greater_sign_are_quoted_together() -> None:
    assert quoted("> one\n> two\nmy own words") == ["> one\n> two"]


def test_long_quotation_marks_are_quoted_and_short_ones_are_not() -> None:
    assert quoted(f"She wrote «{LONG}» and left") == [f"«{LONG}»"]
    assert quoted(f"She wrote “{LONG}” and left") == [f"“{LONG}”"]
    assert quoted(f'She wrote "{LONG}" and left') == [f'"{LONG}"']
    assert quoted("The so-called «elite» and the film «War and Peace» again") == []


def test_straight_marks_do_not_pair_over_lines_or_inside_words() -> None:
    assert quoted('a 5" pipe and then\n a lot of other words that go on and on 6" more') == []


def test_a_comment_that_is_nothing_but_a_quotation_is_the_writers_own() -> None:
    assert quoted(f"«{LONG}»") == []
    assert quoted("> everything here") == []


def test_an_arrow_inside_a_line_quotes_nothing() -> None:
    assert quoted("a -> b and x > y in my own words") == []

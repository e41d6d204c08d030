import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.policy.words import GLOB_MAX, INFIX_MAX, Words, WordsError, tokens


def found(entry: str, text: str) -> bool:
    words: Words[str] = Words()
    words.add(entry, entry)
    return any(words.find(tokens(text)))


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("casino", "The CASINO, again"),
        ("Straße", "in der STRASSE"),
        ("ёлка", "наша елка"),
        ("ЁЛКА", "Ёлка!"),
        ("casino", "casino's best"),
        ("free spins", "get your FREE... spins!"),
        ("free-spins", "free spins"),
        ("зв'язок", "поганий зв’язок"),
        ("зв'язок", "поганий звʼязок"),
        ("casino*", "casinos"),
        ("casino*", "casino"),
        ("*coin", "buy Bitcoin"),
        ("*bet*", "1xBet777"),
        ("cas*no", "CASINNNO"),
        ("c*s*n*", "casino"),
        ("buy * now", "Buy followers now"),
        ("ставк* на спорт*", "делай ставки на спортивные матчи"),
        ("*赌场*", "最好的赌场在这里"),
        ("й", "и\u0306"),
        ("नमस्ते", "नमस्ते दुनिया"),
        ("18+", "only 18"),
    ],
)
def test_an_entry_matches_whole_words_whatever_their_dress(entry: str, text: str) -> None:
    assert found(entry, text)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("casino", "casinos"),
        ("ass", "class assassin"),
        ("free spins", "free of spins"),
        ("free spins", "spins free"),
        ("casino*", "mycasino"),
        ("*coin", "coins"),
        ("*bet*", "be t"),
        ("cas*no", "casio"),
        ("aa*a", "aa"),
        ("a*bc*cd", "abcd"),
        ("buy * now", "buy now"),
        ("नमस", "नमस्ते"),
        (".*", ""),
    ],
)
def test_an_entry_matches_nothing_else(entry: str, text: str) -> None:
    if entry == ".*":
        with pytest.raises(WordsError):
            found(entry, text)
    else:
        assert not found(entry, text)


@pytest.mark.parametrize("entry", ["", " ", "*", "* *", "!?", "a b c d e f g h i"])
def test_an_entry_that_cannot_be_used_is_refused(entry: str) -> None:
    with pytest.raises(WordsError):
        Words[None]().add(entry, None)


@pytest.mark.parametrize(("pattern", "limit"), [("*{}*", INFIX_MAX), ("a{}*b", GLOB_MAX)])
def test_there_is_a_limit_to_the_entries_that_cost_a_search_each(pattern: str, limit: int) -> None:
    words: Words[None] = Words()
    for number in range(limit):
        words.add(pattern.format(number), None)
    with pytest.raises(WordsError):
        words.add(pattern.format(limit), None)


def test_where_an_entry_stands_is_told() -> None:
    words: Words[str] = Words()
    words.add("two three", "phrase")
    words.add("*ou*", "infix")
    words.add("f* f*", "glob")
    assert sorted(words.find(tokens("one two three four five"))) == [(1, 3, "phrase"), (3, 4, "infix"), (3, 5, "glob")]


def reference(pattern: str, word: str) -> bool:
    """The textbook definition of a wildcard, as slow as it is plain."""
    if not pattern:
        return not word
    if pattern[0] == "*":
        return any(reference(pattern[1:], word[begin:]) for begin in range(len(word) + 1))
    return word[:1] == pattern[0] and reference(pattern[1:], word[1:])


PATTERNS = st.text(alphabet="ab*", min_size=1, max_size=6).filter(lambda pattern: pattern.strip("*"))
WORDS = st.lists(st.text(alphabet="ab", min_size=1, max_size=6), max_size=5)


@given(PATTERNS, WORDS)
def test_a_wildcard_means_what_its_definition_says(pattern: str, words: list[str]) -> None:
    assert found(pattern, " ".join(words)) == any(reference(pattern, word) for word in words)


@given(st.lists(PATTERNS, min_size=2, max_size=2), WORDS)
def test_a_phrase_is_its_words_in_a_row(patterns: list[str], words: list[str]) -> None:
    expected = any(
        reference(patterns[0], first) and reference(patterns[1], second) for first, second in pairwise(words)
    )
    assert found(" ".join(patterns), " ".join(words)) == expected


def test_ten_thousand_entries_and_a_long_comment_take_no_time() -> None:
    words: Words[int] = Words()
    for number in range(8000):
        words.add(f"word{number} tail", number)
        words.add(f"begin{number}*", number)
    for number in range(INFIX_MAX):
        words.add(f"*middle{number}*", number)
    for number in range(GLOB_MAX):
        words.add(f"word{number} *x*y* tail", number)
    text = ("word1 tails begins " * 1200)[:20_000]
    begin = time.process_time()
    assert list(words.find(tokens(text))) == []
    assert time.process_time() - begin < 1.0  # some 30 ms on a quiet machine

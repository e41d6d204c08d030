"""Which language a comment is in."""

import pytest

from moderator.scoring import language
from moderator.scoring.language import UNKNOWN, detect


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("You cannot be serious about this", "en"),
        ("Спасибо за статью, всё понятно", "ru"),
        ("Дякую за статтю, все зрозуміло", "uk"),
        ("Das kann doch nicht wahr sein", "de"),
        ("To nie może być prawda", "pl"),
        ("купил iPhone вчера", "ru"),
        ("Який же ти дурень!", "uk"),
    ],
)
def test_ordinary_comments_are_told_apart(text: str, code: str) -> None:
    found, confidence = detect(text)
    assert found == code
    assert 0.55 <= confidence <= 1


def test_letters_that_one_language_has_decide_between_russian_and_ukrainian() -> None:
    assert detect("Путін ні") == ("uk", 0.98)
    assert detect("ты дурак") == ("ru", 0.98)


@pytest.mark.parametrize("text", ["", "123 !!!", "😀", "\ud800", "\x00", "ха" * 5_000])
def test_nothing_is_refused(text: str) -> None:
    code, confidence = detect(text)
    assert isinstance(code, str)
    assert 0 <= confidence <= 1


def test_what_cannot_be_told_is_unknown_or_what_the_caller_expects() -> None:
    assert detect("123")[0] == UNKNOWN
    assert detect("123", "uk") == ("uk", 0.0)
    assert detect("You cannot be serious about this", "uk")[0] == "en"


# Each platform installs one of the two backends to serve with; tests have both.


def test_the_other_backend_answers_the_same_question() -> None:
    rank = language._py3langid()
    ranking, reliable = rank("Das kann doch nicht wahr sein, oder?")
    assert ranking[0][0] == "de"
    assert reliable
    assert rank("123") == ((), False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("You cannot be serious about this", "en"),
        ("Спасибо за статью, всё понятно", "ru"),
        ("Який же ти дурень!", "uk"),
        ("Das kann doch nicht wahr sein", "de"),
        ("123 !!!", UNKNOWN),
        ("\ud800", UNKNOWN),
    ],
)
def test_the_other_backend_tells_ordinary_comments_apart_too(
    text: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rank = language._py3langid()
    monkeypatch.setattr(language, "_backend", lambda: rank)
    assert detect(text)[0] == code

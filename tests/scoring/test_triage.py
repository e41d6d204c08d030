"""What a batch is spared: only what would come out unchanged."""

from hypothesis import given
from hypothesis import strategies as st

from moderator.scoring.normalise import prepare
from moderator.scoring.triage import ordinary

TEXTS = st.text(
    st.sampled_from("abcxyiABCІабсухвы 013@.,!?-_*\n\"«»>&;'’ɪ\u200b❤😀") | st.characters(exclude_categories=["Cs"]),
    max_size=40,
)


def test_plain_comments_pass_in_every_script_that_readers_write() -> None:
    texts = [
        "Just a comment, isn't it?",
        "Просто коментар, п'ять слів.",
        "Обычный комментарий №1 — да-да.",
        "Größe",
        "Well done 👏👏 ⚡",
        'He called it "a plan" & left.',
        "Он сказал «нет», и всё.",
        "",
    ]
    assert ordinary(texts) == [True] * len(texts)


def test_what_hides_something_does_not_pass() -> None:
    texts = ["cyкa", "и д и о т", "aaa", "id10t", "f**k", "> quoted\nmy own words", "x\u200by", "&#65;", "❤\ufe0f"]
    texts.append('You said "this will never happen to any of us here" and it did.')
    assert ordinary(texts) == [False] * len(texts)


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_a_text_that_passes_is_one_that_preparing_leaves_alone(texts: list[str]) -> None:
    for text, passed in zip(texts, ordinary(texts), strict=True):
        if passed:
            prepared = prepare(text)
            assert prepared.normal == text
            assert prepared.quoted is None
            assert prepared.undone == 0

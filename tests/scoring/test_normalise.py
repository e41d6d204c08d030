"""From a comment as sent to what the scorer reads, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.scoring.normalise import Prepared, meaning_text, prepare, prepare_all

LETTERS = st.text(
    st.sampled_from(
        "abcdeikoxyABCабвдеиокусхяАБСіїєґ0134@$*.,!?-_ \n\u200b\u00ad\u0301\u0306>«»\"&;<p/ａｂ𝓯🅵❤\ufe0f'ʼ’№ɪᴅ"
    )
    | st.characters(exclude_categories=["Cs"]),
    max_size=80,
)

ORDINARY = [
    "купил iPhone вчера",
    "C3PO",
    "№1",
    "100к",
    "да-да-да",
    "ВІКІ",
    "п'ять",
    "м’ясо",
    "об\u02bcєднання",
    "h1n1, covid19 и mp3",
    "PRщик SMSка PHPшник",
    "U.S.S.R. и т.д. и т.п.",
    "а я и в 2022 году",
    "user1name@mail.com http://t.me/abc1def",
    "15:30, 100 000 000 грн",
    "WWW KKK XXIII",
    "½ … ™",
    "👍🏽 😀",
]

UNDONE = [
    ("cyкa", "сука"),
    ("хyй", "хуй"),
    ("Stаnd", "Stand"),
    ("тρе6γеtᴄя", "требуется"),
    ("и д и о т", "идиот"),
    ("f u c k you", "fuck you"),
    ("f.u.c.k", "fuck"),
    ("идиооооот", "идиоот"),
    ("f***ing", "f*ing"),
    ("id10t", "idiot"),
    ("п1дор", "пидор"),
    ("ｆｕｃｋ", "fuck"),
    ("𝓯𝓾𝓬𝓴", "fuck"),
    ("🅵🆄🅲🅺", "FUCK"),
    ("f\u200bu\u2060c\u00adk", "fuck"),
    ("и\u0306ог", "йог"),
    ("z\u0337\u0327a\u0335\u0336l", "zal"),
    ("ɪᴅɪᴏᴛ", "idiot"),
    ("&#105;diot", "idiot"),
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_writing_stays_as_it_is(text: str) -> None:
    prepared = prepare(text)
    assert prepared.normal == text
    assert prepared.undone == 0
    assert prepared.quoted is None


@pytest.mark.parametrize(("text", "normal"), UNDONE)
def test_what_hides_a_word_is_undone(text: str, normal: str) -> None:
    assert prepare(text).normal == normal


def test_what_was_undone_is_counted() -> None:
    assert prepare("и д и о т").undone == 4
    assert prepare("f\u200bu\u200bck").undone == 2
    assert prepare("хyй").undone == 1
    assert prepare("за\u0301мок soooo ❤\ufe0f").undone == 0


def test_a_quotation_is_parted_from_the_writers_own_words() -> None:
    prepared = prepare("> You are all idiots and morons\nNo, we are not.")
    assert "idiots" not in prepared.own.normal
    assert "No, we are not." in prepared.own.normal
    assert prepared.quoted is not None
    assert "idiots" in prepared.quoted.normal
    assert prepared.plain == "> You are all idiots and morons\nNo, we are not."


def test_html_is_read_as_a_reader_sees_it() -> None:
    prepared = prepare("<p>I <3 you &amp; <b>me</b></p><blockquote>bad words</blockquote>and so on", "html")
    assert " ".join(prepared.normal.split()) == "I <3 you & me and so on"
    assert prepared.quoted is not None
    assert prepared.quoted.normal.strip() == "bad words"


def test_the_encoder_reads_words_with_white_space_collapsed() -> None:
    assert meaning_text(prepare("  a\n\n b\t c ").own) == "a b c"


@given(LETTERS, st.sampled_from(["plain", "html"]))
def test_every_character_maps_to_a_part_of_the_text_as_sent_in_order(text: str, form: str) -> None:
    prepared = prepare(text, "html" if form == "html" else "plain")
    for passage in (prepared.own, prepared.quoted):
        if passage is None:
            continue
        begins, ends = passage.places()
        assert len(begins) == len(ends) == len(passage.normal)
        assert all(0 <= begin <= end <= len(text) for begin, end in zip(begins, ends, strict=True))
        assert sorted(begins) == list(begins)
        assert sorted(ends) == list(ends)


@given(st.text(st.sampled_from("abcабв xyz.!?"), max_size=60))
def test_characters_that_stay_map_to_themselves(text: str) -> None:
    passage = prepare(text).own
    begins, ends = passage.places()
    assert all(
        text[begin:end] == letter or end - begin > 1 or letter.isalpha()
        for letter, begin, end in zip(passage.normal, begins, ends, strict=True)
    )


@given(st.lists(LETTERS, min_size=4, max_size=8))
def test_a_batch_is_prepared_as_its_texts_are_alone(texts: list[str]) -> None:
    def seen(prepared: Prepared) -> tuple[str, str, str | None, int]:
        return prepared.plain, prepared.normal, prepared.quoted.normal if prepared.quoted else None, prepared.undone

    together = prepare_all([(text, "plain") for text in texts])
    assert [seen(one) for one in together] == [seen(prepare(text)) for text in texts]

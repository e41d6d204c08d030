import random

import numpy as np
import pytest

from moderator.store.nearduplicate import MIN_AGREEMENT, Signature, agreement, signature

_letters = random.Random(0)
WORDS = ["".join(_letters.choices("aeinorstабеийноруі", k=_letters.randint(3, 9))) for _ in range(300)]


def sentence(random_: random.Random, length: int = 30) -> str:
    return " ".join(random_.choice(WORDS) for _ in range(length))


def one(text: str) -> Signature:
    (found,) = signature([text])
    assert found is not None
    return found


def agree(first: Signature, second: Signature) -> int:
    rows = [np.frombuffer(each.packed, np.uint8).reshape(1, 16) for each in (first, second)]
    return int(agreement(*rows)[0])


@pytest.mark.parametrize(
    "text", ["", "Thanks!", "Дякую за статтю, слава Україні", "a" * 200, "one two three four five"]
)
def test_greetings_are_not_campaigns(text: str) -> None:
    assert signature([text]) == [None]


def test_letter_case_and_white_space_make_no_difference() -> None:
    text = sentence(random.Random(1))
    assert one(text) == one("  " + text.upper().replace(" ", " \n "))


def test_a_text_has_the_same_signature_alone_and_in_any_batch() -> None:
    rng = random.Random(2)
    texts = [sentence(rng, length) for length in (8, 30, 200, 12, 2000, 9)]
    batch = [texts[0], "short", *texts[1:]]

    found = signature(batch)

    assert [each for each in found if each is not None] == [one(text) for text in texts]
    assert found[1] is None


def test_a_text_with_a_tenth_of_its_words_changed_agrees_and_an_unrelated_one_does_not() -> None:
    rng = random.Random(3)
    met = 0
    for _ in range(200):
        text = sentence(rng)
        near = " ".join(rng.choice(WORDS) if rng.random() < 0.1 else word for word in text.split())
        assert agree(one(text), one(near)) >= MIN_AGREEMENT - 6
        assert agree(one(text), one(sentence(rng))) < MIN_AGREEMENT
        met += bool({*one(text).bands} & {*one(near).bands})
    assert met >= 170


def test_a_copy_agrees_in_all_places_and_shares_all_bands() -> None:
    text = sentence(random.Random(4))
    assert agree(one(text), one(text)) == 64
    assert [len(band) for band in one(text).bands] == [5, 5, 5, 5]
    assert len(one(text).packed) == 16

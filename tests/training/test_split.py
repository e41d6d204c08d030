"""Rows stay on their side, with their group, and no text stands on two."""

from collections.abc import Sequence

import numpy as np

from moderator.training.corpus import Corpus, label_matrix
from moderator.training.split import NONE, TEST, TRAIN, VALID, part_of, parts


def corpus(rows: Sequence[tuple[str, str, str | None]]) -> Corpus:
    names = tuple(dict.fromkeys(source for source, _, _ in rows))
    return Corpus(
        names=names,
        digests=dict.fromkeys(names, ""),
        texts=tuple(text for _, text, _ in rows),
        languages=np.array(["en"] * len(rows)),
        groups=tuple(group for _, _, group in rows),
        sources=np.array([names.index(source) for source, _, _ in rows], np.int32),
        labels=label_matrix([{"toxicity": 0.0}] * len(rows)),
    )


def test_eight_of_ten_rows_train() -> None:
    shares = np.bincount(parts(corpus([("a", f"text {n}", None) for n in range(4000)]))) / 4000
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.02)


def test_a_group_is_never_cut() -> None:
    found = parts(corpus([("a", f"text {n}", f"thread {n // 5}") for n in range(500)]))
    assert all(len(set(found[start : start + 5])) == 1 for start in range(0, 500, 5))


def test_a_row_stays_on_its_side_when_other_rows_come() -> None:
    few = [("a", f"text {n}", None) for n in range(50)]
    many = [("b", f"other {n}", None) for n in range(50)] + few
    assert parts(corpus(many))[50:].tolist() == parts(corpus(few)).tolist()


def test_a_text_that_is_tested_in_one_source_trains_in_none() -> None:
    # Given a text that is tested in one source and another source that would train on it, differently spaced
    text = next(f"text {n}" for n in range(1000) if part_of("a", f"text {n}") == TEST)
    group = next(f"g{n}" for n in range(1000) if part_of("b", f"g{n}") == TRAIN)
    # Then the second copy is used for nothing
    assert parts(corpus([("a", text, None), ("b", text.upper() + " ", group)])).tolist() == [TEST, NONE]


def test_parts_are_fixed_for_ever() -> None:
    assert [part_of("a", str(n)) for n in range(12)] == [TRAIN, VALID, *[TRAIN] * 10]

"""The comments that are sent: about 200 characters, English and Russian in turn, each one different.

One in sixteen is made of harmful rows, as on a news site: what is held costs an explanation.
"""

import gzip
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

CORPUS = Path(__file__).parents[2] / "model" / "corpus"
LENGTH = 200
HARMFUL_EVERY = 16
PIECE_WORDS = 5
_FILES = {"en": ("authored_en_everyday", "authored_en_hard"), "ru": ("authored_ru_everyday", "authored_ru_hard")}


def comments(seed: int = 1) -> Iterator[str]:
    """Texts without end: pieces of the project's own corpus in random order, cut to `LENGTH`."""
    chosen = random.Random(seed)
    rows = {language: _rows(names) for language, names in _FILES.items()}
    for number in itertools.count():
        harmless, harmful = rows[("en", "ru")[number % 2]]
        text = f"{number} "
        while len(text) < LENGTH:
            text += _piece(chosen, harmful if number % HARMFUL_EVERY == 1 else harmless) + " "
        yield text[:LENGTH].strip()


def _piece(chosen: random.Random, rows: list[str]) -> str:
    """A few words that stand together in a row: whole rows would come again, and copies are held as a campaign."""
    words = chosen.choice(rows).split()
    begin = chosen.randrange(max(1, len(words) - PIECE_WORDS))
    return " ".join(words[begin : begin + PIECE_WORDS])


def bodies(count: int, run: str) -> Iterator[bytes]:
    """JSON bodies for `POST /v1/comments`; ids start with `run`, so that two runs never meet."""
    for number, text in enumerate(itertools.islice(comments(), count)):
        yield msgspec.json.encode(
            {
                "id": f"{run}-{number}",
                "text": text,
                "article": {"id": f"a-{number % 50}", "title": "An article of the bench"},
                "author": {"id": f"u-{number % 5000}", "name": "Somebody"},
            }
        )


def _rows(names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The texts in which nobody saw harm, and those in which most did."""
    harmless, harmful = [], []
    for name in names:
        with gzip.open(CORPUS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            for row in map(msgspec.json.decode, file):
                worst = max(row["labels"].values())
                if worst == 0:
                    harmless.append(row["text"])
                elif worst > 0.5:
                    harmful.append(row["text"])
    return harmless, harmful

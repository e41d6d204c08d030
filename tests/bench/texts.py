"""The comments that are sent: about 200 characters, English and Russian in turn, each one different."""

import gzip
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

CORPUS = Path(__file__).parents[2] / "model" / "corpus"
LENGTH = 200
_FILES = {"en": ("authored_en_everyday", "authored_en_hard"), "ru": ("authored_ru_everyday", "authored_ru_hard")}


def comments(seed: int = 1) -> Iterator[str]:
    """Texts without end: sentences of the project's own corpus in random order, cut to `LENGTH`."""
    chosen = random.Random(seed)
    rows = {language: _rows(names) for language, names in _FILES.items()}
    for number in itertools.count():
        language = ("en", "ru")[number % 2]
        text = f"{number} "
        while len(text) < LENGTH:
            text += chosen.choice(rows[language]) + " "
        yield text[:LENGTH].strip()


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


def _rows(names: tuple[str, ...]) -> list[str]:
    texts = []
    for name in names:
        with gzip.open(CORPUS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            texts += [msgspec.json.decode(line)["text"] for line in file]
    return texts

"""From a folder of corpora to a bundle that is served, the same bytes each time."""

import gzip
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import json

from moderator.errors import TrainingError
from moderator.scoring.bundle import Bundle
from moderator.scoring.scorer import Scorer, TextIn
from moderator.training.evaluate import evaluate
from moderator.training.train import train_corpora

AT = datetime(2026, 11, 25, tzinfo=UTC)
PARAMS = """
leave_out = ["kept_back"]
leave_group_out = { videos = "spam" }
[surface]
pull = 1.0
max_iter = 15
[meaning]
pull = 10.0
max_iter = 15
[blend]
share = 0.5
pull = 2.0
grid = [0.0, 0.5, 1.0]
[sources.threads]
own = true
clean_means_all = true
"""
KIND = ("thank you", "a fair point", "well said", "I read it twice", "the numbers are wrong", "who wrote this")
RUDE = ("you idiot", "what a moron", "you filthy liar", "shut up, fool")
ADVERT = ("subscribe to my channel", "win money at www.win.example", "check out my page")


def rows(attribute: str, phrases: tuple[str, ...], groups: int, seed: int) -> bytes:
    draw = random.Random(seed)
    lines = []
    for number in range(240):
        positive = number % 3 == 0
        text = f"{draw.choice(KIND)} {draw.choice(phrases) if positive else draw.choice(KIND)} {draw.randrange(10**6)}"
        row = {"text": text, "lang": "en", "labels": {attribute: float(positive)}, "group": f"g{number % groups}"}
        lines.append(json.encode(row))
    return gzip.compress(b"\n".join(lines))


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "threads.jsonl.gz").write_bytes(rows("toxicity", RUDE, 80, 1))
    (folder / "videos.jsonl.gz").write_bytes(rows("spam", ADVERT, 4, 2))
    (folder / "kept_back.jsonl.gz").write_bytes(rows("toxicity", RUDE, 80, 3))
    (folder / "params.toml").write_text(PARAMS)
    return folder


@pytest.fixture(scope="module")
def trained(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "2026.11.1"
    return _train(corpora, folder)


def _train(corpora: Path, out: Path) -> Path:
    train_corpora(
        corpora,
        out,
        identifier="2026.11.1",
        created_at=AT,
        params=corpora / "params.toml",
        cache=corpora / "cache",
    )
    return out


def test_the_bundle_is_served_and_has_learnt(trained: Path) -> None:
    scorer = Scorer(Bundle.load(trained))
    rude, kind, advert = scorer.score([TextIn(text) for text in (RUDE[0], KIND[0], ADVERT[0])])
    assert rude.scores["toxicity"] > 0.6 > kind.scores["toxicity"]
    assert advert.scores["spam"] > 0.6 > kind.scores["spam"]
    Scorer(Bundle.load(trained), "surface")


def test_the_same_corpora_give_the_same_bytes(corpora: Path, trained: Path, tmp_path: Path) -> None:
    again = _train(corpora, tmp_path / "again")
    assert (again / "manifest.json").read_bytes() == (trained / "manifest.json").read_bytes()


def test_the_manifest_says_what_it_was_fitted_to(trained: Path) -> None:
    sources = Bundle.load(trained).manifest.training["sources"]
    assert set(sources) == {"threads", "videos"}
    assert 150 < sources["threads"]["train"] < 220


def test_metrics_hold_every_source_and_each_video_left_out(trained: Path) -> None:
    metrics = Bundle.load(trained).document("metrics.json")
    assert {line["source"] for line in metrics["lines"]} >= {"threads", "kept_back"}
    assert set(metrics["leave_one_group_out"]["videos/spam"]) == {"g0", "g1", "g2", "g3"}
    assert min(metrics["leave_one_group_out"]["videos/spam"].values()) > 0.9


def test_evaluating_again_gives_the_numbers_of_the_metrics(corpora: Path, trained: Path) -> None:
    found = evaluate(trained, corpora, cache=corpora / "cache")
    assert [json.decode(json.encode(line)) for line in found.lines] == Bundle.load(trained).document("metrics.json")[
        "lines"
    ]
    assert next(line for line in found.lines if line.source == "kept_back").rows == 240


def test_parameters_with_a_wrong_key_are_refused(corpora: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "params.toml"
    wrong.write_text(PARAMS.replace("pull = 1.0", "pul = 1.0"))
    with pytest.raises(TrainingError, match="pul"):
        train_corpora(corpora, tmp_path / "out", identifier="1", created_at=AT, params=wrong)

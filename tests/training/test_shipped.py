"""The bundle that ships is what its card says, and a clone can check it."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from moderator.scoring.bundle import Bundle
from moderator.scoring.scorer import Scorer
from moderator.training.corpus import SUFFIX, source_name
from moderator.training.evaluate import Evaluation, Line, evaluate

MODEL = Path(__file__).parents[2] / "model"
MEGABYTE = 1_000_000
NUMBERS = ("auc", "surface_auc", "average_precision", "recall_1", "recall_5", "calibration_error")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(MODEL / "bundle")


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(MODEL / "bundle", MODEL / "corpus")


def recorded(bundle: Bundle) -> dict[tuple[str, str, str], dict[str, float]]:
    lines = bundle.document("metrics.json")["lines"]
    return {(line["source"], line["language"], line["attribute"]): line for line in lines}


def test_it_is_served_with_both_choices_of_views_and_small_enough(bundle: Bundle) -> None:
    Scorer(bundle)
    Scorer(bundle, "surface")
    assert sum(path.stat().st_size for path in (MODEL / "bundle").iterdir()) <= 12 * MEGABYTE


def test_no_executable_thing_lies_in_the_model(bundle: Bundle) -> None:
    kinds = {path.suffix for path in MODEL.rglob("*") if path.is_file()}
    assert kinds <= {".npy", ".json", ".md", ".toml", ".gz"}
    assert bundle.manifest.parent is None


def test_a_clone_reproduces_the_numbers_of_the_card(bundle: Bundle, evaluation: Evaluation) -> None:
    lines = recorded(bundle)
    assert len(evaluation.lines) > 40
    for line in evaluation.lines:
        said = lines[line.source, line.language, line.attribute]
        assert [getattr(line, name) for name in NUMBERS] == pytest.approx([said[name] for name in NUMBERS], abs=0.02)
        assert line.auc == pytest.approx(said["auc"], abs=0.003)


def test_the_card_shows_the_numbers_of_the_metrics(bundle: Bundle, evaluation: Evaluation) -> None:
    rows = {
        tuple(cell.strip() for cell in row.strip("|").split("|"))[:6]
        for row in bundle.card.splitlines()
        if row.startswith("|")
    }
    assert {_start(line, recorded(bundle)) for line in evaluation.lines} <= rows
    assert (MODEL / "CARD.md").read_text() == bundle.card


def _start(line: Line, lines: dict[tuple[str, str, str], dict[str, float]]) -> tuple[str, ...]:
    said = lines[line.source, line.language, line.attribute]
    return (line.source, line.language, line.attribute, str(line.rows), str(line.positives), f"{said['auc']:.3f}")


def test_it_tells_what_it_must_tell(bundle: Bundle) -> None:
    lines = recorded(bundle)
    assert lines["wikipedia_talk", "en", "toxicity"]["auc"] >= 0.97
    assert lines["russian_comments", "ru", "toxicity"]["auc"] >= 0.95
    videos = bundle.document("metrics.json")["leave_one_group_out"]["youtube_spam/spam"]
    assert sum(videos.values()) / len(videos) >= 0.95


def test_what_it_was_fitted_to_is_what_the_list_of_sources_names(bundle: Bundle) -> None:
    sources = tomllib.loads((MODEL / "sources.toml").read_text())
    fitted = bundle.manifest.training["sources"]
    assert {name: source["sha256"] for name, source in fitted.items()} == {
        name: sources[name]["sha256"] for name in fitted
    }
    assert set(sources) - set(fitted) == {"news_threads_dev"}
    for path in (MODEL / "corpus").glob(f"*{SUFFIX}"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sources[source_name(path)]["sha256"]

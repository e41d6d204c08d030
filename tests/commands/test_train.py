"""`moderator train --site`, from sixty labels under six articles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from msgspec import json
from msgspec.structs import replace

from moderator.commands import train
from moderator.errors import NotFound
from moderator.flow.models import Models
from moderator.training.gates import Gate
from moderator.training.retrain import Result, retrain


@pytest.fixture(autouse=True)
def default(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any], tiny_bundle: Path) -> str:
    """The default bundle's id; there is one site."""
    monkeypatch.setenv("MODERATOR_BUNDLE", str(tiny_bundle))
    run("sites", "create", "news")
    return tiny_bundle.name


def label(number: int) -> dict[str, Any]:
    text = (
        f"Grifters like you, number {number}, belong on a farm"
        if number % 2
        else f"I read report {number} with interest"
    )
    return {"text": text, "labels": {"toxicity": number % 2}, "group": f"a-{number % 6}", "lang": "en"}


@pytest.fixture
def labels(run: Callable[..., Any]) -> None:
    rows = b"\n".join(json.encode(label(number)) for number in range(60))
    assert run("labels", "import", stdin=rows).code == 0


@pytest.mark.usefixtures("labels")
def test_labels_make_a_bundle_that_is_published_and_not_live(run: Callable[..., Any], default: str) -> None:
    done = run("train", "--site", "news", "--json")
    assert done.code == 0, done.err
    assert done.json.keys() == {"bundle", "gates", "metrics"}
    models = {each["id"]: each for each in run("models", "list", "--json").json}
    assert models[done.json["bundle"]]["role"] == "candidate"
    assert models[done.json["bundle"]]["manifest"]["parent"] == default
    assert models[default]["role"] == "champion"


@pytest.mark.usefixtures("labels")
def test_a_person_reads_what_would_be_held_and_what_was_not_learnt(run: Callable[..., Any]) -> None:
    done = run("train", "--site", "news")
    assert "rejected comments" in done.err
    assert "would be" in done.err
    assert "spam scores as before: 0 yes and 0 no to learn from" in done.err
    assert "moderator models promote" in done.err


@pytest.mark.usefixtures("labels")
def test_training_after_a_promotion_corrects_the_same_bundle_again(run: Callable[..., Any], default: str) -> None:
    first = run("train", "--json").json["bundle"]
    assert run("models", "promote", first, "--site", "news").code == 0
    done = run("train", "--json")
    assert done.code == 0, done.err
    assert done.json["metrics"]["champion"] == first
    models = {each["id"]: each["manifest"] for each in run("models", "list", "--json").json}
    second = models[done.json["bundle"]]
    assert second["parent"] == default
    assert second["files"]["surface.npy"] == models[first]["files"]["surface.npy"]


@pytest.mark.usefixtures("labels")
def test_training_says_so_when_what_it_corrects_is_not_here(
    run: Callable[..., Any], default: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("train", "--json").json["bundle"]
    run("models", "promote", first, "--site", "news")

    monkeypatch.setattr(Models, "folder", AsyncMock(side_effect=NotFound("gone")))
    done = run("train", "--json")
    assert (done.code, done.out) == (1, "")
    assert f"{first} is a correction of {default}" in done.err


@pytest.mark.usefixtures("labels")
def test_a_gate_that_failed_is_exit_code_1_with_the_same_json(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: Any, **more: Any) -> Result:
        gate = Gate(name="ranking", outcome="failed", detail="worse")
        return replace(retrain(*arguments, **more), gates=(gate,))

    monkeypatch.setattr(train, "retrain", failing)
    done = run("train", "--json")
    assert done.code == 1
    assert done.json.keys() == {"bundle", "gates", "metrics"}
    assert done.json["gates"][0]["outcome"] == "failed"
    assert done.json["bundle"] in {each["id"] for each in run("models", "list", "--json").json}


def test_too_few_labels_are_one_sentence_that_says_what_is_needed(run: Callable[..., Any]) -> None:
    done = run("train", "--site", "news", "--json")
    assert (done.code, done.out) == (1, "")
    assert "40 labels" in done.err
    assert done.err.count("\n") == 1


def test_corpora_belong_to_no_site(run: Callable[..., Any], tmp_path: Path) -> None:
    assert run("train", "--site", "news", "--corpora", str(tmp_path)).code == 2


def test_a_folder_without_corpora_is_one_sentence(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("train", "--corpora", str(tmp_path), "--out", str(tmp_path / "out"))
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1

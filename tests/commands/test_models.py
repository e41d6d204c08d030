"""`moderator models`, with the default bundle."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def default(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any], tiny_bundle: Path) -> str:
    """The default bundle's id; there is one site."""
    monkeypatch.setenv("MODERATOR_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("MODERATOR_VIEWS", "surface")
    run("sites", "create", "news")
    return tiny_bundle.name


def test_the_default_bundle_is_listed_and_shown(run: Callable[..., Any], default: str) -> None:
    (only,) = run("models", "list", "--json").json
    assert only["id"] == default
    assert default in run("models", "list").out
    shown = run("models", "show", default)
    assert shown.json["manifest"]["id"] == default
    assert run("models", "show", default, "--json").out.count("\n") == 1


def test_a_bundle_is_promoted_and_rolled_back(run: Callable[..., Any], default: str) -> None:
    promoted = run("models", "promote", default, "--json")
    assert promoted.code == 0
    assert promoted.json.keys() == {"generation", "ready", "waiting"}
    back = run("models", "rollback", "--json").json
    assert back["generation"] == promoted.json["generation"] + 1


def test_what_is_not_there_is_one_sentence(run: Callable[..., Any]) -> None:
    for words in (("models", "show", "1999.1.1"), ("models", "promote", "1999.1.1"), ("models", "rollback")):
        done = run(*words)
        assert (done.code, done.out) == (1, "")
        assert done.err.count("\n") == 1

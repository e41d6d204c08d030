"""`moderator models`, with the default bundle and one that was published."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moderator.runtime import Services
from moderator.settings import Settings
from moderator.store.open import open_store


@pytest.fixture(autouse=True)
def default(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any], tiny_bundle: Path) -> str:
    """The default bundle's id; there is one site."""
    monkeypatch.setenv("MODERATOR_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("MODERATOR_VIEWS", "surface")
    run("sites", "create", "news")
    return tiny_bundle.name


@pytest.fixture
def candidate(default: str, tiny_bundles: Callable[[str], Path]) -> str:
    """The id of a bundle that was published and is not live."""

    async def publish() -> str:
        settings = Settings.read()
        async with open_store(settings) as client:
            return await Services.build(settings, client).models.publish(tiny_bundles("2026.2.1"))

    assert default != "2026.2.1"
    return asyncio.run(publish())


def roles(run: Callable[..., Any]) -> dict[str, str]:
    return {each["id"]: each["role"] for each in run("models", "list", "--json").json}


def test_the_default_bundle_is_listed_and_shown(run: Callable[..., Any], default: str) -> None:
    assert roles(run) == {default: "champion"}
    assert default in run("models", "list").out
    shown = run("models", "show", default)
    assert shown.json["manifest"]["id"] == default
    assert run("models", "show", default, "--json").out.count("\n") == 1


def test_a_published_bundle_is_promoted_and_rolled_back(run: Callable[..., Any], default: str, candidate: str) -> None:
    assert roles(run) == {default: "champion", candidate: "candidate"}
    promoted = run("models", "promote", candidate, "--json")
    assert promoted.code == 0
    assert promoted.json.keys() == {"generation", "ready", "waiting"}
    assert roles(run) == {default: "previous", candidate: "champion"}
    back = run("models", "rollback", "--json").json
    assert back["generation"] == promoted.json["generation"] + 1
    assert roles(run)[default] == "champion"


def test_what_is_not_there_is_one_sentence(run: Callable[..., Any]) -> None:
    for words in (("models", "show", "1999.1.1"), ("models", "promote", "1999.1.1"), ("models", "rollback")):
        done = run(*words)
        assert (done.code, done.out) == (1, "")
        assert done.err.count("\n") == 1

"""`moderator policy`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moderator.policy.document import DEFAULT


@pytest.fixture
def site(run: Callable[..., Any]) -> str:
    run("sites", "create", "news")
    return "news"


def test_a_new_site_has_the_shipped_policy(run: Callable[..., Any], site: str) -> None:
    shown = run("policy", "show")
    assert (shown.code, shown.out) == (0, DEFAULT)
    assert f"{site}@1" in shown.err


def test_what_is_shown_can_be_changed_and_set(run: Callable[..., Any], site: str) -> None:
    changed = run("policy", "show").out.replace('mode = "enforce"', 'mode = "observe"')
    assert changed != DEFAULT
    assert run("policy", "set", "-", "--json", stdin=changed.encode()).json == {"policy": f"{site}@2"}
    assert run("policy", "show").out == changed
    assert run("policy", "show", "--version", "1", "--json").json == {"policy": f"{site}@1", "document": DEFAULT}


def test_a_wrong_document_names_line_and_key_and_is_not_stored(
    run: Callable[..., Any], site: str, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('version = 1\nmode = "enfroce"\n')
    for verb in ("validate", "set"):
        failed = run("policy", verb, str(file))
        assert failed.code == 1
        assert failed.err.startswith("moderator: line 2, key mode: ")
    assert run("policy", "show", "--site", site).out == DEFAULT


def test_a_document_is_checked_without_a_store(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODERATOR_REDIS_URL", f"unix://{tmp_path}/absent")
    run_it = run("policy", "validate", "-", stdin=DEFAULT.encode())
    assert run_it.code == 0


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_what_cannot_be_read_is_one_sentence(run: Callable[..., Any], tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "policy.toml"
    if content is not None:
        file.write_bytes(content)
    failed = run("policy", "validate", str(file))
    assert failed.code == 1
    assert failed.err.startswith(f"moderator: {file} ")
    assert failed.err.count("\n") == 1


def test_a_version_that_is_not_there_is_said(run: Callable[..., Any], site: str) -> None:
    failed = run("policy", "show", "--site", site, "--version", "7")
    assert failed.code == 1
    assert "version 7" in failed.err

"""`moderator serve`: what it says before it serves. That it serves is tested where the whole service runs."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Serving sets up the logs of the whole process."""
    root, ours = logging.getLogger(), logging.getLogger("moderator")
    handlers, level, our_level = list(root.handlers), root.level, ours.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


def test_a_misspelt_setting_is_told_at_the_start(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given a start that comes no further than its data folder
    (tmp_path / "data").write_text("a file where the folder should be")
    monkeypatch.setenv("MODERATOR_PORT", "0")
    monkeypatch.setenv("MODERATOR_PROCESES", "2")
    failed = run("serve")
    assert failed.code == 1
    assert failed.err.count("MODERATOR_PROCESES is no setting; did you mean MODERATOR_PROCESSES?") == 1

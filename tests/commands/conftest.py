"""Commands run as they are typed, in this process, against the shared server with keys of their own."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from msgspec import json

from moderator.cli import main


class Server(Protocol):
    @property
    def url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, which is one JSON value."""
        return json.decode(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def run(
    redis_server: Server,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """`run("keys", "list", stdin=b"…")`."""
    monkeypatch.setenv("MODERATOR_REDIS_URL", redis_server.url)
    monkeypatch.setenv("MODERATOR_PREFIX", prefix)
    monkeypatch.setenv("MODERATOR_DATA", str(tmp_path / "data"))

    def typed(*words: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = main(words)
        except SystemExit as exit_:  # argparse's own
            code = int(exit_.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return typed

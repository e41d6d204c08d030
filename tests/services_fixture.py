"""The joined parts on a real store, without HTTP."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from moderator.domain import Article, Scored, Submission
from moderator.errors import ScoringError
from moderator.runtime import Services
from moderator.scoring.normalise import Prepared
from moderator.scoring.scorer import Scorer, TextIn
from moderator.settings import Settings
from moderator.store.client import Client

BAD = "You are an idiot, you moron."
GOOD = "The vote is tomorrow."
BROKEN = "This cannot be scored at all."
"""Only where `break_scorer` was called."""


def comment(comment_id: str, text: str = GOOD) -> Submission:
    return Submission(id=comment_id, text=text, article=Article(id="a-1"))


def break_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the scorer a defect: it raises whenever a batch holds `BROKEN`."""
    score = Scorer.score

    def fragile(self: Scorer, inputs: Sequence[TextIn], prepared: Sequence[Prepared] | None = None) -> list[Scored]:
        if any(item.text == BROKEN for item in inputs):
            raise ScoringError("a score is not a number")
        return score(self, inputs, prepared)

    monkeypatch.setattr(Scorer, "score", fragile)


@pytest.fixture
async def services(client: Client, tiny_bundle: Path, tmp_path: Path) -> AsyncIterator[Services]:
    """Started, with default limits and the surface view."""
    services = Services.build(Settings(data=tmp_path, bundle=tiny_bundle, views="surface"), client)
    await services.start()
    yield services
    await services.stop(5)

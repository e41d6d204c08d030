"""The joined parts on a real store, without HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moderator.domain import Article, Submission
from moderator.runtime import Services
from moderator.settings import Settings
from moderator.store.client import Client

BAD = "You are an idiot, you moron."
GOOD = "The vote is tomorrow."


def comment(comment_id: str, text: str = GOOD) -> Submission:
    return Submission(id=comment_id, text=text, article=Article(id="a-1"))


@pytest.fixture
async def services(client: Client, tiny_bundle: Path, tmp_path: Path) -> AsyncIterator[Services]:
    """Started, with default limits and the surface view."""
    services = Services.build(Settings(data=tmp_path, bundle=tiny_bundle, views="surface"), client)
    await services.start()
    yield services
    await services.stop(5)

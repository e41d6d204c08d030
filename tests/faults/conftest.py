"""A service to break."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.process import ServiceProcess


@pytest.fixture
async def service(short_folder: Path, tiny_bundle: Path) -> AsyncIterator[ServiceProcess]:
    """Not started yet; nothing of it is left at the end."""
    service = ServiceProcess(short_folder, tiny_bundle)
    yield service
    await service.clean_up()

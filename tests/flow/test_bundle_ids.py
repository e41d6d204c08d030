"""How bundles are called."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from moderator.flow.bundle_ids import next_id

NOVEMBER = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ((), "2026.11.1"),
        (("2026.11.1", "2026.11.9", "2026.11.10"), "2026.11.11"),
        (("2026.1.5", "2026.12.5", "2025.11.5"), "2026.11.1"),
        (("2026.11.x", "2026.11.1-rc", "mine"), "2026.11.1"),
    ],
)
def test_a_bundle_is_called_by_its_month_and_the_next_number(taken: Sequence[str], expected: str) -> None:
    assert next_id(taken, NOVEMBER) == expected

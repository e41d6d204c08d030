"""How bundles are called: the month they were made in and a number, `2026.11.3`."""

from collections.abc import Iterable
from datetime import datetime


def next_id(taken: Iterable[str], at: datetime) -> str:
    """The first id of the month of `at` that follows all of that month in `taken`."""
    month = f"{at.year}.{at.month}."
    numbers = [
        int(each.removeprefix(month)) for each in taken if each.startswith(month) and each[len(month) :].isdigit()
    ]
    return f"{month}{max(numbers, default=0) + 1}"

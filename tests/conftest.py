"""Fixtures for everybody: a small bundle, real Redis servers and clients."""

from collections import Counter

import pytest

pytest_plugins = ("bundle_fixture", "tests.redis_fixture", "tests.services_fixture", "tests.web_fixture")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse two tests of one name: runs that share tests out by name would silently drop one of them."""
    twice = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if twice:
        raise pytest.UsageError(f"tests with the same name: {', '.join(twice)}")

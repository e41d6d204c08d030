"""Fixtures for everybody: a small bundle, real Redis servers and clients."""

pytest_plugins = ("bundle_fixture", "tests.redis_fixture", "tests.services_fixture", "tests.web_fixture")

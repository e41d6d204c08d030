"""Every Lua file is known by its digest, says what it may do, and is accepted by the server."""

import re
from importlib.resources import files

import pytest

from moderator.store.client import Client
from moderator.store.scripts import Script

NAMES = sorted(entry.name.removesuffix(".lua") for entry in (files("moderator.store") / "lua").iterdir())


@pytest.mark.parametrize("name", NAMES)
async def test_a_script_compiles_under_the_digest_that_it_is_called_by(client: Client, name: str) -> None:
    script = Script(name)
    assert await client.call("SCRIPT", "LOAD", script.text) == script.sha.encode()


@pytest.mark.parametrize("name", NAMES)
def test_a_script_starts_with_its_flags_then_says_what_it_does(name: str) -> None:
    first, second, *rest = Script(name).text.split("\n")
    assert re.fullmatch(r"#!lua( flags=(no-writes|allow-oom))?", first)
    assert second.startswith("-- ")
    assert any(line.startswith("-- KEYS") for line in rest)


def test_what_only_reads_is_told_from_its_flags() -> None:
    assert not Script("x", "#!lua flags=no-writes\nreturn 1").writes
    assert Script("x", "#!lua\nreturn 1 -- no-writes").writes
    assert Script("x", "return 1 -- no-writes").writes

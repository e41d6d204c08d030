"""The first start, whole, interrupted anywhere, and repeated."""

import asyncio
import json
import stat
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from moderator.access import Person, Role, Scope
from moderator.errors import SettingsError, StoreUnavailable
from moderator.flow.accounts import Accounts
from moderator.flow.credentials import Passwords
from moderator.flow.first_start import FILE, FirstStart, first_start, read
from moderator.flow.sites import Sites
from moderator.store.client import Client

URL = "http://127.0.0.1:8080"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


async def start(client: Client, folder: Path, url: str = URL) -> FirstStart | None:
    return await first_start(client, folder, url, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))


def written(folder: Path) -> bytes:
    return (folder / FILE).read_bytes()


def put(folder: Path, content: str) -> None:
    (folder / FILE).write_text(content)


def files(folder: Path) -> dict[str, int]:
    """Name → mode of everything in the folder."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_the_first_start_makes_a_site_a_key_and_an_admin_that_work(client: Client, tmp_path: Path) -> None:
    made = await start(client, tmp_path)
    assert made is not None
    accounts = Accounts(client, CHEAP)
    grant = await accounts.key(made.key)
    assert grant is not None
    assert (grant.site, grant.scopes) == ("default", frozenset(Scope))
    admin = Person(name=made.user, roles={"default": Role.ADMIN})
    assert await accounts.person(made.token) == admin
    assert await accounts.sign_in(made.user, made.password) == admin


async def test_the_file_has_the_shape_of_the_contract_and_is_for_its_owner_alone(
    client: Client, tmp_path: Path
) -> None:
    made = await start(client, tmp_path)
    assert made is not None
    assert json.loads(written(tmp_path)) == {
        "site": "default",
        "key": made.key,
        "user": "admin",
        "password": made.password,
        "token": made.token,
        "url": URL,
    }
    assert files(tmp_path) == {FILE: 0o600}


async def test_the_second_start_makes_nothing(client: Client, tmp_path: Path) -> None:
    await start(client, tmp_path)
    before = written(tmp_path)
    assert await start(client, tmp_path) is None
    assert written(tmp_path) == before


async def test_a_start_that_was_killed_after_writing_the_file_is_finished_by_the_next(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a start that wrote the file and recorded nothing
    async def killed(*_: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr("moderator.flow.first_start.swap", killed)
        with pytest.raises(asyncio.CancelledError):
            await start(client, tmp_path)
    left = read(tmp_path)
    assert await Sites(client).every() == []
    # When the next one finds the file and an empty store
    made = await start(client, tmp_path)
    # Then the secrets that work are those in the file
    assert made is not None
    assert made == left == read(tmp_path)
    assert await Accounts(client).key(made.key) is not None
    assert await Accounts(client).person(made.token) is not None


async def test_without_a_store_nothing_is_written(client: Client, tmp_path: Path) -> None:
    await client.close()
    with pytest.raises(StoreUnavailable):
        await start(client, tmp_path)
    assert files(tmp_path) == {}


async def test_where_there_is_a_site_already_nothing_is_made(client: Client, tmp_path: Path) -> None:
    await Sites(client).create("news")
    assert await start(client, tmp_path) is None
    assert files(tmp_path) == {}


async def test_of_two_services_that_start_at_once_one_makes_it_and_the_other_keeps_no_file(
    client: Client, tmp_path: Path
) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    results = await asyncio.gather(*(start(client, folder) for folder in folders))
    assert sum(result is not None for result in results) == 1
    for folder, result in zip(folders, results, strict=True):
        assert read(folder) == result


async def test_the_url_follows_the_settings_and_the_secrets_stay(client: Client, tmp_path: Path) -> None:
    made = await start(client, tmp_path)
    assert await start(client, tmp_path, "http://127.0.0.1:9000") is None
    moved = read(tmp_path)
    assert made is not None
    assert moved is not None
    assert (moved.url, moved.key, moved.password) == ("http://127.0.0.1:9000", made.key, made.password)


@pytest.mark.parametrize("content", ["", "{", '{"site": "default"}'])
async def test_a_file_that_is_not_ours_stops_the_start(client: Client, tmp_path: Path, content: str) -> None:
    put(tmp_path, content)
    with pytest.raises(SettingsError, match=FILE):
        await start(client, tmp_path)


async def test_a_folder_that_cannot_be_written_is_named(client: Client, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        await start(client, tmp_path / "absent")
    assert await Sites(client).every() == []

"""`moderator check`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moderator.runtime import Services
from moderator.settings import Settings
from moderator.store.open import open_store
from tests.redis_fixture import NewServer


def by_name(done: Any) -> dict[str, dict[str, Any]]:
    return {each["check"]: each for each in done.json}


def test_without_a_site_it_says_how_to_make_one(run: Callable[..., Any]) -> None:
    done = run("check", "--json")
    assert done.code == 1
    found = by_name(done)
    assert found["redis"]["ok"]
    assert not found["sites"]["ok"]
    assert "moderator sites create" in found["sites"]["detail"]


def test_a_site_needs_a_key_that_submits_and_an_admin(run: Callable[..., Any]) -> None:
    run("sites", "create", "news")
    found = by_name(run("check", "--json"))
    assert found["keys"]["ok"]
    assert "nobody is admin of news" in found["users"]["detail"]
    run("users", "create", "olena", "--role", "admin")
    run("keys", "revoke", "news", "first")
    run("keys", "create", "news", "--scope", "read")
    found = by_name(run("check", "--json"))
    assert found["users"]["ok"]
    assert "keys create news" in found["keys"]["detail"]


def test_keys_and_people_are_counted(run: Callable[..., Any]) -> None:
    run("sites", "create", "news")
    run("keys", "create", "news")
    run("users", "create", "olena", "--role", "admin")
    found = by_name(run("check", "--json"))
    assert found["keys"]["detail"] == "2 keys at 1 site"
    assert found["users"]["detail"] == "1 user, an admin at every site"


def test_the_bundle_that_decides_for_a_site_is_tested(
    run: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tiny_bundle: Path,
    tiny_bundles: Callable[[str], Path],
) -> None:
    monkeypatch.setenv("MODERATOR_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("MODERATOR_VIEWS", "surface")
    run("sites", "create", "news")
    assert by_name(run("check", "--json"))["serving"]["detail"].endswith(f"bundle {tiny_bundle.name}, as above")

    # Given a site with a bundle of its own
    asyncio.run(publish(tiny_bundles("2026.2.1")))
    run("models", "promote", "2026.2.1")
    told = by_name(run("check", "--json"))["serving"]
    assert told["detail"].endswith("bundle 2026.2.1 scores its test vectors as recorded")

    # When it is no longer what it was
    (copy,) = (tmp_path / "data").rglob("2026.2.1/surface.npy")
    copy.write_bytes(copy.read_bytes()[:-1] + b"?")
    assert not by_name(run("check", "--json"))["serving"]["ok"]


async def publish(folder: Path) -> None:
    settings = Settings.read()
    async with open_store(settings) as client:
        await Services.build(settings, client).models.publish(folder)


def test_without_a_data_folder_it_says_which_and_makes_none(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MODERATOR_REDIS_URL")
    done = run("check", "--json")
    assert done.code == 1
    assert str(tmp_path / "data") in by_name(done)["data"]["detail"]
    assert not (tmp_path / "data").exists()


def test_a_misspelt_setting_is_named(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATOR_PROT", "80")
    done = run("check")
    assert done.code == 1
    assert "FIX   settings" in done.out
    assert "MODERATOR_PORT" in done.out


@pytest.mark.parametrize(
    ("options", "durability", "said"),
    [
        ((), "process", "WARN  redis     Redis keeps no append-only file"),
        ((), "disk", "FIX   redis     durability disk needs appendonly yes and appendfsync always"),
        (("--appendonly", "yes"), "process", "ok    redis     standalone, version"),
    ],
)
def test_a_redis_that_would_lose_comments_is_told(
    run: Callable[..., Any],
    new_server: NewServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    options: tuple[str, ...],
    durability: str,
    said: str,
) -> None:
    monkeypatch.setenv("MODERATOR_REDIS_URL", new_server(*options).url)
    monkeypatch.setenv("MODERATOR_DURABILITY", durability)
    assert f"\n{said}" in run("check").out


def test_secrets_are_not_shown(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATOR_SECRET", "s" * 40)
    assert "s" * 40 not in run("check").out


def test_each_thing_that_is_wrong_is_found_in_one_run(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODERATOR_BUNDLE", str(tmp_path))
    monkeypatch.setenv("MODERATOR_REDIS_URL", f"unix://{tmp_path}/absent")
    (tmp_path / "data").write_text("a file where the folder should be")
    done = run("check", "--json")
    assert done.code == 1
    assert {name for name, each in by_name(done).items() if not each["ok"]} == {"data", "bundle", "redis"}

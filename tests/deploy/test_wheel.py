"""The wheel holds all that serving needs, and works where there is no clone. Built offline, by the locked backend."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("moderator-*-py3-none-any.whl"))


@pytest.mark.slow
def test_it_holds_the_bundle_and_every_file_that_is_no_python(wheel: Path) -> None:
    tracked = subprocess.check_output(["git", "ls-files", "moderator", "model/bundle"], cwd=ROOT, text=True).split()
    assert tracked, "this test runs in a clone"

    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    expected = {name.replace("model/bundle", "moderator/bundle") for name in tracked}
    assert expected <= names
    assert "moderator/bundle/manifest.json" in names
    assert any(name.endswith(".lua") for name in names)


@pytest.mark.slow
def test_it_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"moderator"}


@pytest.mark.slow
def test_unpacked_it_finds_its_own_bundle_and_policy(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        "import moderator, moderator.policy.document as document, moderator.settings as settings;"
        "document.parse(document.DEFAULT);"
        "print(moderator.__file__, settings.packaged_bundle(), sep='\\n')"
    )

    told = subprocess.check_output(
        [sys.executable, "-c", script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}, text=True
    ).splitlines()

    assert told == [str(tmp_path / "moderator" / "__init__.py"), str(tmp_path / "moderator" / "bundle")]


@pytest.mark.slow
def test_it_installs_the_command_and_carries_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = {
            name.split("/", 1)[1]: archive.read(name).decode() for name in archive.namelist() if ".dist-info/" in name
        }

    assert "moderator = moderator.cli:main" in info["entry_points.txt"]
    assert "Apache License" in info["licenses/LICENSE"]
    assert "License-Expression: Apache-2.0" in info["METADATA"]

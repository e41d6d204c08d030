"""`deploy/install.sh`: which Python it takes, what it says when something is missing, and that it does nothing twice.

Python, uv and apt-get are small scripts that write down how they were called; the shell and its tools are real.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "dirname", "cksum", "readlink", "cat", "rm", "mkdir", "cp", "chmod", "basename", "touch", "grep")

PYTHON = """#!/bin/sh
me=$(basename "$0")
case "$*" in
*version_info*) exit {too_old} ;;
--version) echo "Python {version}" ;;
*"import ensurepip"*) [ {complete} = yes ] || [ -e "$FAKES/venv-package" ] ;;
*os.path.isdir*) [ -x "$0" ] ;;
*purelib*) echo "$PWD/.venv" ;;
"-m venv "*)
    echo "$me -m venv" >>"$FAKES/calls"
    mkdir -p .venv/bin && cp "$0" .venv/bin/python && : >.venv/bin/pip
    ;;
*"-m pip "*)
    echo "$me $*" >>"$FAKES/calls"
    case "$*" in
    *requirements-build.txt*) [ ! -e "$FAKES/no-uv" ] && cp "$FAKES/uv" .venv/bin/uv ;;
    esac
    ;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >>"$FAKES/calls"
[ ! -e "$FAKES/uv-fails" ]
"""
APT = """#!/bin/sh
echo "apt-get $*" >>"$FAKES/calls"
case "$*" in
update*) touch "$FAKES/lists" ;;
install*) [ -e "$FAKES/lists" ] && touch "$FAKES/venv-package" ;;
esac
"""


class Machine:
    """A clone and a PATH with nothing on it but the shell's tools and what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.clone, self.fakes, self._path = folder / "clone", folder / "fakes", folder / "path"
        for each in (self.clone / "deploy", self.fakes, self._path):
            each.mkdir(parents=True)
        shutil.copy(ROOT / "deploy" / "install.sh", self.clone / "deploy")
        for lock in ("requirements.txt", "requirements-test.txt", "requirements-build.txt"):
            (self.clone / lock).write_text(lock, "utf-8")
        for tool in TOOLS:
            (self._path / tool).symlink_to(str(shutil.which(tool)))
        self._script(self.fakes / "uv", UV)
        self.user(0)

    def python(self, name: str, version: str, *, complete: bool = True) -> None:
        too_old = int(int(version.split(".")[1]) < 11)
        self._script(
            self._path / name,
            PYTHON.format(version=version, too_old=too_old, complete="yes" if complete else "no"),
        )

    def apt(self) -> None:
        self._script(self._path / "apt-get", APT)

    def user(self, number: int) -> None:
        self._script(self._path / "id", f"#!/bin/sh\necho {number}\n")

    def flag(self, name: str) -> None:
        (self.fakes / name).touch()

    def run(self, wanted: str = "run") -> tuple[int, list[str]]:
        """Exit code and what was said."""
        done = subprocess.run(
            ["sh", "deploy/install.sh", wanted],
            cwd=self.clone,
            env={"PATH": str(self._path), "FAKES": str(self.fakes)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == ""
        return done.returncode, done.stderr.splitlines()

    def calls(self) -> list[str]:
        """How the scripts were called since the last time."""
        file = self.fakes / "calls"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    @staticmethod
    def _script(path: Path, text: str) -> None:
        path.unlink(missing_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_python_that_is_too_old_is_one_sentence(machine: Machine) -> None:
    machine.python("python3", "3.9.2")

    code, said = machine.run()

    assert code == 1
    [sentence] = said
    assert sentence.startswith("moderator: Python 3.11 or newer is needed, and Python 3.9.2 was found; install one")


def test_no_python_at_all_is_one_sentence(machine: Machine) -> None:
    code, said = machine.run()

    assert code == 1
    assert len(said) == 1
    assert "no python3 was found" in said[0]


def test_a_newer_python_beside_an_old_python3_is_taken(machine: Machine) -> None:
    machine.python("python3", "3.10.1")
    machine.python("python3.12", "3.12.4")

    code, _ = machine.run()

    assert code == 0
    assert "python3.12 -m venv" in machine.calls()


def test_a_python_that_can_make_a_venv_goes_before_one_that_cannot(machine: Machine) -> None:
    machine.python("python3", "3.11.2", complete=False)
    machine.python("python3.13", "3.13.1")

    code, _ = machine.run()

    assert code == 0
    assert "python3.13 -m venv" in machine.calls()


def test_without_the_venv_package_and_not_root_it_is_named(machine: Machine) -> None:
    machine.python("python3", "3.11.2", complete=False)
    machine.apt()
    machine.user(1000)

    code, said = machine.run()

    assert code == 1
    [sentence] = said
    assert sentence.endswith("; run 'sudo apt-get install python3-venv' and then make again.")
    assert machine.calls() == []


def test_root_on_debian_gets_the_venv_package_installed_with_fresh_lists(machine: Machine) -> None:
    machine.python("python3", "3.11.2", complete=False)
    machine.apt()

    code, said = machine.run()

    assert code == 0
    assert said[0] == "moderator: installing Debian's python3-venv"
    assert [call.split()[1] for call in machine.calls() if call.startswith("apt-get")] == [
        "install",
        "update",
        "install",
    ]


def test_everything_is_installed_by_hash_through_uv(machine: Machine) -> None:
    machine.python("python3", "3.13.0")

    machine.run()

    _, pip, uv = machine.calls()
    assert "--require-hashes -r requirements-build.txt" in pip
    assert uv.startswith("uv pip install")
    assert uv.endswith("--require-hashes -r requirements.txt")


@pytest.mark.parametrize("trouble", ["no-uv", "uv-fails"])
def test_pip_does_it_where_uv_cannot(machine: Machine, trouble: str) -> None:
    machine.python("python3", "3.13.0")
    machine.flag(trouble)

    code, said = machine.run()

    assert code == 0
    assert machine.calls()[-1].endswith("install --require-hashes -r requirements.txt")
    assert "moderator: trying pip instead" in said


def test_a_second_run_calls_nothing_and_says_nothing(machine: Machine) -> None:
    machine.python("python3", "3.13.0")
    machine.run()
    machine.calls()

    assert machine.run() == (0, [])
    assert machine.calls() == []


def test_what_tests_need_includes_what_running_needs(machine: Machine) -> None:
    machine.python("python3", "3.13.0")
    machine.run("test")
    assert machine.calls()[-1].endswith("requirements-test.txt")

    assert machine.run("run") == (0, [])
    assert machine.calls() == []


def test_a_changed_lock_is_installed_again_into_the_same_venv(machine: Machine) -> None:
    machine.python("python3", "3.13.0")
    machine.run()
    machine.calls()

    (machine.clone / "requirements.txt").write_text("newer", "utf-8")

    assert machine.run()[0] == 0
    assert [call.split()[0] for call in machine.calls()] == ["uv"]


def test_the_start_script_stands_in_the_venv_and_can_be_run(machine: Machine) -> None:
    machine.python("python3", "3.13.0")
    machine.run()

    script = machine.clone / ".venv" / "bin" / "moderator"
    assert os.access(script, os.X_OK)
    assert "from moderator.cli import main" in script.read_text("utf-8")
    assert (machine.clone / ".venv" / "moderator.pth").read_text("utf-8") == "../../../..\n"


def test_another_word_than_run_or_test_is_refused(machine: Machine) -> None:
    assert machine.run("all") == (1, ["moderator: usage: sh deploy/install.sh run|test"])

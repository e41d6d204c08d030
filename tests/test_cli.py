"""The command line as a whole: every command helps itself, is typed as its examples say, and fails in one sentence."""

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from moderator.cli import COMMANDS, main, parser

ROOT = Path(__file__).parents[1]


def words_of_all_commands() -> list[tuple[str, ...]]:
    """Every command with each of its verbs: `serve`, `keys`, `keys create` …"""
    return [words for command in COMMANDS for words in _below(parser([command.name]), command.name)]


def _below(root: argparse.ArgumentParser, *words: str) -> Iterator[tuple[str, ...]]:
    here = find(root, words)
    yield words
    for verb in _choices(here):
        yield from _below(root, *words, verb)


def find(root: argparse.ArgumentParser, words: tuple[str, ...]) -> argparse.ArgumentParser:
    for word in words:
        root = _choices(root)[word]
    return root


def _choices(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return {
        name: choice
        for action in of._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, choice in action.choices.items()
    }


ALL = words_of_all_commands()


def examples(words: tuple[str, ...]) -> list[str]:
    """The lines under `Example:` in a command's help."""
    _, _, listed = (find(parser(words), words).epilog or "").partition("\n")
    return [line.strip() for line in listed.splitlines()]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*words, "--help"])
    assert caught.value.code == 0
    assert re.search(r"\nExamples?:\n  \S", capsys.readouterr().out)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_example_can_be_typed(words: tuple[str, ...]) -> None:
    for example in examples(words):
        arguments = [*_arguments(example)]
        assert any(tuple(each[: len(words)]) == words for each in arguments), f"{example} shows something else"
        for each in arguments:
            parser(each).parse_args(each)


def _arguments(example: str) -> Iterator[list[str]]:
    """What follows `moderator` in each part of a shell line that runs it; variables and files are the shell's."""
    for part in re.split(r"\||&&", example):
        typed = re.fullmatch(r"(?:\w+=\S+ )*moderator (.*?)(?: [<>] .*)?", part.strip())
        if typed:
            yield shlex.split(typed[1])


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"  {command.name}" in shown for command in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom moderator.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print({'numpy', 'aiohttp', 'hiredis', 'argon2', 'sklearn', 'uvloop'} & {*sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"


@pytest.mark.parametrize("typed", [[], ["frobnicate"], ["keys"], ["--frobnicate"]])
def test_what_is_typed_wrong_is_exit_code_2_with_the_usage(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(typed)
    assert caught.value.code == 2
    assert "usage: moderator" in capsys.readouterr().err


def test_a_wrong_setting_is_one_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODERATOR_PORT", "eighty")
    assert main(["sites", "list"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("moderator: MODERATOR_PORT")
    assert shown.count("\n") == 1


def test_a_store_that_does_not_answer_is_one_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("MODERATOR_REDIS_URL", f"unix://{tmp_path}/absent")
    assert main(["sites", "list"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("moderator: ")
    assert shown.err.count("\n") == 1


def test_the_program_runs_as_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "moderator", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"moderator \d+\.\d+\S*\n", done.stdout)


def test_without_a_redis_url_each_command_starts_the_embedded_server_for_its_own_duration(short_folder: Path) -> None:
    # Given a data folder that nobody uses
    environ = {"MODERATOR_DATA": str(short_folder / "data"), "PATH": ""}

    def typed(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "moderator", *words],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    # When one command makes a site and another lists the sites
    key = typed("sites", "create", "news")
    listed = typed("sites", "list")
    # Then what the first did is there, and no server lives on
    assert key.startswith("mk_")
    assert "news" in listed
    assert not (short_folder / "data" / "server.sock").exists()

"""How commands speak: data on stdout, everything else on stderr, and help with examples."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec

from moderator.clock import ticks
from moderator.errors import ModeratorError
from moderator.settings import Settings

Run = Callable[[argparse.Namespace, Settings], Any]
"""A command: returns its exit code, or an awaitable of it."""

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - no public name
"""The second words of a command such as `keys`."""

DONE, FAILED, WRONG_USAGE = 0, 1, 2
"""The exit codes."""

QUIET_S = 1.0
"""A command that takes longer shows its progress."""


class CommandFailed(ModeratorError):
    """What was asked cannot be done; the message is one sentence for whoever typed it. Exit code 1."""

    code = "command_failed"


class WrongUsage(ModeratorError):
    """The arguments do not go together. Exit code 2."""

    code = "wrong_usage"


def describe(parser: argparse.ArgumentParser, text: str, *examples: str) -> None:
    """Say what a command does, and how it is typed."""
    parser.description = text
    parser.epilog = "\n".join([f"Example{'s' if len(examples) > 1 else ''}:", *(f"  {each}" for each in examples)])
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def verbs(parser: argparse.ArgumentParser) -> Verbs:
    """The second words of a command such as `keys`; one is required."""
    return parser.add_subparsers(metavar="VERB", title="verbs", required=True)


def verb(group: Verbs, name: str, run: Run, text: str, *examples: str) -> argparse.ArgumentParser:
    """Add `name` to the verbs of a command."""
    parser = group.add_parser(name, help=text)
    describe(parser, text, *examples)
    parser.set_defaults(run=run)
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def add_site(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", metavar="SITE", help="which site (default: the only one)")


def one_of(*allowed: str) -> Callable[[str], str]:
    """For an argument that takes one of `allowed`: what else is typed is refused with all of them."""

    def read(text: str) -> str:
        if text not in allowed:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(allowed)}")
        return text

    return read


def print_json(value: Any, *, pretty: bool = False) -> None:
    """One line of JSON on stdout, or with `pretty` several."""
    text = msgspec.json.encode(value)
    _write(msgspec.json.format(text, indent=2) if pretty else text)


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        _write(line.encode())


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as what they hold, under their names."""
    table = [[name.upper() for name in columns], *([*row] for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(columns))]
    print_lines("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)


def note(text: str) -> None:
    """A sentence for the person at the terminal, on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def progress() -> Callable[[str], None]:
    """A function that notes what is going on, at most once a second and not in the first."""
    last = ticks()

    def report(text: str) -> None:
        nonlocal last
        if ticks() - last >= QUIET_S:
            last = ticks()
            note(text)

    return report


@contextmanager
def source(path: str) -> Iterator[BinaryIO]:
    """The bytes of a file, or of stdin for `-`.

    Raises:
        CommandFailed: there is no such file, or it cannot be read.
    """
    if path == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed below; opening alone is what may fail
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        yield file


def read_text(path: str) -> str:
    """A whole file of UTF-8, or stdin for `-`.

    Raises:
        CommandFailed: it cannot be read, or is not UTF-8.
    """
    with source(path) as file:
        try:
            return file.read().decode()
        except UnicodeDecodeError as error:
            raise CommandFailed(f"{path} is not UTF-8: byte {error.start}.") from error


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()

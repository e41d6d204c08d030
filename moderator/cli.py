"""The command line: finds the command, imports it alone, and turns what it raises into a sentence and an exit code."""

import argparse
import asyncio
import inspect
import os
import sys
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from importlib import import_module

from moderator import __version__
from moderator.commands.terminal import FAILED, WRONG_USAGE, WrongUsage, describe, note
from moderator.errors import ModeratorError
from moderator.settings import Settings, limit_blas


@dataclass(frozen=True, slots=True)
class Command:
    """A word after `moderator`; what it does lives in `moderator/commands/WORD.py`."""

    name: str
    summary: str


COMMANDS = (
    # Run it
    Command("serve", "run the service"),
    Command("check", "test settings, Redis, bundle and keys, and say what to fix"),
    Command("work", "list and replay background work that was given up"),
    # Who may use it
    Command("sites", "make and list sites"),
    Command("keys", "make, list, rotate and revoke the keys of sites"),
    Command("users", "make and list people, their roles, passwords and tokens"),
    # What it decides by
    Command("policy", "show, check and change a site's policy"),
    Command("score", "score text or NDJSON from stdin"),
    # How it learns
    Command("labels", "export and import labels, and admit their sources"),
    Command("train", "train a bundle from a site's labels or from corpora"),
    Command("evaluate", "measure a bundle on corpora"),
    Command("models", "list, show, promote and roll back bundles"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 when it is done, 1 when it failed, 2 when it was not typed as it should be."""
    limit_blas()  # before a command imports numpy
    arguments = [*(sys.argv[1:] if argv is None else argv)]
    try:
        parsed = parser(arguments).parse_args(arguments)
        return _run(parsed)
    except WrongUsage as error:
        note(f"moderator: {error}")
        return WRONG_USAGE
    except ModeratorError as error:
        note(f"moderator: {error}")
        return FAILED
    except KeyboardInterrupt:
        note("moderator: interrupted")
        return FAILED
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); the interpreter must not try to flush it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser for `arguments`. Only the command that they name is imported: help stays fast, serving stays small."""
    root = argparse.ArgumentParser(prog="moderator")
    describe(
        root, "Comment moderation for news sites.", "moderator serve", "moderator keys create default --scope read"
    )
    root.add_argument("--version", action="version", version=f"moderator {__version__}")
    commands = root.add_subparsers(metavar="COMMAND", title="commands", required=True)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.summary)
        if command.name == chosen:
            import_module(f"moderator.commands.{command.name}").configure(added)
    return root


def _run(parsed: argparse.Namespace) -> int:
    result = parsed.run(parsed, Settings.read())
    return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result


async def _awaited(result: Awaitable[int]) -> int:
    return await result

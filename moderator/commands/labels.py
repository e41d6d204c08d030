"""`moderator labels`: what was judged, out and in."""

import argparse
import sys
from datetime import UTC, datetime

from moderator.commands.place import named_site
from moderator.commands.terminal import (
    DONE,
    FAILED,
    Verbs,
    WrongUsage,
    add_json,
    add_site,
    describe,
    note,
    print_json,
    print_table,
    progress,
    source,
    verb,
    verbs,
)
from moderator.flow.labels import LabelBook
from moderator.settings import Settings
from moderator.store.client import Client
from moderator.store.labels import Labels
from moderator.store.open import open_store
from moderator.web.api.labels import read_lines, row_of
from moderator.web.schemas import RefusedLine
from moderator.web.views import instant

PAGE = 500
"""Labels that are read or stored at once."""

COMMAND_LINE = "command-line"
"""The source of labels that an admin imports here."""


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Export and import labels as NDJSON, and decide whose labels from outside count.",
        "moderator labels export > labels.jsonl",
        "moderator labels admit website",
    )
    group = verbs(parser)
    export = verb(
        group,
        "export",
        _export,
        "Print every label as a line of JSON, the earliest first.",
        "moderator labels export --site default --since 2026-11-01 > labels.jsonl",
    )
    add_site(export)
    export.add_argument(
        "--since", metavar="TIME", type=moment, help="only what was judged from then on (RFC 3339, or a day)"
    )
    taking = verb(
        group,
        "import",
        _import,
        "Take in labels, a line of JSON each with text and labels; they count at once.",
        "moderator labels import labels.jsonl",
        "moderator labels import - < labels.jsonl",
    )
    taking.add_argument("file", metavar="FILE", nargs="?", default="-", help="NDJSON, - for stdin (default)")
    taking.add_argument("--source", metavar="NAME", default=COMMAND_LINE, help="who says so (default: command-line)")
    add_site(taking)
    add_json(taking)
    _configure_sources(group)


def _configure_sources(group: Verbs) -> None:
    admit = verb(
        group,
        "admit",
        _admit,
        "Let training use the labels of a source from outside, those to come too.",
        "moderator labels admit website",
    )
    admit.add_argument("source", metavar="SOURCE", help="the name of the key that sends them, or a dialect's")
    add_site(admit)
    listing = verb(
        group,
        "sources",
        _sources,
        "List who sent labels from outside, and whether they count.",
        "moderator labels sources --json",
    )
    add_site(listing)
    add_json(listing)


async def _export(args: argparse.Namespace, settings: Settings) -> int:
    report, count, cursor = progress(), 0, None
    async with open_store(settings) as client:
        site = await named_site(client, args.site)
        while True:
            rows, cursor = await _book(client).export(site, args.since, cursor, PAGE)
            for row in rows:
                print_json(row | {"at": instant(row["at"])})
            count += len(rows)
            report(f"{count} labels exported")
            if cursor is None:
                return DONE


async def _import(args: argparse.Namespace, settings: Settings) -> int:
    if args.file == "-" and sys.stdin.isatty():
        raise WrongUsage("Give a file, or send NDJSON to stdin.")
    with source(args.file) as file:
        lines, refused = read_lines(file.read(), settings)
    report, accepted = progress(), 0
    async with open_store(settings) as client:
        site = await named_site(client, args.site)
        for start in range(0, len(lines), PAGE):
            some = lines[start : start + PAGE]
            taken, wrong = await _book(client).add(
                site, [row_of(label) for _, label in some], provenance="import", source=args.source
            )
            accepted += taken
            refused += [
                RefusedLine(line=some[index][0], code=error.code, detail=error.detail) for index, error in wrong
            ]
            report(f"{accepted} labels imported")
    return _tell(args, accepted, sorted(refused, key=lambda each: each.line))


def _tell(args: argparse.Namespace, accepted: int, refused: list[RefusedLine]) -> int:
    if args.json:
        print_json({"accepted": accepted, "refused": refused})
    else:
        for each in refused:
            note(f"line {each.line}: {each.detail}")
        note(f"{accepted} labels accepted, {len(refused)} refused.")
    return FAILED if refused else DONE


async def _admit(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        site, book = await named_site(client, args.site), _book(client)
        heard = args.source in await book.sources(site)
        await book.admit(site, args.source)
    note(f"Labels from {args.source} count{'' if heard else '; it has not sent any yet'}.")
    return DONE


async def _sources(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        known = await _book(client).sources(await named_site(client, args.site))
    if args.json:
        print_json([{"source": name, "admitted": admitted} for name, admitted in sorted(known.items())])
    else:
        rows = [(name, "counts" if admitted else "waits") for name, admitted in sorted(known.items())]
        print_table(("source", "labels"), rows)
    return DONE


def _book(client: Client) -> LabelBook:
    return LabelBook(Labels(client))


def moment(text: str) -> datetime:
    """A time with its zone; a day begins at midnight in UTC.

    Raises:
        ValueError: it is neither.
    """
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

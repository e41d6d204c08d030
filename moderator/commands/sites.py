"""`moderator sites`: make and list sites."""

import argparse

from moderator.commands.terminal import (
    DONE,
    add_json,
    describe,
    note,
    print_json,
    print_lines,
    print_table,
    verb,
    verbs,
)
from moderator.flow.sites import Sites
from moderator.settings import Settings
from moderator.store.open import open_store


def configure(parser: argparse.ArgumentParser) -> None:
    describe(parser, "Make and list sites.", "moderator sites create evening-news", "moderator sites list")
    group = verbs(parser)
    create = verb(
        group,
        "create",
        _create,
        "Make a site and a first key of all scopes; the key is printed once.",
        "moderator sites create evening-news",
    )
    create.add_argument("name", metavar="NAME", help="1 to 63 of a–z 0–9 . _ -")
    add_json(create)
    add_json(verb(group, "list", _list, "List the sites.", "moderator sites list --json"))


async def _create(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings, make=True) as client:
        made = await Sites(client).create(args.name)
    if args.json:
        print_json({"site": args.name, "name": made.grant.name, "scopes": made.grant.scopes, "key": made.raw})
    else:
        note(f"The site {args.name} exists. Its first key, of all scopes, is shown this once:")
        print_lines([made.raw])
    return DONE


async def _list(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        every = await Sites(client).every()
    if args.json:
        print_json([{"site": site.name, "created_at": site.created_at} for site in every])
    else:
        print_table(("site", "created"), [(site.name, f"{site.created_at:%Y-%m-%d %H:%M}") for site in every])
    return DONE

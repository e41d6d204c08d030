"""`moderator keys`: the keys with which a site's backend calls."""

import argparse

from moderator.access import Scope
from moderator.commands.terminal import (
    DONE,
    add_json,
    describe,
    note,
    one_of,
    print_json,
    print_lines,
    print_table,
    verb,
    verbs,
)
from moderator.flow.sites import NewKey, Sites
from moderator.settings import Settings
from moderator.store.grants import Grant
from moderator.store.open import open_store


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Make, list, rotate and revoke the keys of sites. A key is printed once; only its hash is kept.",
        "moderator keys create default --name website --scope submit --scope read",
        "moderator keys rotate default website",
    )
    group = verbs(parser)
    create = verb(
        group, "create", _create, "Make a key and print it once.", "moderator keys create default --scope submit"
    )
    create.add_argument("site", metavar="SITE")
    create.add_argument("--name", metavar="NAME", help="what the key is called (default: key-2, key-3 …)")
    create.add_argument(
        "--scope",
        metavar="SCOPE",
        action="append",
        type=one_of(*Scope),
        help=f"what it may do, repeated for several: {', '.join(Scope)} (default: all)",
    )
    add_json(create)
    listing = verb(group, "list", _list, "List keys, never the secrets.", "moderator keys list default")
    listing.add_argument("site", metavar="SITE", nargs="?", help="only this site's")
    add_json(listing)
    rotate = verb(
        group,
        "rotate",
        _rotate,
        "Make another key of the same name and scopes; the one before goes on until it is revoked.",
        "moderator keys rotate default website && moderator keys revoke default website --previous",
    )
    _add_key(rotate)
    add_json(rotate)
    revoke = verb(
        group, "revoke", _revoke, "End a key; seen everywhere within 5 s.", "moderator keys revoke default website"
    )
    _add_key(revoke)
    revoke.add_argument("--previous", action="store_true", help="only the one before the last rotation")


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE")
    parser.add_argument("name", metavar="NAME", help="what the key is called")


async def _create(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        made = await Sites(client).create_key(args.site, args.name, [*map(Scope, args.scope or Scope)])
    return _print_new(made, as_json=args.json)


async def _rotate(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        made = await Sites(client).rotate(args.site, args.name)
    return _print_new(made, as_json=args.json)


async def _list(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        every = await Sites(client).keys(args.site)
    if args.json:
        print_json([_shown(grant) for grant in every])
        return DONE
    rows = [
        (grant.site, grant.name, ",".join(grant.scopes), f"{grant.created_at:%Y-%m-%d %H:%M}", str(len(grant.keys)))
        for grant in every
    ]
    print_table(("site", "name", "scopes", "created", "valid"), rows)
    return DONE


async def _revoke(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        await Sites(client).revoke(args.site, args.name, previous=args.previous)
    which = "The previous key" if args.previous else "The key"
    note(f"{which} {args.name} of {args.site} is revoked.")
    return DONE


def _print_new(made: NewKey, *, as_json: bool) -> int:
    grant = made.grant
    if as_json:
        print_json(_shown(grant) | {"key": made.raw})
    else:
        note(f"The key {grant.name} of {grant.site} ({', '.join(grant.scopes)}) is shown this once:")
        print_lines([made.raw])
    return DONE


def _shown(grant: Grant) -> dict[str, object]:
    return {
        "site": grant.site,
        "name": grant.name,
        "scopes": grant.scopes,
        "created_at": grant.created_at,
        "keys": [{"created_at": key.created_at} for key in grant.keys],
    }

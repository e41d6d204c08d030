"""`moderator models`: the bundles that a site could be served with, and the one that it is."""

import argparse

from msgspec import structs

from moderator.commands.place import named_site
from moderator.commands.terminal import (
    DONE,
    Verbs,
    add_json,
    add_site,
    describe,
    note,
    print_json,
    print_table,
    verb,
    verbs,
)
from moderator.flow.models import ModelInfo, Promotion
from moderator.runtime import Services
from moderator.settings import Settings
from moderator.store.open import open_store


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "List and show bundles, and choose the one that decides. The running service follows within a second,\n"
        "without dropping a request.",
        "moderator models list",
        "moderator models promote 2026.12.1",
    )
    group = verbs(parser)
    listing = verb(group, "list", _list, "List the bundles, newest first.", "moderator models list --site default")
    add_site(listing)
    add_json(listing)
    show = verb(group, "show", _show, "Print all that a bundle says of itself.", "moderator models show 2026.12.1")
    show.add_argument("id", metavar="ID")
    add_site(show)
    show.add_argument("--json", action="store_true", help="print it on one line")
    _configure_changes(group)


def _configure_changes(group: Verbs) -> None:
    promote = verb(
        group, "promote", _promote, "Let a bundle decide for the site.", "moderator models promote 2026.12.1"
    )
    promote.add_argument("id", metavar="ID")
    rollback = verb(
        group, "rollback", _rollback, "Go back to the bundle and policy before.", "moderator models rollback"
    )
    for parser in (promote, rollback):
        add_site(parser)
        add_json(parser)


async def _list(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        models = await Services.build(settings, client).models.all(await named_site(client, args.site))
    if args.json:
        print_json([_shown(model) for model in models])
    else:
        rows = [(model.id, model.role, model.manifest.created_at) for model in models]
        print_table(("bundle", "role", "created"), rows)
    return DONE


async def _show(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        model = await Services.build(settings, client).models.show(await named_site(client, args.site), args.id)
    print_json(_shown(model), pretty=not args.json)
    return DONE


async def _promote(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        models = Services.build(settings, client).models
        done = await models.promote(await named_site(client, args.site), args.id)
    return _print(args, f"Bundle {args.id} decides", done)


async def _rollback(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        done = await Services.build(settings, client).models.rollback(await named_site(client, args.site))
    return _print(args, "The bundle and the policy before decide again", done)


def _print(args: argparse.Namespace, what: str, done: Promotion) -> int:
    if args.json:
        print_json(structs.asdict(done))
    else:
        note(f"{what}: generation {done.generation}, {done.ready} processes ready, {done.waiting} to follow.")
    return DONE


def _shown(model: ModelInfo) -> dict[str, object]:
    return structs.asdict(model)

"""`moderator policy`: what a site decides by."""

import argparse

from moderator.commands.place import named_site
from moderator.commands.terminal import (
    DONE,
    add_json,
    add_site,
    describe,
    note,
    print_json,
    print_lines,
    read_text,
    verb,
    verbs,
)
from moderator.flow.policies import Policies
from moderator.policy.document import parse
from moderator.settings import Settings
from moderator.store.client import Client
from moderator.store.open import open_store
from moderator.store.policies import PolicyStore
from moderator.store.serving import Serving


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Show, check and change a site's policy: a TOML document of which every version is kept.",
        "moderator policy show > policy.toml",
        "moderator policy set policy.toml",
    )
    group = verbs(parser)
    show = verb(group, "show", _show, "Print the document in force, or an earlier version.", "moderator policy show")
    add_site(show)
    show.add_argument("--version", metavar="N", type=int, help="which version (default: the one in force)")
    add_json(show)
    validate = verb(
        group,
        "validate",
        _validate,
        "Check a document without storing it; a mistake is named by line and key.",
        "moderator policy validate policy.toml",
    )
    validate.add_argument("file", metavar="FILE", help="the document, - for stdin")
    change = verb(
        group,
        "set",
        _set,
        "Check a document, store it as a new version, and put it into force within a second.",
        "moderator policy show | sed s/enforce/observe/ | moderator policy set -",
    )
    change.add_argument("file", metavar="FILE", help="the document, - for stdin")
    add_site(change)
    add_json(change)


async def _show(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        name, text = await _policies(client).text(await named_site(client, args.site), args.version)
    if args.json:
        print_json({"policy": name, "document": text})
    else:
        note(f"Policy {name}:")
        print_lines([text.rstrip("\n")])
    return DONE


def _validate(args: argparse.Namespace, _: Settings) -> int:
    parse(read_text(args.file))
    note(f"{'The document' if args.file == '-' else args.file} is a policy.")
    return DONE


async def _set(args: argparse.Namespace, settings: Settings) -> int:
    text = read_text(args.file)
    parse(text)
    async with open_store(settings) as client:
        name = await _policies(client).set(await named_site(client, args.site), text)
    if args.json:
        print_json({"policy": name})
    else:
        note(f"Policy {name} is in force.")
    return DONE


def _policies(client: Client) -> Policies:
    return Policies(PolicyStore(client), Serving(client))

"""`moderator users`: the people who moderate."""

import argparse

from moderator.access import ANY_SITE, Role
from moderator.commands.place import named_site
from moderator.commands.terminal import (
    DONE,
    Verbs,
    add_json,
    add_site,
    describe,
    note,
    one_of,
    print_json,
    print_lines,
    print_table,
    verb,
    verbs,
)
from moderator.flow.people import People
from moderator.settings import Settings
from moderator.store.client import Client
from moderator.store.open import open_store
from moderator.store.users import User

NO_ROLE = "none"


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Make and list people, their roles, passwords and tokens. Secrets are printed once; only hashes are kept.",
        "moderator users create olena --role moderator",
        "moderator users token olena",
    )
    group = verbs(parser)
    create = verb(
        group,
        "create",
        _create,
        "Make a user and print a password, with --json a personal token as well.",
        "moderator users create olena --role moderator",
        "moderator users create desk --site '*' --role admin --json",
    )
    create.add_argument("name", metavar="NAME")
    create.add_argument("--site", metavar="SITE", help="where, or '*' for all sites (default: the only one)")
    create.add_argument("--role", metavar="ROLE", required=True, type=one_of(*Role), help=", ".join(Role))
    add_json(create)
    listing = verb(group, "list", _list, "List users.", "moderator users list --json")
    add_site(listing)
    add_json(listing)
    _configure_changes(group)


def _configure_changes(group: Verbs) -> None:
    role = verb(
        group, "role", _role, "Give a role at a site, or take it away.", "moderator users role olena --role senior"
    )
    role.add_argument("name", metavar="NAME")
    role.add_argument("--site", metavar="SITE", help="where, or '*' for all sites (default: the only one)")
    role.add_argument(
        "--role", metavar="ROLE", required=True, type=one_of(*Role, NO_ROLE), help=", ".join([*Role, NO_ROLE])
    )
    for name, run, text in (
        ("token", _token, "Make another personal token and print it once."),
        ("password", _password, "Make another password and print it once; the old one ends."),
    ):
        parser = verb(group, name, run, text, f"moderator users {name} olena")
        parser.add_argument("name", metavar="NAME")
        add_json(parser)
    revoke = verb(
        group,
        "revoke",
        _revoke,
        "Remove a user, or end their tokens only; seen everywhere within 5 s.",
        "moderator users revoke olena --tokens",
    )
    revoke.add_argument("name", metavar="NAME")
    revoke.add_argument("--tokens", action="store_true", help="end the tokens; the user stays")


async def _create(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        site = await _site(client, args.site)
        made = await People(client).create(args.name, {site: Role(args.role)})
    if args.json:
        print_json(_shown(made.user) | {"password": made.password, "token": made.token})
    else:
        note(f"{args.name} is {args.role} at {_place(site)}. The password is shown this once:")
        print_lines([made.password])
    return DONE


async def _list(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        every = await People(client).every(args.site)
    if args.json:
        print_json([_shown(user) for user in every])
        return DONE
    rows = [
        (
            user.name,
            ",".join(f"{site}:{role}" for site, role in sorted(user.roles.items())),
            f"{user.created_at:%Y-%m-%d %H:%M}",
            str(len(user.tokens)),
        )
        for user in every
    ]
    print_table(("user", "roles", "created", "tokens"), rows)
    return DONE


async def _role(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        site = await _site(client, args.site)
        await People(client).give_role(args.name, site, None if args.role == NO_ROLE else Role(args.role))
    note(f"{args.name} has the role {args.role} at {_place(site)}.")
    return DONE


async def _token(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        token = await People(client).new_token(args.name)
    return _print_secret(args, "token", token)


async def _password(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        password = await People(client).new_password(args.name)
    return _print_secret(args, "password", password)


async def _revoke(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        people = People(client)
        if args.tokens:
            count = await people.revoke_tokens(args.name)
            note(f"{count} tokens of {args.name} are revoked.")
        else:
            await people.remove(args.name)
            note(f"{args.name} is removed.")
    return DONE


async def _site(client: Client, named: str | None) -> str:
    """The site that was named, all of them, or the only one."""
    return ANY_SITE if named == ANY_SITE else await named_site(client, named)


def _print_secret(args: argparse.Namespace, kind: str, secret: str) -> int:
    if args.json:
        print_json({"user": args.name, kind: secret})
    else:
        note(f"The {kind} of {args.name} is shown this once:")
        print_lines([secret])
    return DONE


def _place(site: str) -> str:
    return "all sites" if site == ANY_SITE else site


def _shown(user: User) -> dict[str, object]:
    return {
        "user": user.name,
        "roles": user.roles,
        "created_at": user.created_at,
        "tokens": [{"created_at": token.created_at} for token in user.tokens],
    }

"""`moderator check`: whether the service can run as it is set up, and what to fix."""

import argparse
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from msgspec import Struct, structs

from moderator.access import Role, Scope
from moderator.clock import ticks
from moderator.commands.terminal import DONE, FAILED, add_json, describe, print_json, print_lines
from moderator.errors import ModeratorError
from moderator.flow.people import People
from moderator.flow.sites import Sites
from moderator.policy.document import parse
from moderator.runtime import Services
from moderator.scoring.bundle import Bundle
from moderator.scoring.scorer import Scorer
from moderator.settings import Settings, misspelt
from moderator.store.client import Client
from moderator.store.folder import DataFolder
from moderator.store.open import open_store, require_folder
from moderator.store.server import FORGETS, forgets
from moderator.store.waiting import Waiting
from moderator.workers.work import KINDS

FULL_RATIO = 0.9
"""Intake stops at this share of the memory that Redis may use."""


class Finding(Struct, frozen=True, kw_only=True):
    """What one check found; `detail` says what to fix where it is not `ok`, and what to know where it is a `warning`.

    With a warning the service runs, so it is no failure of the check.
    """

    check: str
    ok: bool
    warning: bool = False
    detail: str


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Test settings, data folder, bundle, Redis, sites, keys, people and policies, and say what to fix.\n"
        "It uses the server of a running service, or starts one for its own duration. Exit code 1: fix something.",
        "moderator check",
        "moderator check --json",
    )
    add_json(parser)
    parser.set_defaults(run=_check)


async def _check(args: argparse.Namespace, settings: Settings) -> int:
    findings = [each async for each in _findings(settings)]
    if args.json:
        print_json([structs.asdict(each) for each in findings])
    else:
        print_lines(f"{_word(each):<4}  {each.check:<8}  {each.detail}" for each in findings)
    return DONE if all(each.ok for each in findings) else FAILED


def _word(finding: Finding) -> str:
    return "FIX" if not finding.ok else "WARN" if finding.warning else "ok"


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    """Every check, in the order in which later ones need earlier ones."""
    yield _settings(settings)
    yield _folder(settings)
    yield _bundle(settings)
    if settings.redis_url is None and not settings.data.exists():
        # Nothing is recorded yet, and looking must not make the folder.
        return
    try:
        async with open_store(settings) as client:
            yield await _redis(settings, client)
            yield await _work(client)
            for finding in await _stored(settings, client):
                yield finding
    except ModeratorError as error:
        yield _wrong("redis", str(error))


def _settings(settings: Settings) -> Finding:
    sentences = misspelt()
    if sentences:
        return _wrong("settings", " ".join(sentences))
    default = Settings().public()
    given = [f"{name}={value}" for name, value in settings.public().items() if value != default[name]]
    return _fine("settings", " ".join(given) or "all at their defaults")


def _folder(settings: Settings) -> Finding:
    folder = settings.data.absolute()
    try:
        if settings.redis_url is None:
            require_folder(settings)
        if folder.exists():
            DataFolder(folder).prepare()
    except ModeratorError as error:
        return _wrong("data", str(error))
    return _fine("data", str(folder) if folder.exists() else f"{folder}, which 'moderator serve' makes")


def _bundle(settings: Settings) -> Finding:
    """The bundle of a site that has promoted none."""
    began = ticks()
    try:
        tested = _tested(settings, settings.bundle_folder)
    except ModeratorError as error:
        return _wrong("bundle", str(error))
    return _fine("bundle", f"{tested}, loaded in {ticks() - began:.1f} s")


def _tested(settings: Settings, folder: Path) -> str:
    """What is said of the bundle in `folder`, once it has passed the tests that it brings.

    Raises:
        BundleError: it has not.
    """
    return f"{Scorer(Bundle.load(folder), settings.views).id} scores its test vectors as recorded"


async def _redis(settings: Settings, client: Client) -> Finding:
    """Version, eviction and durability were checked when `client` connected."""
    nodes = await client.info()
    fullest = max(node.memory_ratio for node in nodes)
    if fullest >= FULL_RATIO:
        return _wrong("redis", f"memory is {fullest:.0%} full: intake is closed; raise maxmemory or shorten retention")
    if forgets(nodes, settings.durability):
        return _warning("redis", FORGETS)
    where = "embedded" if settings.redis_url is None else f"{len(nodes)} nodes" if len(nodes) > 1 else "standalone"
    major, minor = nodes[0].version
    return _fine("redis", f"{where}, version {major}.{minor}, durability {settings.durability}")


async def _work(client: Client) -> Finding:
    """Background work that was given up: the service runs without it, and somebody has to look."""
    waiting = Waiting(client)
    counts = [(kind, await waiting.count_dead(kind)) for kind in KINDS]
    dead = [f"{count} {kind}" for kind, count in counts if count]
    if not dead:
        return _fine("work", "nothing was given up")
    return _warning(
        "work",
        f"given up after the last try: {', '.join(dead)}; 'moderator work list' shows them, "
        "'moderator work replay' has them done again",
    )


async def _stored(settings: Settings, client: Client) -> list[Finding]:
    """What is recorded: sites, and for each its keys, people, policy and bundle."""
    names = [site.name for site in await Sites(client).every()]
    if not names:
        return [_wrong("sites", "there is none yet: 'moderator serve' makes the first, or 'moderator sites create'")]
    return [
        _fine("sites", ", ".join(names)),
        await _keys(client, names),
        await _people(client, names),
        *[await _served(settings, client, name) for name in names],
    ]


async def _keys(client: Client, names: Sequence[str]) -> Finding:
    grants = await Sites(client).keys()
    mute = [name for name in names if not any(g.site == name and Scope.SUBMIT in g.scopes for g in grants)]
    if mute:
        return _wrong("keys", f"no key may submit to {', '.join(mute)}: 'moderator keys create {mute[0]}'")
    rotating = [f"{grant.site}/{grant.name}" for grant in grants if len(grant.keys) > 1]
    note = f"; previous keys still valid: {', '.join(rotating)}" if rotating else ""
    return _fine("keys", f"{_counted(len(grants), 'key')} at {_counted(len(names), 'site')}{note}")


async def _people(client: Client, names: Sequence[str]) -> Finding:
    people = await People(client).every()
    headless = [name for name in names if not any(_is_admin(user.roles, name) for user in people)]
    if headless:
        return _wrong(
            "users", f"nobody is admin of {', '.join(headless)}: 'moderator users create NAME --site … --role admin'"
        )
    return _fine("users", f"{_counted(len(people), 'user')}, an admin at every site")


def _is_admin(roles: dict[str, Role], site: str) -> bool:
    return Role.ADMIN in {roles.get(site), roles.get("*")}


async def _served(settings: Settings, client: Client, site: str) -> Finding:
    """Whether the policy in force at a site can be read, and the bundle in force scores as it did where it was made."""
    services = Services.build(settings, client)
    try:
        policy, document = await services.policies.text(site)
        parse(document)
        bundle, folder = await services.models.champion(site)
        # The default bundle was tested already.
        tested = f"{bundle}, as above" if folder == settings.bundle_folder else _tested(settings, folder)
    except ModeratorError as error:
        return _wrong("serving", f"{site}: {error}")
    return _fine("serving", f"{site}: policy {policy}; bundle {tested}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _fine(check: str, detail: str) -> Finding:
    return Finding(check=check, ok=True, detail=detail)


def _warning(check: str, detail: str) -> Finding:
    return Finding(check=check, ok=True, warning=True, detail=detail)


def _wrong(check: str, detail: str) -> Finding:
    return Finding(check=check, ok=False, detail=detail)

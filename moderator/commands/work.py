"""`moderator work`: background work that was given up after its last try, and how it is wanted again."""

import argparse
import asyncio
from collections.abc import Sequence

from moderator.clock import from_ms
from moderator.commands.terminal import DONE, add_json, describe, note, print_json, print_table, progress, verb, verbs
from moderator.settings import Settings
from moderator.store.open import open_store
from moderator.store.waiting import DeadLetter, Waiting
from moderator.workers.work import KINDS

LISTED = 1000
"""The oldest of each kind; more are only counted."""

_AT_ONCE = 500


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "List and replay background work that was given up: comments accepted with 'Prefer: respond-async' that could\n"
        "not be decided (decide), and comments recorded without scores that could not be scored later (rescore).\n"
        "The log says why each try failed: events work_put_off and dead_letter.",
        "moderator work list",
        "moderator work replay --kind rescore",
    )
    group = verbs(parser)
    listing = verb(
        group,
        "list",
        _list,
        f"List what was given up, the oldest first, at most {LISTED} of a kind.",
        "moderator work list --json",
    )
    _add_kind(listing)
    add_json(listing)
    replay = verb(
        group,
        "replay",
        _replay,
        "Have what was given up done by the running service, or by the next one, with all its tries before it.",
        "moderator work replay",
        "moderator work replay --kind decide",
    )
    _add_kind(replay)


def _add_kind(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind",
        metavar="KIND",
        dest="kinds",
        action="append",
        choices=KINDS,
        help=f"only this kind, repeated for several: {', '.join(KINDS)} (default: all)",
    )


async def _list(args: argparse.Namespace, settings: Settings) -> int:
    kinds = _kinds(args)
    async with open_store(settings) as client:
        waiting = Waiting(client)
        letters = [letter for kind in kinds for letter in await waiting.dead(kind, LISTED)]
        count = sum([await waiting.count_dead(kind) for kind in kinds])
    letters.sort(key=lambda letter: letter.at_ms)
    if args.json:
        print_json([_shown(letter) for letter in letters])
    else:
        rows = [(each.kind, each.site, each.id, f"{from_ms(each.at_ms):%Y-%m-%d %H:%M}") for each in letters]
        print_table(("kind", "site", "comment", "given up"), rows)
    if count > len(letters):
        note(f"{count - len(letters)} more are not shown.")
    return DONE


async def _replay(args: argparse.Namespace, settings: Settings) -> int:
    async with open_store(settings) as client:
        replayed = await _replay_all(Waiting(client), _kinds(args))
    note(f"Due again: {replayed}.")
    return DONE


async def _replay_all(waiting: Waiting, kinds: Sequence[str]) -> int:
    """Replay until there is no dead letter left, and say how many there were."""
    report = progress()
    replayed = 0
    for kind in kinds:
        while letters := await waiting.dead(kind, _AT_ONCE):
            replayed += sum(await asyncio.gather(*map(waiting.replay, letters)))
            report(f"{replayed} are due again")
    return replayed


def _kinds(args: argparse.Namespace) -> Sequence[str]:
    return args.kinds or KINDS


def _shown(letter: DeadLetter) -> dict[str, object]:
    return {"kind": letter.kind, "site": letter.site, "id": letter.id, "given_up_at": from_ms(letter.at_ms)}

"""`moderator train`: a bundle from a site's labels, or from corpora."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from moderator import clock
from moderator.commands.place import named_site
from moderator.commands.terminal import (
    DONE,
    FAILED,
    CommandFailed,
    WrongUsage,
    add_json,
    describe,
    note,
    print_json,
    print_table,
    progress,
)
from moderator.errors import NotFound
from moderator.flow.bundle_ids import next_id
from moderator.policy.document import parse
from moderator.runtime import Services
from moderator.scoring.bundle import Bundle
from moderator.settings import Settings
from moderator.store.open import open_store
from moderator.training.gates import Gate
from moderator.training.retrain import Result, retrain
from moderator.training.train import train_corpora


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Train a bundle. With --site, or nothing: the bundle that serves the site plus a correction fitted to the\n"
        "site's labels; it is published, not live, and exit code 1 says that a gate failed. With --corpora: a bundle\n"
        "from public corpora, written to a folder.\n"
        "Training that is refused, for want of labels say, prints nothing on stdout, with --json too: a sentence on\n"
        "stderr says why, and the exit code is 1.",
        "moderator train --site default",
        "moderator train --corpora data --cache cache --out model/bundle",
    )
    parser.add_argument("--site", metavar="SITE", help="whose labels to learn from (default: the only site's)")
    parser.add_argument("--corpora", metavar="DIR", type=Path, help="folder of corpora, NAME.jsonl.gz each")
    parser.add_argument("--out", metavar="DIR", type=Path, help="where the bundle is written (corpora: default its id)")
    parser.add_argument("--cache", metavar="DIR", type=Path, help="where sentence vectors are kept between runs")
    parser.add_argument(
        "--id", metavar="ID", help="what the bundle is called (default: this month and the next number)"
    )
    add_json(parser)
    parser.set_defaults(run=_train)


async def _train(args: argparse.Namespace, settings: Settings) -> int:
    if args.corpora is None:
        return await _from_labels(args, settings)
    if args.site is not None:
        raise WrongUsage("--corpora and --site do not go together: corpora belong to no site.")
    return await asyncio.to_thread(_from_corpora, args, settings)


def _from_corpora(args: argparse.Namespace, settings: Settings) -> int:
    now = clock.now()
    identifier = args.id or next_id(_shipped(settings), now)
    out = args.out or Path(identifier)
    manifest = train_corpora(
        args.corpora, out, identifier=identifier, created_at=now, cache=args.cache, progress=progress()
    )
    if args.json:
        print_json({"bundle": manifest.id, "folder": str(out)})
    else:
        note(f"Bundle {manifest.id} is in {out}.")
    return DONE


async def _from_labels(args: argparse.Namespace, settings: Settings) -> int:
    report = progress()
    async with open_store(settings) as client:
        services = Services.build(settings, client)
        site = await named_site(client, args.site)
        identifier = args.id or next_id([model.id for model in await services.models.all(site)], clock.now())
        _, champion = await services.models.champion(site)
        root = await _root(services, champion)
        _, policy = await services.policies.text(site)
        rows = await services.labels.lessons(site)
        with tempfile.TemporaryDirectory() as temporary:
            out = args.out or Path(temporary) / identifier
            result = await asyncio.to_thread(
                retrain,
                champion,
                rows,
                out,
                identifier=identifier,
                created_at=clock.now(),
                root=root,
                holds={name: threshold.hold for name, threshold in parse(policy).thresholds.items()},
                cache=args.cache,
                progress=report,
            )
            # What it corrects stays at hand, whatever bundle a later release ships: the next training starts there.
            await services.models.publish(root or champion)
            await services.models.publish(out)
    return _tell(args, site, result)


async def _root(services: Services, champion: Path) -> Path | None:
    """Where the bundle lies that the champion is a correction of; None: it is none.

    Raises:
        CommandFailed: it is not here.
    """
    bundle = await asyncio.to_thread(Bundle.load, champion)
    parent = bundle.manifest.parent
    if parent is None:
        return None
    try:
        return await services.models.folder(parent)
    except NotFound:
        raise CommandFailed(
            f"Bundle {bundle.id} is a correction of {parent}, which training starts from and which is not here:"
            " promote another bundle, or set MODERATOR_BUNDLE to the folder of that one."
        ) from None


def _tell(args: argparse.Namespace, site: str, result: Result) -> int:
    if args.json:
        print_json(result)
    else:
        print_table(("gate", "attribute", "outcome", "detail"), [_row(gate) for gate in result.gates])
    for name, why in result.metrics["kept"].items():
        note(f"{name} scores as before: {why}.")
    for gate in result.gates:
        if gate.name == "held" and gate.attribute is None:
            note(f"Under articles that it did not learn from, {gate.detail}.")
    promote = f"moderator models promote {result.bundle} --site {site}"
    outlook = "A gate failed: see above before you promote it." if result.failed else f"Let it decide: {promote}"
    note(f"Bundle {result.bundle} is published, not live. {outlook}")
    return FAILED if result.failed else DONE


def _shipped(settings: Settings) -> list[str]:
    """The id of the shipped bundle, so that its successor gets another; a clone may have none yet."""
    folder = settings.bundle_folder
    return [Bundle.load(folder).id] if folder.exists() else []


def _row(gate: Gate) -> tuple[str, ...]:
    return gate.name, gate.attribute or "all", gate.outcome, gate.detail

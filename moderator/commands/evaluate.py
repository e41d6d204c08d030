"""`moderator evaluate`: how good a bundle is, source by source."""

import argparse
from pathlib import Path

from moderator.commands.terminal import DONE, add_json, describe, print_json, print_table, progress
from moderator.settings import Settings
from moderator.training.evaluate import Line, evaluate


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Score what a bundle was not fitted to, and print how well: for sources that it was trained on their test\n"
        "part, for others all rows.",
        "moderator evaluate --corpora data --cache cache",
    )
    parser.add_argument(
        "--corpora", metavar="DIR", type=Path, required=True, help="folder of corpora, NAME.jsonl.gz each"
    )
    parser.add_argument("--bundle", metavar="DIR", type=Path, help="which bundle (default: the shipped one)")
    parser.add_argument("--cache", metavar="DIR", type=Path, help="where sentence vectors are kept between runs")
    add_json(parser)
    parser.set_defaults(run=_evaluate)


def _evaluate(args: argparse.Namespace, settings: Settings) -> int:
    found = evaluate(args.bundle or settings.bundle_folder, args.corpora, cache=args.cache, progress=progress())
    if args.json:
        print_json(found)
    else:
        columns = (
            "source",
            "language",
            "attribute",
            "rows",
            "positives",
            "auc",
            "surface",
            "ap",
            "r@1%",
            "r@5%",
            "ece",
        )
        print_table(columns, [_row(line) for line in found.lines])
    return DONE


def _row(line: Line) -> tuple[str, ...]:
    numbers = (line.auc, line.surface_auc, line.average_precision, line.recall_1, line.recall_5, line.calibration_error)
    named = (line.source, line.language, line.attribute, f"{line.rows}", f"{line.positives}")
    return (*named, *(f"{number:.3f}" for number in numbers))

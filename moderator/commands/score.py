"""`moderator score`: scores what comes in on stdin, as `POST /v1/score` does; nothing is stored."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from moderator.commands.terminal import DONE, FAILED, describe, note, print_json, progress
from moderator.domain import Scored, Span
from moderator.errors import FieldError, InputError, ScoringError
from moderator.scoring.bundle import Bundle
from moderator.scoring.scorer import Scorer, TextIn
from moderator.settings import Settings
from moderator.web.fields import typed, unsafe_strings
from moderator.web.submissions import text_errors

BATCH = 64


class Item(Struct, frozen=True, kw_only=True):
    """A line of NDJSON: of a label, a comment or a row of a corpus what scoring needs. `id` is given back."""

    text: str
    id: str | int | None = None
    format: Literal["plain", "html"] = "plain"
    language: str | None = None


class Line(Struct, frozen=True):
    """A line of the input, from 1, and what it says: an item, or why it is none."""

    number: int
    said: Item | InputError


Result = tuple[Scored, tuple[Span, ...]]


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Score comments from stdin: one a line, as text or as JSON with a text, and optionally id, format, language.\n"
        "Other fields are passed over: exported labels and rows of corpora can be scored as they are.\n"
        "Prints one line of JSON for each. Lines that cannot be scored say why, and the exit code is 1.",
        "echo 'You are an idiot' | moderator score --spans",
        "moderator labels export | moderator score",
        "moderator score --format ndjson < comments.jsonl > scores.jsonl",
    )
    parser.add_argument(
        "--format",
        choices=("auto", "text", "ndjson"),
        default="auto",
        help="what a line is (default: auto, NDJSON if the first line is a JSON object)",
    )
    parser.add_argument("--spans", action="store_true", help="say which characters raised a score")
    parser.add_argument(
        "--bundle", metavar="DIR", type=Path, help="the bundle to score with (default: the shipped one)"
    )
    parser.set_defaults(run=_score)


def _score(args: argparse.Namespace, settings: Settings) -> int:
    if sys.stdin.isatty():
        note("Type a comment a line; end with Ctrl-D.")
    scorer = Scorer(Bundle.load(args.bundle or settings.bundle_folder), settings.views)
    report, count, refused = progress(), 0, 0
    lines = _lines(sys.stdin.buffer, args.format, settings.text_limit)
    # A person who types wants each answer at once; a file is faster in batches.
    while batch := [*islice(lines, 1 if sys.stdin.isatty() else BATCH)]:
        for line, result in zip(batch, _results(scorer, batch, spans=args.spans), strict=True):
            refused += isinstance(result, InputError)
            print_json(_shown(line, result, scorer.id, spans=args.spans))
        count += len(batch)
        report(f"{count} lines scored")
    if refused:
        note(f"moderator: {refused} of {count} lines could not be scored.")
    return FAILED if refused else DONE


def _lines(stream: Iterable[bytes], form: str, text_limit: int) -> Iterator[Line]:
    """The lines that are not empty. `auto` is settled by the first of them."""
    for number, raw in enumerate(stream, 1):
        content = raw.rstrip(b"\r\n")
        if not content.strip():
            continue
        if form == "auto":
            form = "ndjson" if _is_object(content) else "text"
        try:
            yield Line(number, _item(content, form, text_limit))
        except InputError as error:
            yield Line(number, error)


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(content), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _item(content: bytes, form: str, text_limit: int) -> Item:
    """What a line says, by the rules of `POST /v1/score`.

    Raises:
        InputError: it is not UTF-8 or JSON, or its text cannot be scored.
    """
    try:
        item = Item(text=content.decode()) if form == "text" else typed(msgspec.json.decode(content), Item)
    except UnicodeDecodeError:
        raise InputError(FieldError("", "invalid_utf8", "the line is not UTF-8")) from None
    except (msgspec.DecodeError, RecursionError):
        raise InputError(FieldError("", "invalid_json", "the line is not JSON")) from None
    if errors := [*unsafe_strings(item.text, "/text"), *text_errors(item.text, text_limit, form=item.format)]:
        raise InputError(*errors)
    return item


def _results(scorer: Scorer, batch: list[Line], *, spans: bool) -> list[Result | InputError]:
    """One result a line; a text that fails takes nobody with it."""
    texts = {line.number: _text(line.said) for line in batch if isinstance(line.said, Item)}
    scored = dict(zip(texts, _scored(scorer, [*texts.values()]), strict=True))
    results: list[Result | InputError] = []
    for line in batch:
        one = line.said if isinstance(line.said, InputError) else scored[line.number]
        if isinstance(one, InputError):
            results.append(one)
        else:
            results.append((one, tuple(scorer.explain(texts[line.number], one)) if spans else ()))
    return results


def _scored(scorer: Scorer, texts: list[TextIn]) -> list[Scored] | list[Scored | InputError]:
    try:
        return scorer.score(texts)
    except ScoringError:
        return [_alone(scorer, text) for text in texts]


def _alone(scorer: Scorer, text: TextIn) -> Scored | InputError:
    try:
        return scorer.score([text])[0]
    except ScoringError as error:
        return InputError(FieldError("/text", error.code, "this text could not be scored"))


def _text(item: Item) -> TextIn:
    return TextIn(item.text, format=item.format, language=item.language)


def _shown(line: Line, result: Result | InputError, bundle: str, *, spans: bool) -> dict[str, Any]:
    known = {"id": line.said.id} if isinstance(line.said, Item) and line.said.id is not None else {}
    if isinstance(result, InputError):
        first = result.errors[0]
        return {**known, "line": line.number, "code": first.code, "detail": str(result)}
    scored, marked = result
    shown = {
        **known,
        "scores": {attribute: round(score, 4) for attribute, score in scored.scores.items()},
        "language": scored.language,
        "language_confidence": round(scored.language_confidence, 4),
        "bundle": bundle,
    }
    return shown | ({"spans": [structs.asdict(span) for span in marked]} if spans else {})

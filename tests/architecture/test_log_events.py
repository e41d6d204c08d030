"""Events have constant names: what varies is a field, so that a comment's text can never become an event."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "moderator"
LEVELS = {"debug", "info", "warning", "error"}
# The module that defines them passes names on.
EXEMPT = {PACKAGE / "log.py"}


def events() -> Iterator[tuple[str, ast.expr]]:
    """Place and first argument of every call like `log.info(…)`, whatever the log is called in its module.

    Methods of that name that are no log's take no argument by position.
    """
    for file in PACKAGE.rglob("*.py"):
        if file in EXEMPT:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=level), args=[first, *_]) if level in LEVELS:
                    yield f"{file.relative_to(PACKAGE)}:{node.lineno}", first


def test_every_module_that_has_a_log_is_looked_at() -> None:
    logging = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if file not in EXEMPT and "logger(__name__)" in file.read_text("utf-8")
    }

    assert logging
    assert logging <= {place.partition(":")[0] for place, _ in events()}


def test_every_event_is_named_by_a_constant_in_snake_case() -> None:
    wrong = [
        place
        for place, first in events()
        if not (
            isinstance(first, ast.Constant)
            and isinstance(first.value, str)
            and re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", first.value)
        )
    ]

    assert wrong == []


def test_nothing_logs_around_the_log_module() -> None:
    strangers = [
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if file not in EXEMPT
        and re.search(r"^\s*(import logging|from logging import)", file.read_text("utf-8"), re.MULTILINE)
    ]

    assert strangers == []

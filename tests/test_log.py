"""Logs: events with fields, one format for all, never a comment's text."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moderator import log
from moderator.domain import Outcome
from moderator.errors import StoreUnavailable
from moderator.settings import Masked

TEXT = "you are a purple elephant"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("moderator")
    handlers, level, our_level = list(root.handlers), root.level, ours.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    log.configure("info", stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_fields(stream: io.StringIO) -> None:
    log.logger("moderator.flow.models").info("bundle_loaded", bundle="2026.11.1", load_ms=41, warm=True)

    [line] = lines(stream)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "event": "bundle_loaded",
        "logger": "moderator.flow.models",
        "bundle": "2026.11.1",
        "load_ms": 41,
        "warm": True,
    }


async def test_the_request_and_its_site_are_added_in_its_own_context_only(stream: io.StringIO) -> None:
    async def handle(name: str) -> None:
        log.request_id.set(name)
        log.site.set(f"site-{name}")
        await asyncio.sleep(0)
        log.logger("moderator.web").info("answered")

    await asyncio.gather(handle("a"), handle("b"))
    log.logger("moderator.web").info("idle")

    assert [(line.get("request"), line.get("site")) for line in lines(stream)] == [
        ("a", "site-a"),
        ("b", "site-b"),
        (None, None),
    ]


def test_a_field_that_is_no_plain_value_shows_as_its_type(stream: io.StringIO) -> None:
    log.logger("moderator.x").info(
        "odd", comment={"text": TEXT}, ids=["c-1", 2], secret=Masked("hunter2"), outcome=Outcome.HOLD, at=Path("a/b")
    )

    [line] = lines(stream)
    assert TEXT not in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
    assert (line["comment"], line["ids"], line["outcome"], line["at"]) == ("dict", ["c-1", 2], "hold", "a/b")


def test_an_exception_is_told_without_its_message_unless_the_message_is_ours(stream: io.StringIO) -> None:
    writer = log.logger("moderator.x")
    for error in (KeyError(TEXT), StoreUnavailable("the server loads its data"), FileNotFoundError(2, "No such file")):
        try:
            raise error
        except (KeyError, StoreUnavailable, OSError) as caught:
            writer.error("failed", error=caught)

    foreign, ours, system = lines(stream)
    assert TEXT not in stream.getvalue()
    assert foreign["error"] == "KeyError"
    assert "detail" not in foreign
    assert foreign["trace"][-1].startswith("test_log.py:")
    assert (ours["error"], ours["detail"]) == ("StoreUnavailable", "the server loads its data")
    assert (system["error"], system["detail"]) == ("FileNotFoundError", "No such file")


def test_libraries_write_the_same_format_and_their_arguments_stay_out(stream: io.StringIO) -> None:
    library = logging.getLogger("aiohttp.server")
    library.warning("Error handling request from %s\nsecond line", TEXT)
    library.info("not for us")

    [line] = lines(stream)
    assert (line["event"], line["logger"]) == ("library", "aiohttp.server")
    assert line["message"] == "Error handling request from %s"


async def test_an_exception_nobody_awaited_is_told_without_its_message(stream: io.StringIO) -> None:
    loop = asyncio.get_running_loop()

    log.on_loop_error(loop, {"message": "Task exception was never retrieved", "exception": ValueError(TEXT)})

    [line] = lines(stream)
    assert (line["event"], line["error"]) == ("loop_error", "ValueError")
    assert TEXT not in stream.getvalue()


def test_text_that_is_no_utf8_or_too_long_cannot_break_a_line(stream: io.StringIO) -> None:
    log.logger("moderator.x").info("odd", name="\ud800", many="x" * 10_000, lines="a\nb")

    [line] = lines(stream)
    assert line["name"] == "\\ud800"
    assert len(line["many"]) == log.LONGEST_VALUE
    assert line["lines"] == "a\nb"


def test_the_level_counts_for_this_service() -> None:
    stream = io.StringIO()
    log.configure("error", stream)

    log.logger("moderator.x").info("quiet")
    log.logger("moderator.x").error("loud")

    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_a_person_at_a_terminal_gets_one_readable_line() -> None:
    terminal = Terminal()
    log.configure("info", terminal)

    log.logger("moderator.x").warning("port_taken", port=8080, words="two words", name="")

    [line] = terminal.getvalue().splitlines()
    assert line[12:] == ' warning port_taken port=8080 words="two words" name=""'


def test_stderr_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    log.logger("moderator.x").info("hello")

    assert "hello" in capsys.readouterr().err

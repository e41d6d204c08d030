"""Logs: one event a line on stderr, JSON for machines, `key=value` when a person watches a terminal.

`log = logger(__name__)`, then `log.info("bundle_loaded", bundle=name, load_ms=41)`: the event's name is a constant,
everything that varies is a field, ids and numbers, never an object. The request's id and the site are added by
themselves. No line can hold a comment's text: a field that is no plain value shows as its type's name; of an
exception its type and the places it passed are written, and its message only where the message is ours
(`ModeratorError` promises to hold no text); of a library's record the template without its arguments.
A write blocks the caller while stderr does.
"""

import asyncio
import logging
import sys
import traceback
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

import msgspec

from moderator import clock
from moderator.errors import ModeratorError
from moderator.settings import Masked, Url

LONGEST_VALUE = 500
MOST_FRAMES = 12

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Set by `web/frame.py` for the time of a request."""

site: ContextVar[str | None] = ContextVar("site", default=None)
"""Set once the caller's site is known."""


class Log:
    """Writes events under one logger's name."""

    __slots__ = ("_logger",)

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, /, **fields: object) -> None:
        self._write(logging.DEBUG, event, None, fields)

    def info(self, event: str, /, **fields: object) -> None:
        self._write(logging.INFO, event, None, fields)

    def warning(self, event: str, /, *, error: BaseException | None = None, **fields: object) -> None:
        """Something was worked around; a metric counts it too."""
        self._write(logging.WARNING, event, error, fields)

    def error(self, event: str, /, *, error: BaseException | None = None, **fields: object) -> None:
        """Somebody has to look."""
        self._write(logging.ERROR, event, error, fields)

    def _write(self, level: int, event: str, error: BaseException | None, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, exc_info=error, extra={"fields": fields})


def logger(name: str) -> Log:
    """The log of a module: `logger(__name__)`."""
    return Log(name)


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send every logger's records to `stream` (None: stderr) in one format, replacing earlier handlers.

    `level` counts for this service; libraries speak from `warning` up, whatever it is.
    """
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter() if stream.isatty() else JsonFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("moderator").setLevel(level.upper())


def on_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The event loop's exception handler; asyncio's own would print the exception with its message."""
    logger("moderator.loop").error("loop_error", error=context.get("exception"), what=context.get("message"))


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: `at`, `level`, `event`, `logger`, then `request`, `site` and the event's fields."""

    def format(self, record: logging.LogRecord) -> str:
        return msgspec.json.encode(_entry(record)).decode()


class LineFormatter(logging.Formatter):
    """A record as one line for a person: time, level, event, `key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        entry = _entry(record)
        at, level, event = str(entry.pop("at")), entry.pop("level"), entry.pop("event")
        pairs = " ".join(f"{name}={_shown(value)}" for name, value in entry.items() if name != "logger")
        return f"{at[11:23]} {level:<7} {event} {pairs}".rstrip()


def _entry(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, object] | None = getattr(record, "fields", None)
    if fields is None:
        fields = {"message": str(record.msg).partition("\n")[0]}
        event = "library"
    else:
        event = str(record.msg)
    entry = {
        "at": clock.from_ms(int(record.created * 1000)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "event": event,
        "logger": record.name,
    }
    context = {"request": request_id.get(), "site": site.get()}
    entry |= {name: value for name, value in context.items() if value is not None}
    entry |= {name: _plain(value) for name, value in fields.items()}
    if record.exc_info and record.exc_info[1]:
        entry |= _error(record.exc_info[1])
    return entry


def _error(error: BaseException) -> dict[str, Any]:
    """Type and innermost frames of `error`; of its message only what promises to hold no comment text."""
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    told: dict[str, Any] = {"error": type(error).__qualname__}
    if isinstance(error, ModeratorError):
        told["detail"] = _plain(error.detail)
    elif isinstance(error, OSError) and error.strerror:
        told["detail"] = error.strerror
    told["trace"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    if error.__cause__ is not None:
        told["cause"] = type(error.__cause__).__qualname__
    return told


def _plain(value: object) -> Any:
    """Scalars and flat sequences of them as they are, cut to `LONGEST_VALUE`; all else as its type's name."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Masked | Url):
        return repr(value).strip("'")
    if isinstance(value, str | Path):
        # A lone surrogate cannot be written as UTF-8.
        return str(value)[:LONGEST_VALUE].encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(each, str | int | float) for each in value):
        return [_plain(each) for each in value]
    return type(value).__name__


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if text and text.isprintable() and " " not in text else msgspec.json.encode(text).decode()

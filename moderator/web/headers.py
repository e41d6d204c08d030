"""What requests and replies say in headers: ids, preferences, preconditions, warnings."""

import os
import random
import re
import time
import uuid
from collections.abc import Iterable
from urllib.parse import quote

from aiohttp import web

from moderator.web.problems import Refused

_REQUEST_ID = re.compile(r"[A-Za-z0-9._~:@/+=-]{1,128}")
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_REVISION = re.compile(r'"(\d{1,9})"')
# Any fixed value does: it keeps ids derived here apart from other uses of the same hash.
_NAMESPACE = uuid.UUID("6f1d3c0e-5b7a-5d38-9c49-3f0f1f7a2c11")
_MOST_NAMES = 20
_LONGEST_NAME = 64


def request_id(request: web.Request) -> str:
    """The caller's `X-Request-Id` where it is fit for logs and headers, else a new one."""
    given = request.headers.get("X-Request-Id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given
    # Not a secret, and asking the system for randomness lets other threads run first.
    return f"{random.getrandbits(96):024x}"


def wants_async(request: web.Request) -> bool:
    """Whether `Prefer: respond-async` is among the preferences (RFC 7240)."""
    given = request.headers
    if "Prefer" not in given:
        return False
    for value in given.getall("Prefer"):
        if any(each.partition(";")[0].strip().lower() == "respond-async" for each in value.split(",")):
            return True
    return False


def expected_revision(request: web.Request) -> int | None:
    """The revision that `If-Match` asks for; None: any. 0, which no revision has, for a tag that is none of ours.

    Raises:
        Refused: it is no entity tag, or several.
    """
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    if len(request.headers.getall("If-Match")) > 1 or _ETAG.fullmatch(given.strip()) is None:
        raise Refused(400, "invalid_header", "If-Match takes one entity tag, or *.")
    revision = _REVISION.fullmatch(given.strip())
    return int(revision[1]) if revision else 0


def etag(revision: int) -> str:
    """The entity tag of a comment's revision."""
    return f'"{revision}"'


def idempotency_key(request: web.Request) -> str | None:
    """The caller's `Idempotency-Key`; None: there is none.

    Raises:
        Refused: it is empty, longer than 255 characters, or not printable ASCII.
    """
    given = request.headers.get("Idempotency-Key")
    if given is not None and _IDEMPOTENCY_KEY.fullmatch(given) is None:
        raise Refused(400, "invalid_header", "Idempotency-Key takes 1 to 255 printable ASCII characters.", limit=255)
    return given


def derived_id(site: str, key: str, index: int | None = None) -> str:
    """The comment id that stands for an idempotency key at a site; `index`: which comment of a batch."""
    name = f"{site}\0{key}" if index is None else f"{site}\0{key}\0{index}"
    return str(uuid.uuid5(_NAMESPACE, name))


def new_id() -> str:
    """A UUIDv7 (RFC 9562): ids made one after the other sort by time, and cannot be guessed."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def warning_fields(names: Iterable[str]) -> str:
    """The header `Warning-Fields`: names apart by commas, percent-encoded where a header could not hold them."""
    shown = [quote(name[:_LONGEST_NAME], safe="", errors="replace") for name in sorted(set(names))]
    return ", ".join(shown[:_MOST_NAMES]) + (", ..." if len(shown) > _MOST_NAMES else "")


def next_link(url: str) -> str:
    """The header `Link` of a page that is followed by another."""
    return f'<{url}>; rel="next"'

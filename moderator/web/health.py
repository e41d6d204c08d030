"""Whether the process works, whether it may be sent work, and what it counts."""

import asyncio
from collections.abc import Iterator
from typing import Literal

from aiohttp import web
from msgspec import UNSET

from moderator import __version__
from moderator import metrics as counts
from moderator.runtime import Services
from moderator.web.call import Call, encode
from moderator.web.schemas import Check, HealthOut

HEALTH_TYPE = "application/health+json"
STUCK_S = 5.0
"""A batcher whose loop has not turned for this long is stuck, and the process should be restarted."""

Checks = Iterator[tuple[str, bool, str]]


async def livez(call: Call) -> web.Response:
    """Fails when only a restart helps: the event loop answers this, the batcher is asked."""
    return _answer(call, _living(call.services))


async def readyz(call: Call) -> web.Response:
    """Fails while comments should be sent elsewhere: no warm bundle, no Redis, behind what is to be served."""
    return _answer(call, _ready(call.services))


async def metrics(_: Call) -> web.Response:
    """All counts, in a thread: with several processes they are read from files."""
    text, content_type = await asyncio.to_thread(counts.render)
    return web.Response(body=text, headers={"Content-Type": content_type})


def _living(services: Services) -> Checks:
    age_s = services.intake.heartbeat_age_s
    yield "batcher", age_s <= STUCK_S, f"turned {age_s:.1f} s ago"


def _ready(services: Services) -> Checks:
    yield from _living(services)
    behind = sorted({lag.code for lag in services.live.lags.values()})
    # A site can only be behind once a bundle is warm.
    warm = services.live.ready or bool(behind)
    yield "bundle", warm, "warm" if warm else "not loaded yet"
    yield "serving", services.live.ready or not behind, f"behind: {', '.join(behind)}" if behind else "up to date"
    healthy = services.client.healthy()
    yield "redis", healthy, "answers" if healthy else "does not answer"


def _answer(call: Call, checks: Checks) -> web.Response:
    results = list(checks)
    passed = all(ok for _, ok, _ in results)
    shown = {name: [Check(status=_word(ok), detail=detail)] for name, ok, detail in results}
    verbose = call.query.verbose not in {None, "false", "0"}
    answer = HealthOut(status=_word(passed), version=__version__, checks=shown if verbose else UNSET)
    return web.Response(
        body=encode(answer),
        status=200 if passed else 503,
        headers={"Content-Type": HEALTH_TYPE, "Cache-Control": "no-store"},
    )


def _word(passed: bool) -> Literal["pass", "fail"]:
    return "pass" if passed else "fail"

"""Keeps a background loop turning: what fails is logged, counted and tried again, for as long as the process lives."""

import asyncio
from collections.abc import Awaitable, Callable

from moderator import metrics
from moderator.errors import StoreError
from moderator.log import logger

_LOG = logger(__name__)
_LONGEST_PAUSE_S = 10.0


async def forever(name: str, run_once: Callable[[], Awaitable[int]], *, pause_s: float) -> None:
    """Call `run_once` again and again, with a pause when it found nothing to do and a growing one while it fails.

    `name` is the metric's label. An unreachable store is expected to come back and is not an error here.
    """
    failing_s = pause_s
    while True:
        pause = pause_s
        try:
            if await run_once():
                pause = 0.0
            failing_s = pause_s
        except Exception as error:
            pause = failing_s = min(_LONGEST_PAUSE_S, failing_s * 2)
            metrics.WORK.labels(name, "failed").inc()
            if not isinstance(error, StoreError):
                _LOG.error("loop_failed", error=error, loop=name)
        await asyncio.sleep(pause)

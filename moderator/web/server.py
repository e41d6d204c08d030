"""The HTTP server on a socket that listens already."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from moderator.runtime import Services
from moderator.web.app import make_app

BACKLOG = 1024
"""Connections that wait to be taken."""

# A query with an article's and an author's id of 500 characters each, percent-encoded, and a cursor.
_LONGEST_LINE_BYTES = 16_384


@asynccontextmanager
async def listening(services: Services, listener: socket.socket) -> AsyncIterator[None]:
    """Answer requests on `listener` inside the block; at its end take no more and finish those in flight.

    A request in flight has `shutdown_s` to finish. Logging each request is left to the metrics.
    """
    runner = web.AppRunner(
        make_app(services),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=services.settings.shutdown_s,
        max_line_size=_LONGEST_LINE_BYTES,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener, backlog=BACKLOG).start()
        yield
    finally:
        await runner.cleanup()

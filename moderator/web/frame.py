"""What stands around every handler: ids, counts, times, and problems for whatever is raised.

It wraps handlers when the application is made. Middlewares would do the same for each request again: aiohttp adds one
of its own to any, and each costs a coroutine, while everything but the status is known beforehand.
"""

import time
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import Counter

from moderator import log, metrics
from moderator.web import headers
from moderator.web.problems import problem_of

NOWHERE = "none"
"""The route of what no route answers."""

_LOG = log.logger(__name__)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_READS = frozenset({"GET", "HEAD"})


def framed(handler: Handler, route: str, method: str | None = None) -> Handler:
    """`handler`, whose answers carry the request's id and are counted and timed under `route` and `method`.

    Whatever it raises becomes a problem. `method` None: whichever the request has. No path, query or body is written
    anywhere.
    """
    seconds = metrics.REQUEST_SECONDS.labels(route)
    counters: dict[tuple[str, int], Counter] = {}

    async def answer(request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        request_id = headers.request_id(request)
        log.request_id.set(request_id)
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001  whatever it is, the caller gets a problem
            response = _problem(request, error)
        response.headers["X-Request-Id"] = request_id
        key = (method or _known(request.method), response.status)
        counter = counters.get(key)
        if counter is None:
            counter = counters[key] = metrics.REQUESTS.labels(route, key[0], str(key[1]))
        counter.inc()
        seconds.observe(time.perf_counter() - began)
        return response

    return answer


def _problem(request: web.Request, error: Exception) -> web.Response:
    """What is answered instead. What nobody foresaw is logged without its message."""
    problem = problem_of(error, query_only=request.method in _READS)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("request_failed", error=error, method=request.method)
    metrics.REFUSED.labels(problem.code).inc()
    return problem.response()


def _known(method: str) -> str:
    return method if method in _METHODS else "other"

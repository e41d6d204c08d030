"""What stands around every handler, outermost first."""

import time
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moderator import log, metrics
from moderator.web import headers
from moderator.web.problems import problem_of

_LOG = log.logger(__name__)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_NOWHERE = "none"
_READS = frozenset({"GET", "HEAD"})


@web.middleware
async def account(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id, and count and time what is answered. No path, query or body is written anywhere."""
    began = time.perf_counter()
    request_id = headers.request_id(request)
    log.request_id.set(request_id)
    response = await handler(request)
    response.headers["X-Request-Id"] = request_id
    resource = request.match_info.route.resource
    route = _NOWHERE if resource is None else resource.canonical
    method = request.method if request.method in _METHODS else "other"
    metrics.REQUESTS.labels(route, method, str(response.status)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)
    return response


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever is raised into a problem. What nobody foresaw is logged without its message."""
    try:
        return await handler(request)
    except Exception as error:  # noqa: BLE001  whatever it is, the caller gets a problem
        problem = problem_of(error, query_only=request.method in _READS)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("request_failed", error=error, method=request.method)
        metrics.REFUSED.labels(problem.code).inc()
        return problem.response()


MIDDLEWARES: tuple[Middleware, ...] = (
    # Outermost, so that problems are counted and carry the request's id like any other answer.
    account,
    # Innermost, next to the handlers: nothing that they raise goes further.
    answer_errors,
)
"""Who may call is no middleware: it depends on the route, and `app.endpoint` asks before it reads the body."""

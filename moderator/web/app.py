"""The web application: made of the route table, one endpoint a route."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from moderator import log
from moderator.errors import InputError
from moderator.runtime import Services
from moderator.settings import Settings
from moderator.web import body as bodies
from moderator.web.auth import admit, identify
from moderator.web.call import Call
from moderator.web.docs import DOCUMENT, Document
from moderator.web.fields import typed
from moderator.web.frame import NOWHERE, framed
from moderator.web.openapi import document
from moderator.web.problems import Refused, in_query
from moderator.web.query import SITE, read_query
from moderator.web.route import Body, Route
from moderator.web.routes import ROUTES

_ANYWHERE = r"/{path:[\s\S]*}"
_ANY_METHOD = "*"


def make_app(services: Services) -> web.Application:
    """The application that answers with `services`; it owns nothing and stops nothing.

    What is no path at all (`OPTIONS *`, `CONNECT`) is left to aiohttp's own 404.
    """
    app = web.Application(client_max_size=services.settings.bulk_body_limit)
    patterns = dict.fromkeys(route.pattern for route in ROUTES)
    for pattern in patterns:
        _add(app.router.add_resource(pattern), [route for route in ROUTES if route.pattern == pattern], services)
    app.router.add_route(_ANY_METHOD, _ANYWHERE, framed(_not_found, NOWHERE))
    app[DOCUMENT] = Document(document(ROUTES, services.settings))
    return app


def endpoint(route: Route, services: Services) -> Handler:
    """The aiohttp handler of a route: who calls, with what query, with what body; then the route's own handler."""
    access, handler, accounts = route.access, route.handler, services.accounts
    read = None if route.body is None else _reader(route.body, services.settings)
    # Frozen, so that every request without a query can share it.
    no_query = route.query()

    async def handle(request: web.Request) -> web.Response:
        principal, site, asked = None, "", request.rel_url.raw_query_string
        if access is not None:
            principal = await identify(accounts, request.headers.get("Authorization"))
            requested = request.query.get(SITE) if asked else None
            try:
                site = await admit(principal, access, requested or None, accounts.site_names)
            except InputError as error:
                raise _site_problem(error) from None
            log.site.set(site)
        query = read_query(request, route.query) if asked else no_query
        body = None if read is None else await read(request)
        return await handler(Call(services, request, principal, site, query, body))

    return handle


def _add(resource: web.Resource, routes: Sequence[Route], services: Services) -> None:
    """Answer at `resource` as `routes` say, HEAD like GET, and every other method with those that there are."""
    handlers: dict[str, Handler] = {route.method: endpoint(route, services) for route in routes}
    if "GET" in handlers:
        handlers["HEAD"] = handlers["GET"]
    for method, handle in handlers.items():
        resource.add_route(method, framed(handle, routes[0].path, method))

    async def refuse(request: web.Request) -> web.Response:
        raise web.HTTPMethodNotAllowed(request.method, handlers)

    resource.add_route(_ANY_METHOD, framed(refuse, NOWHERE))


async def _not_found(_: web.Request) -> web.Response:
    raise web.HTTPNotFound


def _site_problem(error: InputError) -> Refused:
    first = error.errors[0]
    return in_query(SITE, first.code, first.detail)


def _reader(body: Body, settings: Settings) -> Callable[[web.Request], Awaitable[Any]]:
    """From a request to what the handler takes for its body."""
    limit_bytes: int = getattr(settings, body.limit)
    nesting_limit = settings.nesting_limit

    async def read(request: web.Request) -> Any:
        raw = await bodies.read(request, types=body.types, limit_bytes=limit_bytes, optional=body.optional)
        if body.parse == "bytes":
            return raw
        if not raw and body.optional:
            raw = b"{}"
        short = len(raw) <= bodies.SHORT_BYTES
        parsed = bodies.parse_now(raw, nesting_limit) if short else await bodies.parse(raw, nesting_limit=nesting_limit)
        return parsed if body.parse == "tree" else typed(parsed.checked(), body.shape)

    return read

"""The web application: made of the route table, one endpoint a route."""

from typing import Any

from aiohttp import web

from moderator import log
from moderator.access import Principal
from moderator.errors import InputError
from moderator.runtime import Services
from moderator.settings import Settings
from moderator.web import body as bodies
from moderator.web.auth import Access, admit, identify
from moderator.web.call import Call
from moderator.web.docs import DOCUMENT, Document
from moderator.web.fields import typed
from moderator.web.middleware import MIDDLEWARES
from moderator.web.openapi import document
from moderator.web.problems import in_query
from moderator.web.query import SITE, read_query
from moderator.web.route import Body, Route
from moderator.web.routes import ROUTES


def make_app(services: Services) -> web.Application:
    """The application that answers with `services`; it owns nothing and stops nothing."""
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=services.settings.bulk_body_limit)
    for route in ROUTES:
        handle = endpoint(route, services)
        app.router.add_route(route.method, route.pattern, handle)
        if route.method == "GET":
            app.router.add_route("HEAD", route.pattern, handle)
    app[DOCUMENT] = Document(document(ROUTES))
    return app


def endpoint(route: Route, services: Services) -> Any:
    """The aiohttp handler of a route: who calls, with what query, with what body; then the route's own handler."""

    async def handle(request: web.Request) -> web.Response:
        principal, site = None, ""
        if route.access is not None:
            principal, site = await _authorise(services, route.access, request)
            log.site.set(site)
        query = read_query(request, route.query)
        body = None if route.body is None else await _read(request, route.body, services.settings)
        return await route.handler(Call(services, request, principal, site, query, body))

    return handle


async def _authorise(services: Services, access: Access, request: web.Request) -> tuple[Principal, str]:
    principal = await identify(services.accounts, request.headers.get("Authorization"))
    requested = (request.query.get(SITE) or None) if request.rel_url.raw_query_string else None
    try:
        return principal, await admit(principal, access, requested, services.accounts.site_names)
    except InputError as error:
        first = error.errors[0]
        raise in_query(SITE, first.code, first.detail) from None


async def _read(request: web.Request, body: Body, settings: Settings) -> Any:
    limit_bytes: int = getattr(settings, body.limit)
    raw = await bodies.read(request, types=body.types, limit_bytes=limit_bytes, optional=body.optional)
    if body.parse == "bytes":
        return raw
    parsed = await bodies.parse(raw or b"{}" if body.optional else raw, nesting_limit=settings.nesting_limit)
    return parsed if body.parse == "tree" else typed(parsed.checked(), body.shape)

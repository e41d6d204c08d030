"""The joined parts behind a real HTTP server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from moderator.access import Role
from moderator.flow.credentials import Passwords
from moderator.flow.people import People
from moderator.flow.sites import Sites
from moderator.runtime import Services
from moderator.web.app import make_app
from moderator.workers.loop import forever

BAD = "You are an idiot, you moron."
GOOD = "I read the budget twice and think the road should wait a year."


@dataclass
class Service:
    """A running service: `http` talks to it as nobody, the methods with the site's key or with the credential `by`."""

    services: Services
    http: TestClient[Any, Any]
    key: str
    admin: str

    async def call(self, method: str, path: str, *, by: str | None = None, **more: Any) -> ClientResponse:
        """Send a request."""
        headers = {"Authorization": f"Bearer {by or self.key}"} | more.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **more)

    async def post(self, comment_id: str, text: str = GOOD, **more: Any) -> dict[str, Any]:
        """Record a comment and give the reply."""
        body = {"id": comment_id, "text": text, "article": {"id": "a-1"}} | more
        response = await self.call("POST", "/v1/comments", json=body)
        assert response.status in {200, 201}, await response.text()
        reply: dict[str, Any] = await response.json()
        return reply

    async def get(self, path: str, *, by: str | None = None) -> dict[str, Any]:
        """The JSON at a path."""
        response = await self.call("GET", path, by=by)
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found

    async def person(self, name: str, role: Role, site: str = "default") -> str:
        """The token of a new person."""
        return await new_person(self.services, name, role, site)


async def new_person(services: Services, name: str, role: Role, site: str = "default") -> str:
    """The token of a new person, whose password is hashed as cheaply as it can be."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return (await People(services.client, Passwords(hasher)).create(name, {site: role})).token


@pytest.fixture
async def service(services: Services) -> AsyncIterator[Service]:
    """The service with a site `default`, its key and the admin `ada`, following what is promoted."""
    key = (await Sites(services.client).create("default")).raw
    admin = await new_person(services, "ada", Role.ADMIN)
    following = asyncio.create_task(forever("serving", services.live.refresh, pause_s=0.1))
    async with TestClient(TestServer(make_app(services))) as http:
        yield Service(services, http, key, admin)
    following.cancel()

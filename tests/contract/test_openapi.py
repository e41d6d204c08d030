"""Requests made from the OpenAPI document against the running service: it does what the document says, and no 5xx."""

import asyncio
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from moderator.access import Role
from moderator.flow.sites import Sites
from moderator.runtime import Services
from moderator.settings import Settings
from moderator.store.client import Client
from moderator.web.openapi import document
from moderator.web.routes import ROUTES
from moderator.web.server import listening
from tests.redis_fixture import RedisServer
from tests.web_fixture import new_person


@schemathesis.serializer("application/x-ndjson", "application/ndjson", "application/jsonl")
def ndjson(_: object, value: object) -> bytes:
    """A line, good or bad."""
    return str(value).encode()


DOCUMENT = document(ROUTES, Settings())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


# One test an operation, each with a name of its own: runs that share tests out by name would else drop all but one.
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]


@dataclass(frozen=True)
class Running:
    """Where the service answers, with a key of all scopes and an admin's token."""

    url: str
    key: str
    admin: str


@asynccontextmanager
async def running(url: str, bundle: Path, data: Path) -> AsyncIterator[Running]:
    """The service on a real store and a real socket, for the time of the block."""
    client = await Client.connect(url, prefix=f"t{secrets.token_hex(6)}", timeout_ms=5000)
    services = Services.build(Settings(data=data, bundle=bundle, views="surface"), client)
    key = (await Sites(client).create("default")).raw
    await services.start()
    admin = await new_person(services, "ada", Role.ADMIN)
    listener = socket.create_server(("127.0.0.1", 0))
    async with listening(services, listener):
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}", key, admin)
    await services.stop(5)
    await client.close()


@pytest.fixture(scope="module")
def service(
    redis_server: RedisServer, tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The service in a thread of its own, for the generator of requests is not asynchronous."""
    ready: list[Running] = []
    started, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with running(redis_server.url, tiny_bundle, tmp_path_factory.mktemp("data")) as service:
            ready.append(service)
            started.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(30), "the service did not start"
    yield ready[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
        for operation in OPERATIONS
        for mode in GenerationMode
        # Without parameters and body there is nothing to get wrong.
        if mode is GenerationMode.POSITIVE or operation.body or list(operation.iter_parameters())
    ],
)
def test_every_operation_does_what_the_document_says(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, service: Running
) -> None:
    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
        case.call_and_validate(
            base_url=service.url,
            headers={"Authorization": f"Bearer {credential(case, service)}"},
            excluded_checks=excluded(case),
        )

    check()


def excluded(case: Case[Any]) -> list[Any]:
    """Checks that cannot hold: a schema says less than the service asks of texts and cursors, and bad items of a
    batch or bad lines of labels are answered each in their place."""
    by_item = case.path in {"/v1/comments:batch", "/v1/labels"}
    return [positive_data_acceptance, *([negative_data_rejection] if by_item else [])]


def credential(case: Case[Any], service: Running) -> str:
    """The key where the operation is for keys, else the admin's token."""
    security: list[dict[str, Any]] = case.operation.definition.raw["security"]
    roles = [each for requirement in security for each in requirement["bearer"]]
    return service.admin if roles and set(roles) <= set(Role) else service.key


def test_every_route_of_the_document_is_tried() -> None:
    tried = {operation.label for operation in OPERATIONS}
    assert tried == {f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item}

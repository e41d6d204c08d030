"""A client for whoever needs one: the URL's server, the running service's, or one for the time being."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from moderator import clock
from moderator.errors import SettingsError, StoreUnavailable
from moderator.settings import Settings
from moderator.store.address import Address
from moderator.store.client import Client
from moderator.store.embedded import EmbeddedServer
from moderator.store.folder import DataFolder, Held
from moderator.store.server import facts

_WAIT_S = 15.0
_POLL_S = 0.1
_ANSWER_S = 1.0


@asynccontextmanager
async def open_store(settings: Settings, *, make: bool = False) -> AsyncIterator[Client]:
    """For commands: a connected client inside the block.

    With no URL set, the running service's server is used; if no service runs, one is started under the service's
    lock and stopped at the end. Only with `make` is a data folder made where there is none: whoever asks in the wrong
    place is told so, and leaves nothing behind.

    Raises:
        SettingsError: there is no data folder; or as `EmbeddedServer.start` and `Client.connect`.
        StoreUnavailable: nobody answers.
    """
    if settings.redis_url is not None:
        async with _connected(settings, settings.redis_url) as client:
            yield client
        return
    if not make:
        require_folder(settings)
    server, url = await _own_or_running(settings)
    try:
        async with _connected(settings, url) as client:
            yield client
    finally:
        if server is not None:
            await server.stop()


def require_folder(settings: Settings) -> None:
    """See that there is a data folder.

    Raises:
        SettingsError: there is none; says which was looked for.
    """
    folder = settings.data.absolute()
    if not folder.exists():
        raise SettingsError(
            f"There is no site yet in the data folder {folder}, which does not exist: "
            "start 'moderator serve' there first, or set MODERATOR_DATA."
        )


async def _own_or_running(settings: Settings) -> tuple[EmbeddedServer | None, str]:
    """A server started for us, or None and the URL of the running service's, which may be starting just now."""
    folder = DataFolder(settings.data.absolute())
    end = clock.ticks() + _WAIT_S
    while True:
        server = EmbeddedServer(settings.data, binary=settings.server, durability=settings.durability, role="command")
        try:
            return server, await server.start()
        except Held as held:
            if held.role != "service":
                raise
        socket = await asyncio.to_thread(folder.socket, make=False)
        address = Address(path=str(socket))
        with suppress(StoreUnavailable):
            await facts(address, _ANSWER_S)
            return None, address.url()
        if clock.ticks() > end:
            raise SettingsError(f"the service that uses the data folder {folder.path} does not get ready")
        await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def _connected(settings: Settings, url: str) -> AsyncIterator[Client]:
    client = await Client.connect(
        url, prefix=settings.prefix, timeout_ms=settings.redis_timeout_ms, durability=settings.durability
    )
    try:
        yield client
    finally:
        await client.close()

"""One connection at a time: what answers, what does not, what speaks something else, and TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from moderator.errors import SettingsError, StoreUnavailable
from moderator.store.address import Address
from moderator.store.client import Client
from moderator.store.server import facts
from tests.redis_fixture import RedisServer

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# Made for this file alone and valid for nothing but localhost; it guards nothing.
CERTIFICATE = """
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEICmbaG1WQQqUHOZh6qb+MQUOqKxbGWGOucIIYIex5M4eoAoGCCqGSM49
AwEHoUQDQgAELGVmeAzRYmne+ipVz5Vvwv4lqflnoNqQLW7QcYQ5sMyLkBwCZvwy
BYKYspdztV1Psy5/pb+gRzKbghskkg16gw==
-----END EC PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUfxGV3RKfdSHZOqL414zgeu5hzaAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTE2MDExMFoYDzIxMjYxMTAx
MTYwMTEwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQsZWZ4DNFiad76KlXPlW/C/iWp+Weg2pAtbtBxhDmwzIuQHAJm/DIF
gpiyl3O1XU+zLn+lv6BHMpuCGySSDXqDo28wbTAdBgNVHQ4EFgQUEbE3myQYdNg/
IBtx92b5Ij2gA/0wHwYDVR0jBBgwFoAUEbE3myQYdNg/IBtx92b5Ij2gA/0wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhANSL81J5k3prVbpOPC2rK6zbLo6N+AcymokXB+yrZviDAiEA
vhabEwmWiJ4I3mMI8KrAjRBY/kjEuTzFlw6hI7WjjhI=
-----END CERTIFICATE-----
"""


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A TCP server that talks as it is told; gives its port."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    closing = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await closing.wait()
        writer.close()

    async with listening(silent) as port:
        began = asyncio.get_running_loop().time()
        with pytest.raises(StoreUnavailable, match=r"no answer from Redis at 127.0.0.1:\d+ within 0.2 s"):
            await facts(Address("127.0.0.1", port), 0.2)
        assert asyncio.get_running_loop().time() - began < 1
        closing.set()


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n", b":1\r\n+OK\r\n", b""])
async def test_what_speaks_something_else_is_unavailable(says: bytes) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        writer.close()

    async with listening(talk) as port:
        with pytest.raises(StoreUnavailable):
            await facts(Address("127.0.0.1", port), 1)


async def test_a_value_of_sixteen_megabytes_goes_and_comes(client: Client) -> None:
    value = bytes(range(256)) * (16 << 12)
    assert await client.call("SET", f"{client.prefix}:bundle", value) == b"OK"
    assert await client.call("GET", f"{client.prefix}:bundle") == value


async def test_tls_checks_the_certificate(redis_server: RedisServer, prefix: str, short_folder: Path) -> None:
    (short_folder / "pem").write_text(CERTIFICATE)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(short_folder / "pem")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(f"{redis_server.folder}/s")
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    async with listening(relay, tls) as port:
        with pytest.raises(StoreUnavailable, match="certificate"):
            await Client.connect(f"rediss://localhost:{port}", prefix=prefix)
        for options in (f"ssl_ca_certs={short_folder}/pem", "ssl_cert_reqs=none"):
            client = await Client.connect(f"rediss://localhost:{port}?{options}", prefix=prefix)
            assert await client.call("ECHO", "over TLS") == b"over TLS"
            await client.close()
        with pytest.raises(SettingsError, match="TLS files"):
            await Client.connect(f"rediss://localhost:{port}?ssl_ca_certs={short_folder}/none")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return  # The other side closed at once, as the client does.
    finally:
        writer.close()

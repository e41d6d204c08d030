"""The single sender, against a real server."""

import asyncio

from moderator.store.client import Client


async def test_a_command_gets_its_raw_reply(client: Client) -> None:
    key = f"{client.prefix}:greeting"
    assert await client.call("SET", key, "привіт") == b"OK"
    assert await client.call("GET", key) == "привіт".encode()
    assert await client.call("GET", f"{key}:absent") is None


async def test_many_at_once_get_each_their_own_reply(client: Client) -> None:
    key = f"{client.prefix}:n"
    replies = await asyncio.gather(*(client.call("ECHO", f"{key}:{i}") for i in range(1000)))
    assert replies == [f"{key}:{i}".encode() for i in range(1000)]

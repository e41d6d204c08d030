"""What each level of durability promises, and what is refused where a server does not give it."""

import asyncio
import re

import pytest

from moderator.errors import OutcomeUnknown, SettingsError
from moderator.store.address import Address
from moderator.store.client import Client
from moderator.store.server import Durability, facts, forgets
from tests.redis_fixture import NewServer


@pytest.mark.parametrize("options", [(), ("--appendonly", "yes"), ("--appendfsync", "always")])
async def test_disk_needs_a_server_that_writes_through(new_server: NewServer, options: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="durability disk needs appendonly yes and appendfsync always"):
        await Client.connect(new_server(*options).url, durability="disk")


async def test_disk_starts_on_a_server_that_writes_through(new_server: NewServer) -> None:
    client = await Client.connect(new_server("--appendonly", "yes", "--appendfsync", "always").url, durability="disk")
    assert await client.call("SET", "k", "v") == b"OK"
    await client.close()


@pytest.mark.parametrize(("durability", "forgetful"), [("process", True), ("disk", True), ("replica", False)])
async def test_a_server_without_an_append_only_file_forgets(
    new_server: NewServer, durability: Durability, forgetful: bool
) -> None:
    found = [await facts(Address.parse(new_server(*options).url), 5) for options in ((), ("--appendonly", "yes"))]
    assert forgets(found, durability) is forgetful  # one node is enough
    assert not forgets(found[1:], durability)


async def test_replica_confirms_writes_only_when_a_replica_has_them(new_server: NewServer) -> None:
    master = new_server("--repl-diskless-sync-delay", "0", tcp=True)
    replica = new_server(tcp=True)
    await asyncio.to_thread(replica.ask, ("REPLICAOF", "127.0.0.1", master.port))
    # At offset 0 the master counts a replica that has confirmed nothing yet.
    confirmed = 0
    while confirmed == 0:
        info = (await asyncio.to_thread(master.ask, ("SET", "k", "v"), ("WAIT", 1, 50), ("INFO", "replication")))[2]
        confirmed = int((re.search(rb"state=online,offset=(\d+)", info) or [0, 0])[1])
    client = await Client.connect(master.url, durability="replica", timeout_ms=1000)
    assert await asyncio.gather(*(client.call("INCR", "n") for _ in range(20))) == list(range(1, 21))
    replica.kill()
    calls = (client.call("INCR", "n"), client.call("GET", "n"))
    write, read = list(await asyncio.gather(*calls, return_exceptions=True))
    assert isinstance(write, OutcomeUnknown)
    assert read == b"21"
    assert client.healthy()  # too few replicas is no failure of the node
    await client.close()


async def test_replica_refuses_to_start_without_one(new_server: NewServer) -> None:
    with pytest.raises(SettingsError, match="durability replica needs a replica"):
        await Client.connect(new_server().url, durability="replica")

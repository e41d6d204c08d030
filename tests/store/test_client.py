"""The single sender, against a real server: every caller gets their own reply, whatever happens to the others."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from moderator.errors import OutcomeUnknown, SettingsError, StoreError, StoreUnavailable
from moderator.store.client import Client
from moderator.store.scripts import Script
from tests.redis_fixture import NewServer, RedisServer


def script(text: str) -> Script:
    """A script that no file holds."""
    return Script("made", text)


async def eventually(ask: Callable[[], Awaitable[Any]], within_s: float = 10) -> Any:
    """Ask until the store is there."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                return await ask()
            except StoreError:
                await asyncio.sleep(0.01)


# What it is for


async def test_a_command_gets_its_raw_reply(client: Client) -> None:
    key = f"{client.prefix}:greeting"
    assert await client.call("SET", key, "привіт") == b"OK"
    assert await client.call("GET", key) == "привіт".encode()
    assert await client.call("GET", f"{key}:absent") is None
    assert await client.call("INCRBYFLOAT", f"{key}:number", 0.25) == b"0.25"


async def test_many_at_once_get_each_their_own_reply(client: Client) -> None:
    replies = await asyncio.gather(*(client.call("ECHO", f"{i}") for i in range(3000)))
    assert replies == [f"{i}".encode() for i in range(3000)]


async def test_what_is_gathered_goes_out_together(client: Client) -> None:
    key = f"{client.prefix}:n"

    async def reads() -> int:
        info = (await client.call("INFO", "stats")).decode()
        return int(info.partition("total_reads_processed:")[2].split()[0])

    before = await reads()
    await asyncio.gather(*(client.call("INCR", key) for _ in range(200)))
    assert await client.call("GET", key) == b"200"
    assert await reads() - before <= 4  # the batch, GET, and the look itself


async def test_a_script_is_sent_whole_once_and_by_name_afterwards(client: Client) -> None:
    made = script(f"#!lua flags=no-writes\n-- {client.prefix}\nreturn KEYS[1] .. ARGV[1]")
    assert await client.call("SCRIPT", "EXISTS", made.sha) == [0]
    replies = await asyncio.gather(*(client.run(made, [client.prefix], [i]) for i in range(20)))
    assert replies == [f"{client.prefix}{i}".encode() for i in range(20)]
    assert await client.call("SCRIPT", "EXISTS", made.sha) == [1]
    assert await client.run(made, [client.prefix], ["x"]) == f"{client.prefix}x".encode()


# One caller never harms another


async def test_scripts_of_one_round_get_each_their_own_result_and_an_error_is_one(client: Client) -> None:
    put = script("#!lua\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])")
    await client.call("SET", f"{client.prefix}:word", "no number")
    keys = [f"{client.prefix}:{name}" for name in ("a", "word", "b")]

    first, refused, last = await client.run_all([(put, [key], [5]) for key in keys])

    assert first == last == 5
    assert isinstance(refused, StoreError)
    assert await client.run_all([]) == []


async def test_a_round_on_a_server_that_is_down_is_an_error_a_call(new_server: NewServer, prefix: str) -> None:
    server = new_server()
    client = await Client.connect(server.url, prefix=prefix)
    server.process.kill()
    server.process.wait()
    results = await client.run_all([(script("#!lua\nreturn 1"), [f"{prefix}:{i}"], []) for i in range(3)])
    assert all(isinstance(result, StoreError) for result in results)
    await client.close()


async def test_a_refused_command_leaves_its_neighbours_alone(client: Client) -> None:
    key = f"{client.prefix}:text"
    await client.call("SET", key, "words")
    calls = (client.call("GET", key), client.call("LPUSH", key, "x"), client.call("GET", key))
    good, bad, after = list(await asyncio.gather(*calls, return_exceptions=True))
    assert (good, after) == (b"words", b"words")
    assert isinstance(bad, StoreError)
    assert not isinstance(bad, StoreUnavailable | OutcomeUnknown)
    assert "WRONGTYPE" in bad.detail


async def test_the_words_of_a_refused_command_are_not_in_its_error(client: Client) -> None:
    with pytest.raises(StoreError) as refused:
        await client.call("NOSUCH", f"{client.prefix}:k", "a reader's words")
    assert "reader" not in refused.value.detail


@pytest.mark.parametrize("word", ["\ud800", None, ["list"]])
async def test_what_cannot_be_packed_is_its_callers_error_alone(client: Client, word: Any) -> None:
    good = asyncio.create_task(client.call("ECHO", "good"))
    with pytest.raises((TypeError, UnicodeEncodeError)):
        await client.call("SET", f"{client.prefix}:k", word)
    assert await good == b"good"


async def test_a_cancelled_caller_leaves_its_command_in_flight(client: Client) -> None:
    key = f"{client.prefix}:n"
    caller = asyncio.create_task(client.call("INCR", key))
    wire = client._nodes.all()[0]._wire
    assert wire is not None
    await asyncio.sleep(0)  # the caller submits
    await asyncio.sleep(0)  # the node sends
    assert wire.in_flight
    caller.cancel()
    assert await client.call("GET", key) == b"1"
    assert caller.cancelled()


async def test_thousands_of_cancelled_callers_shift_nobodys_reply(client: Client) -> None:
    for start in range(0, 2000, 100):
        callers = [asyncio.create_task(client.call("ECHO", f"{i}")) for i in range(start, start + 100)]
        for turn in range(start % 3 + 1):
            await asyncio.sleep(0)
            for caller in callers[turn::3]:
                caller.cancel()
        replies = await asyncio.gather(*callers, return_exceptions=True)
        for i, reply in enumerate(replies, start):
            assert isinstance(reply, asyncio.CancelledError) or reply == f"{i}".encode()
    assert await client.call("ECHO", "last") == b"last"


# Slow, dead and refusing servers


async def test_a_server_that_stops_answering_is_an_unknown_outcome_then_refused_at_once(
    new_server: NewServer, prefix: str
) -> None:
    server = new_server()
    client = await Client.connect(server.url, prefix=prefix, timeout_ms=300)
    loop = asyncio.get_running_loop()
    os.kill(server.process.pid, 19)  # SIGSTOP: alive, connected, silent
    try:
        sent = [asyncio.create_task(client.call(*words)) for words in [("INCR", "n"), ("GET", "n"), ("INCR", "n")]]
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(client.call("INCR", "n"))
        results = await asyncio.gather(*sent, waiting, return_exceptions=True)
        # Sent writes may have been done; a read changes nothing; what waited was never sent.
        kinds = (OutcomeUnknown, StoreUnavailable, OutcomeUnknown, StoreUnavailable)
        assert tuple(type(result) for result in results) == kinds
        assert not client.healthy()
        began = loop.time()
        with pytest.raises(StoreUnavailable):
            await client.call("GET", "n")
        assert loop.time() - began < 0.05
    finally:
        os.kill(server.process.pid, 18)
    assert await eventually(lambda: client.call("GET", "n")) == b"2"
    assert loop.time() - began > 0.9  # it was not waited for again for a second
    await client.close()


async def test_a_killed_server_is_found_again_when_it_is_back(new_server: NewServer, prefix: str) -> None:
    server = new_server("--appendonly", "yes")
    client = await Client.connect(server.url, prefix=prefix)
    await client.call("SET", "kept", "1")
    server.kill()
    with pytest.raises((StoreUnavailable, OutcomeUnknown)):
        await client.call("SET", "kept", "2")
    with pytest.raises(StoreUnavailable):
        await client.call("SET", "kept", "3")
    assert not client.healthy()
    await asyncio.to_thread(server.start)
    assert await eventually(lambda: client.call("GET", "kept")) == b"1"
    assert client.healthy()
    await client.close()


async def test_a_connection_that_the_server_closed_costs_an_idle_client_nothing(
    new_server: NewServer, prefix: str
) -> None:
    client = await Client.connect(new_server().url, prefix=prefix)
    killer = await Client.connect(client.addresses()[0].url(), prefix=prefix)
    await killer.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert await client.call("ECHO", "again") == b"again"
    await client.close()
    await killer.close()


async def test_what_waits_is_bounded(client: Client) -> None:
    node = client._nodes.all()[0]
    node._waiting_limit = 10
    results = await asyncio.gather(*(client.call("ECHO", f"{i}") for i in range(15)), return_exceptions=True)
    assert results[:10] == [f"{i}".encode() for i in range(10)]
    assert {error.code for error in results[10:] if isinstance(error, StoreUnavailable)} == {"store_busy"}
    assert len([error for error in results if isinstance(error, StoreUnavailable)]) == 5


async def test_a_full_memory_refuses_writes_and_says_so(new_server: NewServer, prefix: str) -> None:
    client = await Client.connect(new_server().url, prefix=prefix)
    await client.call("CONFIG", "SET", "maxmemory", "1mb")
    with pytest.raises(StoreUnavailable) as full:
        await client.call("SET", "k", "x" * 100)
    assert full.value.code == "store_full"
    goes_on = script("#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], ARGV[1])")
    assert await client.run(goes_on, ["k"], ["a verdict"]) == b"OK"
    (facts,) = await client.info()
    assert facts.memory_ratio > 1
    await client.close()


async def test_a_demoted_server_is_unavailable_for_writes(new_server: NewServer, prefix: str) -> None:
    client = await Client.connect(new_server().url, prefix=prefix)
    await client.call("REPLICAOF", "127.0.0.1", "1")
    with pytest.raises(StoreUnavailable):
        await client.call("SET", "k", "v")
    await eventually(lambda: client.call("REPLICAOF", "NO", "ONE"))
    assert await eventually(lambda: client.call("SET", "k", "v")) == b"OK"
    await client.close()


async def test_a_server_busy_with_a_script_is_asked_again(new_server: NewServer, prefix: str) -> None:
    client = await Client.connect(new_server("--busy-reply-threshold", "30").url, prefix=prefix, timeout_ms=5000)
    other = await Client.connect(client.addresses()[0].url(), prefix=prefix, timeout_ms=5000)
    text = "local t = redis.call('TIME') repeat local n = redis.call('TIME') until n[1] - t[1] > 1 return 1"
    long = asyncio.create_task(other.run(script(f"#!lua\n{text}"), ["k"], []))
    await asyncio.sleep(0.1)
    assert await client.call("SET", "k", "v") == b"OK"
    assert await long == 1
    await client.close()
    await other.close()


async def test_a_closed_client_refuses(redis_server: RedisServer, prefix: str) -> None:
    client = await Client.connect(redis_server.url, prefix=prefix)
    await client.close()
    with pytest.raises(StoreUnavailable):
        await client.call("PING")


# The start


async def test_a_server_that_may_evict_is_refused_at_the_start(new_server: NewServer) -> None:
    server = new_server("--maxmemory-policy", "allkeys-lru")
    with pytest.raises(SettingsError, match="maxmemory-policy noeviction"):
        await Client.connect(server.url)


async def test_an_absent_server_is_one_sentence(short_folder: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"Redis at .*/none cannot be reached: No such file or directory"):
        await Client.connect(f"unix://{short_folder}/none")


async def test_a_password_is_asked_for_and_given(new_server: NewServer) -> None:
    server = new_server("--requirepass", "s3cret")
    with pytest.raises(SettingsError, match="does not let the service in"):
        await Client.connect(server.url)
    with pytest.raises(SettingsError, match="does not let the service in"):
        await Client.connect(f"unix://:wrong@{server.folder}/s")
    client = await Client.connect(f"unix://:s3cret@{server.folder}/s")
    assert client.healthy()
    await client.close()


async def test_a_server_that_reads_its_data_is_waited_for_with_progress(new_server: NewServer) -> None:
    server = new_server("--loading-process-events-interval-bytes", "1024")
    client = await Client.connect(server.url)
    await asyncio.gather(*(client.call("SET", f"k{i}", "x" * 100) for i in range(2000)))
    await client.call("SAVE")
    await client.close()
    server.kill()
    server.options += ("--key-load-delay", "300")
    await asyncio.to_thread(server.start)
    seen: list[float] = []
    client = await Client.connect(server.url, progress=seen.append)
    assert seen
    assert seen == sorted(seen)
    assert await client.call("EXISTS", "k1999") == 1
    await client.close()


async def test_clients_of_one_deployment_share_its_record(redis_server: RedisServer, prefix: str) -> None:
    first, second = await asyncio.gather(*(Client.connect(redis_server.url, prefix=prefix) for _ in range(2)))
    assert first.deployment == second.deployment != ""
    assert first.lanes == 64
    await first.close()
    await second.close()


async def test_lanes_are_those_of_the_first_start(client: Client, redis_server: RedisServer) -> None:
    await client.call("HSET", client.keys.meta(), "lanes", 16)
    again = await Client.connect(redis_server.url, prefix=client.prefix)
    assert again.lanes == 16
    await again.close()


async def test_data_of_a_newer_release_refuse_to_start(client: Client, redis_server: RedisServer) -> None:
    await client.call("HSET", client.keys.meta(), "schema", 2)
    with pytest.raises(SettingsError, match="newer release"):
        await Client.connect(redis_server.url, prefix=client.prefix)


async def test_a_foreign_key_in_the_records_place_is_named(client: Client, redis_server: RedisServer) -> None:
    await client.call("DEL", client.keys.meta())
    await client.call("HSET", client.keys.meta(), "something", "else")
    with pytest.raises(SettingsError, match="MODERATOR_PREFIX"):
        await Client.connect(redis_server.url, prefix=client.prefix)

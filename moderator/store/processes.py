"""Which service processes live, and which generation of each site they serve: how a promotion knows it arrived."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from moderator.store.client import Client

ALIVE_MS = 5_000
"""A process that has not announced itself for this long does not count."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process: `age_ms` since it announced itself, by the server's clock."""

    id: str
    age_ms: int
    generations: Mapping[str, int]


class Processes:
    """A small hash, process id → when (server time) and the generation of each site that it serves."""

    def __init__(self, client: Client, process_id: str) -> None:
        self._client = client
        self._id = process_id
        self._key = client.keys.processes()

    async def announce(self, generations: Mapping[str, int]) -> None:
        """Say that this process lives and where it stands."""
        value = msgspec.json.encode({"at_ms": await self._now_ms(), "generations": generations})
        await self._client.call("HSET", self._key, self._id, value)

    async def leave(self) -> None:
        """Say that this process ends."""
        await self._client.call("HDEL", self._key, self._id)

    async def alive(self) -> list[Process]:
        """The processes that announced themselves within `ALIVE_MS`; what is older is forgotten."""
        now_ms = await self._now_ms()
        flat: list[bytes] = await self._client.call("HGETALL", self._key)
        alive = []
        for name, value in zip(flat[::2], flat[1::2], strict=True):
            said = msgspec.json.decode(value)
            process = Process(name.decode(), now_ms - said["at_ms"], said["generations"])
            if process.age_ms <= ALIVE_MS:
                alive.append(process)
            else:
                await self._client.call("HDEL", self._key, name)
        return alive

    async def _now_ms(self) -> int:
        seconds, micros = await self._client.call("TIME")
        return int(seconds) * 1000 + int(micros) // 1000

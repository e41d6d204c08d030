"""The only sender to Redis.

`call` and `run` put a command into its node's pipeline (`node.py`) and wait for its reply: a gather of many goes out
in one write and is one round trip. Nothing is retried that might have been done; what certainly was not done
(a script not loaded, a slot that moved, a server that loads) is tried again within the command's deadline.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from moderator.errors import StoreError, StoreUnavailable
from moderator.store import meta, server
from moderator.store.address import Address
from moderator.store.cluster import Cluster, Nodes, Single
from moderator.store.command import READS, Command, Refused, Word, key_of
from moderator.store.keys import Keys
from moderator.store.refusal import AGAIN, error_of, place
from moderator.store.round import LATE, Late, Round
from moderator.store.scripts import Script
from moderator.store.server import Durability, Facts

__all__ = ["LATE", "Call", "Client", "Late"]

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.2


Call: TypeAlias = tuple[Script, Sequence[str], Sequence[Word]]
"""A script with its keys, all of one tag, and its arguments."""


@dataclass(slots=True)
class _Request:
    """A command that has to be sent again: what it says, where it belongs, until when."""

    words: tuple[Word, ...]
    key: bytes | None
    writes: bool
    deadline: float


class Client:
    """One process's way to one deployment. Made by `connect`; belongs to the event loop that made it."""

    def __init__(self, nodes: Nodes, prefix: str, timeout_ms: int) -> None:
        self.prefix = prefix
        self.keys = Keys(prefix, meta.LANES)
        self.deployment = ""
        self._nodes = nodes
        self._timeout_s = timeout_ms / 1000
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        prefix: str = "mod",
        timeout_ms: int = 1000,
        durability: Durability = "process",
        progress: Callable[[float], None] = lambda _: None,
    ) -> Self:
        """Connect, check the server, and read or make the deployment's record.

        Waits while the server reads its data, telling `progress` the ratio read. `timeout_ms` bounds each command
        from call to reply.

        Raises:
            StoreUnavailable: the server cannot be reached.
            SettingsError: the server is unfit or does not let us in, or the data are a newer release's.
        """
        address = Address.parse(url)
        timeout_s = timeout_ms / 1000
        found = await server.loaded(address, timeout_s, progress)
        replicas = 1 if durability == "replica" else 0
        nodes: Nodes = (Cluster if found.cluster else Single)(address, timeout_s, replicas)
        client = cls(nodes, prefix, timeout_ms)
        try:
            await nodes.open()
            for node in nodes.addresses():
                await server.check(node, await server.facts(node, timeout_s), durability, timeout_s)
            record = await meta.meta(client, client.keys.meta())
        except BaseException:
            await client.close()
            raise
        client.keys = Keys(prefix, record.lanes)
        client.deployment = record.deployment
        return client

    @property
    def lanes(self) -> int:
        """Fixed at first start."""
        return self.keys.lanes

    def addresses(self) -> Sequence[Address]:
        """Where commands go: the server, or the cluster's masters."""
        return self._nodes.addresses()

    async def close(self) -> None:
        """Close at once; what is still in flight is lost to its callers, not to Redis."""
        await self._nodes.close()

    def healthy(self) -> bool:
        """Whether every node is connected."""
        return self._nodes.healthy()

    async def info(self) -> list[Facts]:
        """One a node, for readiness: memory used and allowed, loading, replicas. One small command each.

        Raises:
            StoreUnavailable: a node does not answer.
        """
        return [Facts.parse(reply) for reply in await self._everywhere(("INFO",))]

    async def call(self, *words: Word, timeout_ms: int | None = None) -> Any:
        """One command; the key is the second word. Replies are raw bytes, numbers, None, or lists of them.

        Raises:
            StoreUnavailable: certainly nothing was changed.
            OutcomeUnknown: it was sent and may have been done; only for commands that write.
            StoreError: the server refused it: a program error.
        """
        writes = str(words[0]).upper() not in READS
        key = key_of(words) if self._nodes.many else None
        return await self._do(words, key, writes, self._deadline(timeout_ms))

    async def run(
        self, script: Script, keys: Sequence[str], args: Sequence[Word], *, timeout_ms: int | None = None
    ) -> Any:
        """A script on keys of one tag. Raises as `call`."""
        deadline = self._deadline(timeout_ms)
        key = keys[0].encode() if self._nodes.many else None
        try:
            return await self._do(("EVALSHA", script.sha, len(keys), *keys, *args), key, script.writes, deadline)
        except _NotLoaded:
            return await self._do(("EVAL", script.text, len(keys), *keys, *args), key, script.writes, deadline)

    async def run_all(self, calls: Sequence[Call], *, patience_s: float | None = None) -> list[Any]:
        """Many scripts in one round. Each call has its own result: its error (`StoreError`) is its result, not raised.

        With `patience_s` the result of a call that is not answered by then is `LATE`: it may still be done, its answer
        is dropped, and whoever wants it calls again, for scripts are idempotent. So a slow node keeps nobody else.
        For the hot path: a gather of as many `run` makes a task a call, which costs about as much as the call.
        """
        deadline = self._deadline(None)
        begun = Round(len(calls), self._loop)
        many, route = self._nodes.many, self._nodes.route
        for index, (script, keys, args) in enumerate(calls):
            answer = begun.place(index)
            words = ("EVALSHA", script.sha, len(keys), *keys, *args)
            command = Command(words, writes=script.writes, deadline=deadline, answer=answer)
            try:
                route(keys[0].encode() if many else None).submit(command)
            except StoreError as error:
                answer.set_exception(error)
        results = await begun.results(patience_s)
        refused = [i for i, result in enumerate(results) if isinstance(result, Refused)]
        if refused:
            again = await asyncio.gather(*(self._run_again(calls[i], results[i], deadline) for i in refused))
            for i, result in zip(refused, again, strict=True):
                results[i] = result
        return results

    async def _run_again(self, call: Call, refused: Refused, deadline: float) -> Any:
        script, keys, args = call
        key = keys[0].encode() if self._nodes.many else None
        request = _Request(("EVALSHA", script.sha, len(keys), *keys, *args), key, script.writes, deadline)
        try:
            try:
                return await self._again(request, refused)
            except _NotLoaded:
                words = ("EVAL", script.text, len(keys), *keys, *args)
                return await self._do(words, key, script.writes, deadline)
        except StoreError as error:
            return error

    def _deadline(self, timeout_ms: int | None) -> float:
        return self._loop.time() + (self._timeout_s if timeout_ms is None else timeout_ms / 1000)

    async def _do(self, words: tuple[Word, ...], key: bytes | None, writes: bool, deadline: float) -> Any:
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._nodes.route(key).submit(Command(words, writes=writes, deadline=deadline, answer=answer))
        reply = await answer
        if isinstance(reply, Refused):
            return await self._again(_Request(words, key, writes, deadline), reply)
        return reply

    async def _again(self, request: _Request, refused: Refused) -> Any:
        """Follow what the server said until there is a reply or the deadline."""
        pause_s = _FIRST_PAUSE_S
        while True:
            if refused.code == "NOSCRIPT":
                raise _NotLoaded
            answer: asyncio.Future[Any] = self._loop.create_future()
            command = Command(request.words, writes=request.writes, deadline=request.deadline, answer=answer)
            if refused.code == "MOVED":
                self._nodes.moved(*place(refused)).submit(command)
            elif refused.code == "ASK":
                command.asking = True
                self._nodes.at(*place(refused)[1:]).submit(command)
            elif refused.code in AGAIN and self._loop.time() + pause_s < request.deadline:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                self._nodes.route(request.key).submit(command)
            else:
                if refused.code == "READONLY":
                    self._nodes.demoted(request.key)
                raise error_of(refused)
            reply = await answer
            if not isinstance(reply, Refused):
                return reply
            refused = reply

    async def _everywhere(self, words: tuple[Word, ...]) -> list[Any]:
        deadline = self._deadline(None)
        answers: list[asyncio.Future[Any]] = []
        for node in self._nodes.all():
            answers.append(self._loop.create_future())
            node.submit(Command(words, writes=False, deadline=deadline, answer=answers[-1]))
        replies = await asyncio.gather(*answers)
        for reply in replies:
            if isinstance(reply, Refused):
                raise StoreUnavailable(f"Redis is not ready: {reply.code}")
        return replies


class _NotLoaded(Exception):
    """The server does not know the script: nothing was done, its text must be sent."""

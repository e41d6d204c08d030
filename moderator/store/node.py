"""The single sender of one node: a pipeline that is always in flight and carries whatever waits.

While one batch is at the server, commands gather; when its last reply came, what gathered goes out in one write.
So a batch grows with the load, an idle node answers at once, and with `appendfsync always` one fsync covers all of it.

    CONNECTING  the first try after a loss: commands wait for it, within their deadlines
    UP          connected
    DOWN        it failed or was slow: commands are refused at once; a task tries again with backoff. After a timeout
                the node stays down for `SLOW_S` even if it connects again: whoever was slow is not waited for at once
"""

import asyncio
import random
from collections import deque
from enum import Enum
from itertools import chain
from math import inf

from moderator import clock, log, metrics
from moderator.errors import ModeratorError, StoreUnavailable
from moderator.store.address import Address
from moderator.store.command import Command, Confirmation, Discarded, Receiver, Word, pack
from moderator.store.wire import Wire, dial

SLOW_S = 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 1.0
BATCH_COMMANDS, BATCH_BYTES = 1024, 1 << 20
_ASKING = pack(("ASKING",))

_log = log.logger(__name__)


class Health(Enum):
    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"
    CLOSED = "closed"


class Node:
    """One server and the commands for it.

    `timeout_s` bounds connecting; each command brings its own deadline. `replicas` > 0: every batch that writes
    ends with WAIT for so many. At most `waiting_limit` commands wait; beyond, they are refused.
    """

    def __init__(self, address: Address, *, timeout_s: float, replicas: int = 0, waiting_limit: int = 20_000) -> None:
        self.address = address
        self.health = Health.DOWN
        self._timeout_s = timeout_s
        self._replicas = replicas
        self._waiting_limit = waiting_limit
        self._waiting: deque[Command] = deque()
        self._wire: Wire | None = None
        self._loop = asyncio.get_running_loop()
        self._flushing = False
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._alarm_at = inf
        self._slow_until = 0.0
        self._sent_at = 0.0

    async def open(self) -> None:
        """Connect for the first time.

        Raises:
            StoreUnavailable, SettingsError: as `dial`.
        """
        self._wire = await self._dial()
        self.health = Health.UP

    def start(self) -> None:
        """Connect in the background; commands may be submitted at once."""
        self.health = Health.CONNECTING
        self._reconnect()

    def idle(self) -> bool:
        """Nothing waits and nothing is in flight."""
        return not self._waiting and (self._wire is None or not self._wire.in_flight)

    async def close(self) -> None:
        """Refuse what waits and close. What is in flight is lost: the caller has waited for what matters."""
        self.health = Health.CLOSED
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._timer is not None:
            self._timer.cancel()
        self._refuse_waiting("the client is closed")
        if self._wire is not None:
            self._wire.abort("the client was closed")
            self._wire = None

    def submit(self, command: Command) -> None:
        """Put a command in line.

        Raises:
            StoreUnavailable: the node is down, or too much waits; nothing was done.
        """
        if self.health is Health.DOWN or self.health is Health.CLOSED:
            raise StoreUnavailable(f"Redis at {self.address} is not available")
        if len(self._waiting) >= self._waiting_limit:
            raise StoreUnavailable("too many commands wait for Redis", code="store_busy")
        self._waiting.append(command)
        if command.deadline < self._alarm_at:
            self._watch(command.deadline)
        if not self._flushing:
            self._wake()

    def suspect(self, why: str) -> None:
        """Its answers show that it is not what it was (demoted to a replica): connect anew."""
        if self._wire is not None and self.health is Health.UP:
            self._fail(why)

    def _wake(self) -> None:
        if not self._flushing and self._waiting and self._wire is not None and not self._wire.in_flight:
            self._flushing = True
            # In the next turn of the loop: all that this turn submits goes out together.
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._wire is None or self._wire.in_flight:
            return
        batch: list[Command] = []
        size = 0
        while self._waiting and len(batch) < BATCH_COMMANDS and size < BATCH_BYTES:
            command = self._waiting.popleft()
            if not command.answer.done():
                batch.append(command)
                size += len(command.packed)
        if batch:
            self._send(self._wire, batch)

    def _send(self, wire: Wire, batch: list[Command]) -> None:
        parts: list[bytes] = []
        receivers: list[Receiver] = []
        for command in batch:
            if command.asking:
                parts.append(_ASKING)
                receivers.append(Discarded())
            parts.append(command.packed)
            receivers.append(command)
        if self._replicas and (writes := [command for command in batch if command.writes]):
            words, confirmation = self._confirm(writes)
            parts.append(pack(words))
            receivers.append(confirmation)
        metrics.ROUND_TRIPS.inc()
        metrics.COMMANDS.inc(len(batch))
        self._sent_at = clock.ticks()
        wire.send(b"".join(parts), receivers)

    def _answered(self) -> None:
        """The last reply of a batch came."""
        metrics.ROUND_TRIP_SECONDS.observe(clock.ticks() - self._sent_at)
        self._wake()

    def _confirm(self, writes: list[Command]) -> tuple[tuple[Word, ...], Confirmation]:
        deadline = min(command.deadline for command in writes)
        confirmation = Confirmation(self._replicas, deadline)
        for command in writes:
            command.confirmation = confirmation
        # Half of what is left: the answer must be here before the deadline closes the connection.
        return ("WAIT", self._replicas, max(1, int((deadline - self._loop.time()) * 500))), confirmation

    def _watch(self, deadline: float) -> None:
        """One timer a node, for the earliest deadline."""
        if deadline < self._alarm_at:
            if self._timer is not None:
                self._timer.cancel()
            self._alarm_at = deadline
            self._timer = self._loop.call_at(deadline, self._check_deadlines)

    def _check_deadlines(self) -> None:
        self._alarm_at = inf
        now = self._loop.time()
        in_flight = self._wire.in_flight if self._wire is not None else ()
        if any(receiver.deadline <= now for receiver in in_flight):
            self._slow_until = now + SLOW_S
            self._fail("no answer from Redis in time")
            return
        late = [command for command in self._waiting if command.deadline <= now]
        for command in late:
            self._waiting.remove(command)
            command.refuse("Redis was not free in time")
        if left := [receiver.deadline for receiver in chain(in_flight, self._waiting)]:
            self._watch(min(left))

    def _fail(self, why: str) -> None:
        _log.warning("store_node_failed", node=str(self.address), why=why)
        self.health = Health.DOWN
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort(why)
        self._refuse_waiting(why)
        self._reconnect()

    def _lost(self, wire: Wire) -> None:
        if wire is not self._wire:
            return
        self._wire = None
        if self.health is Health.UP:
            _log.warning("store_connection_lost", node=str(self.address))
            self.health = Health.CONNECTING
            self._reconnect()

    def _refuse_waiting(self, why: str) -> None:
        while self._waiting:
            self._waiting.popleft().refuse(why)

    def _reconnect(self) -> None:
        if self._connecting is None or self._connecting.done():
            self._connecting = self._loop.create_task(self._connect(), name=f"store-connect-{self.address}")

    async def _connect(self) -> None:
        pause_s = FIRST_PAUSE_S
        while self.health is not Health.CLOSED:
            await asyncio.sleep(max(0.0, self._slow_until - self._loop.time()))
            try:
                self._wire = await self._dial()
            except ModeratorError as error:
                self.health = Health.DOWN
                self._refuse_waiting(error.detail)
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                continue
            self.health = Health.UP
            _log.info("store_connected", node=str(self.address))
            self._wake()
            return

    async def _dial(self) -> Wire:
        wire = await dial(self.address, self._timeout_s, self._answered, self._lost)
        if wire.closed:
            raise StoreUnavailable(f"Redis at {self.address} closed the connection at once")
        return wire

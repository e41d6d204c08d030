"""One socket to one server: bytes out, replies in, in order.

Written on asyncio's transports and hiredis' parser. There is no task a connection and no stream between: replies are
handed over inside `data_received`, which is what makes the single sender cheap.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any

import hiredis

from moderator.errors import SettingsError, StoreUnavailable
from moderator.store.address import Address
from moderator.store.command import Command, Receiver, Refused, Word

_NOTHING = object()
_IDLE_S = 15
_LOCKED_OUT = frozenset({"NOAUTH", "WRONGPASS", "NOPERM"})


class Wire(asyncio.Protocol):
    """One connection.

    `in_flight`: who waits for a reply, in the order of sending. `on_idle` is called when the last of them has it,
    `on_lost` once when the connection is gone, whoever closed it; both on the loop, neither may raise.
    """

    def __init__(self, on_idle: Callable[[], None], on_lost: Callable[["Wire"], None]) -> None:
        self.in_flight: deque[Receiver] = deque()
        self._on_idle = on_idle
        self._on_lost = on_lost
        self._reader = hiredis.Reader(replyError=Refused, notEnoughData=_NOTHING)
        self._transport: asyncio.Transport | None = None
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # asyncio's own stub: streams give a Transport
        _keep_alive(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        if self.closed:
            return
        in_flight, gets = self.in_flight, self._reader.gets
        self._reader.feed(data)
        try:
            while (reply := gets()) is not _NOTHING:
                in_flight.popleft().settle(reply)
        except (hiredis.HiredisError, IndexError):
            # Not the protocol, or a reply that nobody asked for: nothing on this connection can be trusted.
            self.abort("the server does not speak the protocol")
            return
        if not in_flight:
            self._on_idle()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.abort("the connection to Redis was lost")
        self._on_lost(self)

    def send(self, data: bytes, receivers: Iterable[Receiver]) -> None:
        """Write now."""
        if self.closed or self._transport is None:
            for receiver in receivers:
                receiver.lose("the connection to Redis was lost")
            return
        self.in_flight.extend(receivers)
        self._transport.write(data)

    def abort(self, why: str) -> None:
        """Close at once. All in flight are told `why`; replies that still arrive are nobody's. `on_lost` follows."""
        self.closed = True
        while self.in_flight:
            self.in_flight.popleft().lose(why)
        if self._transport is not None:
            self._transport.abort()


async def dial(
    address: Address,
    timeout_s: float,
    on_idle: Callable[[], None] = lambda: None,
    on_lost: Callable[[Wire], None] = lambda _: None,
) -> Wire:
    """Connect, get in, and hear from the server that it serves.

    Raises:
        StoreUnavailable: nobody listens, or no answer within `timeout_s`, or the server is not ready (loading).
        SettingsError: the server does not let us in.
    """
    return await _dial(address, timeout_s, (("PING",),), Wire(on_idle, on_lost))


async def dial_raw(address: Address, timeout_s: float) -> Wire:
    """Connect and get in, also to a server that still loads. Raises as `dial`."""
    return await _dial(address, timeout_s, (), Wire(lambda: None, lambda _: None))


async def _dial(address: Address, timeout_s: float, then: Sequence[tuple[Word, ...]], wire: Wire) -> Wire:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            if address.path:
                await loop.create_unix_connection(lambda: wire, address.path)
            else:
                await loop.create_connection(lambda: wire, address.host, address.port, ssl=address.tls)
            if words := (*_entrance(address), *then):
                await exchange(wire, words)
    except TimeoutError:
        wire.abort("no answer")
        raise StoreUnavailable(f"no answer from Redis at {address} within {timeout_s:g} s") from None
    except OSError as error:
        raise StoreUnavailable(f"Redis at {address} cannot be reached: {error.strerror or error}") from None
    except BaseException:
        wire.abort("the connection was given up")
        raise
    return wire


def _keep_alive(connection: socket.socket) -> None:
    """Find out about a peer that vanished without a word while the connection was idle (failover, NAT)."""
    if connection.family in {socket.AF_INET, socket.AF_INET6}:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _IDLE_S // 3)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def _entrance(address: Address) -> list[tuple[Word, ...]]:
    words: list[tuple[Word, ...]] = []
    if address.password is not None:
        words.append(("AUTH", address.user, address.password) if address.user else ("AUTH", address.password))
    if address.database:
        words.append(("SELECT", address.database))
    return words


async def exchange(wire: Wire, commands: Sequence[tuple[Word, ...]]) -> list[Any]:
    """Send commands on a wire that nobody else uses; the caller bounds the time.

    Raises:
        SettingsError: no permission. StoreUnavailable: refused otherwise, or the connection was lost.
    """
    loop = asyncio.get_running_loop()
    answers = [loop.create_future() for _ in commands]
    sent = [
        Command(words, writes=False, deadline=inf, answer=answer)
        for words, answer in zip(commands, answers, strict=True)
    ]
    wire.send(b"".join(command.packed for command in sent), sent)
    replies = await asyncio.gather(*answers)
    for reply in replies:
        if isinstance(reply, Refused):
            if reply.code in _LOCKED_OUT or "AUTH" in reply.detail:
                raise SettingsError(f"Redis does not let the service in: {reply}")
            raise StoreUnavailable(f"Redis is not ready: {reply}")
    return replies

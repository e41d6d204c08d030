"""Which node a key belongs to: one node, or the masters of a cluster by slot."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from moderator import log
from moderator.errors import ModeratorError, StoreUnavailable
from moderator.store.address import Address
from moderator.store.keys import slot
from moderator.store.node import Health, Node
from moderator.store.wire import dial_raw, exchange

_REFRESH_S = 0.25
"""At most one look at the cluster's map in this time, and one each while a node is down."""

_log = log.logger(__name__)


class Nodes(Protocol):
    """Where commands go. `many`: keys decide; otherwise there is one place."""

    many: bool

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def all(self) -> Sequence[Node]: ...
    def addresses(self) -> Sequence[Address]: ...
    def healthy(self) -> bool: ...
    def route(self, key: bytes | None) -> Node: ...
    def moved(self, number: int, host: str, port: int) -> Node: ...
    def at(self, host: str, port: int) -> Node: ...
    def demoted(self, key: bytes | None) -> None: ...


class Single:
    """A standalone server."""

    many = False

    def __init__(self, address: Address, timeout_s: float, replicas: int) -> None:
        self._node = Node(address, timeout_s=timeout_s, replicas=replicas)

    async def open(self) -> None:
        await self._node.open()

    async def close(self) -> None:
        await self._node.close()

    def all(self) -> Sequence[Node]:
        return (self._node,)

    def addresses(self) -> Sequence[Address]:
        return (self._node.address,)

    def healthy(self) -> bool:
        return self._node.health is Health.UP

    def route(self, key: bytes | None) -> Node:  # noqa: ARG002 - there is one place
        return self._node

    def moved(self, number: int, host: str, port: int) -> Node:
        raise StoreUnavailable(f"Redis became a cluster ({host}:{port} has slot {number}): start the service again")

    def at(self, host: str, port: int) -> Node:
        raise StoreUnavailable(f"Redis became a cluster ({host}:{port}): start the service again")

    def demoted(self, key: bytes | None) -> None:  # noqa: ARG002
        """The name may point at the new master by now: connect anew."""
        self._node.suspect("Redis is a read-only replica")


class Cluster:
    """The masters of a cluster. The map is read at start, when a slot moved, and while a node is down."""

    many = True

    def __init__(self, seed: Address, timeout_s: float, replicas: int) -> None:
        self._seed = seed
        self._timeout_s = timeout_s
        self._replicas = replicas
        self._nodes: dict[str, Node] = {}
        self._slots: list[Node | None] = [None] * 16384
        self._stale = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the map and connect to every master.

        Raises:
            StoreUnavailable: a node cannot be reached, or slots are not served.
        """
        ranges = await self._ask_map(self._seed)
        wanted = {str(address): address for _, _, address in ranges}
        for name, address in wanted.items():
            self._nodes[name] = Node(address, timeout_s=self._timeout_s, replicas=self._replicas)
        for node in self._nodes.values():
            await node.open()
        self._apply(ranges)
        if None in self._slots:
            raise StoreUnavailable("the Redis cluster does not serve all slots")
        self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="store-cluster-map")

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        for node in self._nodes.values():
            await node.close()

    def all(self) -> Sequence[Node]:
        return tuple({id(node): node for node in self._slots if node is not None}.values())

    def addresses(self) -> Sequence[Address]:
        return tuple(node.address for node in self.all())

    def healthy(self) -> bool:
        return all(node.health is Health.UP for node in self.all())

    def route(self, key: bytes | None) -> Node:
        """The master of the key's slot, or any that is up.

        Raises:
            StoreUnavailable: nobody serves the slot.
        """
        if key is None:
            return next((node for node in self.all() if node.health is Health.UP), self.all()[0])
        node = self._slots[slot(key)]
        if node is None:
            raise StoreUnavailable("nobody in the Redis cluster serves this slot")
        if node.health is Health.DOWN:
            self._stale.set()
        return node

    def moved(self, number: int, host: str, port: int) -> Node:
        """The map said otherwise: believe the server for this slot, and read the whole map soon."""
        node = self.at(host, port)
        self._slots[number] = node
        self._stale.set()
        return node

    def at(self, host: str, port: int) -> Node:
        """The node at an address, connecting if it is new."""
        address = self._seed.elsewhere(host, port)
        node = self._nodes.get(str(address))
        if node is None:
            node = self._nodes[str(address)] = Node(address, timeout_s=self._timeout_s, replicas=self._replicas)
            node.start()
        return node

    def demoted(self, key: bytes | None) -> None:  # noqa: ARG002 - the map tells which
        self._stale.set()

    async def _keep(self) -> None:
        """Runs for ever: reads the map when it is known to be stale."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            for node in sorted(self._nodes.values(), key=lambda node: node.health is not Health.UP):
                try:
                    self._apply(await self._ask_map(node.address))
                except ModeratorError as error:
                    _log.warning("store_cluster_map_unread", node=str(node.address), why=error.detail)
                    continue
                break
            await self._forget()
            await asyncio.sleep(_REFRESH_S)

    async def _ask_map(self, address: Address) -> list[tuple[int, int, Address]]:
        """First slot, last slot, master. Raises as `dial`."""
        wire = await dial_raw(address, self._timeout_s)
        try:
            async with asyncio.timeout(self._timeout_s):
                (ranges,) = await exchange(wire, [("CLUSTER", "SLOTS")])
        except TimeoutError:
            raise StoreUnavailable(f"no answer from Redis at {address}") from None
        finally:
            wire.abort("done")
        # An empty host means the one that was asked.
        return [
            (first, last, self._seed.elsewhere((master[0] or b"").decode() or address.host, master[1]))
            for first, last, master, *_ in ranges
        ]

    def _apply(self, ranges: Sequence[tuple[int, int, Address]]) -> None:
        for first, last, address in ranges:
            self._slots[first : last + 1] = [self.at(address.host, address.port)] * (last + 1 - first)

    async def _forget(self) -> None:
        """Close nodes that own no slot any more and have nothing to answer."""
        owners = {id(node) for node in self.all()}
        for name, node in list(self._nodes.items()):
            if id(node) not in owners and node.idle():
                del self._nodes[name]
                await node.close()

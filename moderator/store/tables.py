"""Small tables of records, each one hash: how sites, keys and people are kept and changed.

They are few and small, so all their hashes carry one tag, and whatever belongs together (a site with its first key
and its admin; a key and the digest it is found by) changes in one script: no crash leaves half of it. Each change
says what it expects to find; whoever loses a race reads again. What belongs to comments is never kept like this.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from moderator.errors import Conflict
from moderator.store.client import Client
from moderator.store.scripts import Script

T = TypeVar("T")
Result = TypeVar("Result")

SWAP = Script("swap")

TRIES = 8


@dataclass(frozen=True, slots=True)
class Change:
    """The field `name` of the hash `key` goes from `old` to `new`; b"" is no field."""

    key: str
    name: str
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """A record as it was read (`value` None: there is none); `raw` is what a change of it expects to find."""

    key: str
    name: str
    raw: bytes
    value: T | None

    def becomes(self, value: T | None) -> Change:
        """The change to `value`; None takes the record away."""
        return Change(self.key, self.name, self.raw, b"" if value is None else msgspec.msgpack.encode(value))


class Table(Generic[T]):
    """Records of one type in the hash `key`, found by name. Reads raise StoreError, as `Client.call` does."""

    def __init__(self, client: Client, key: str, record: type[T]) -> None:
        self._client, self._key = client, key
        self._decoder = msgspec.msgpack.Decoder(record)

    async def read(self, name: str) -> Row[T]:
        """The record called `name`, or an empty row to make one of."""
        raw: bytes | None = await self._client.call("HGET", self._key, name)
        return Row(self._key, name, raw or b"", None if raw is None else self._decoder.decode(raw))

    async def get(self, name: str) -> T | None:
        return (await self.read(name)).value

    def added(self, name: str, value: T) -> Change:
        """A change that makes the record, where there must be none."""
        return Change(self._key, name, b"", msgspec.msgpack.encode(value))

    def removed(self, name: str, value: T) -> Change:
        """A change that takes away a record known to be `value`; only for types that never get another field."""
        return Change(self._key, name, msgspec.msgpack.encode(value), b"")

    async def all(self) -> list[T]:
        """Every record, in order of name."""
        flat: list[bytes] = await self._client.call("HGETALL", self._key)
        rows = dict(zip(flat[::2], flat[1::2], strict=True))
        return [self._decoder.decode(rows[name]) for name in sorted(rows)]


async def swap(client: Client, changes: Sequence[Change]) -> bool:
    """Make all changes, or none because one field is not `old` any more (False).

    When everything is as asked already, that counts as done: nobody's work is lost by it.

    Raises:
        StoreError: as `Client.run`; after OutcomeUnknown the same call settles it.
    """
    arguments = [part for change in changes for part in (change.name, change.old, change.new)]
    return bool(await client.run(SWAP, [change.key for change in changes], arguments))


async def until_swapped(client: Client, attempt: Callable[[], Awaitable[tuple[Sequence[Change], Result]]]) -> Result:
    """Swap until nobody interferes; `attempt` reads, and returns the changes and what to return once they are made.

    Raises:
        Conflict: `busy`, after eight lost races: somebody writes in a loop.
        StoreError: as `swap`.
    """
    for _ in range(TRIES):
        changes, result = await attempt()
        if await swap(client, changes):
            return result
    raise Conflict("Others change the same things at this moment; try again.", code="busy")

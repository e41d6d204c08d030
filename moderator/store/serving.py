"""What a site is served with: one record, one compare-and-set by its generation."""

from typing import Self

import msgspec
from msgspec import Struct

from moderator.store.client import Client
from moderator.store.scripts import Script

SERVE = Script("serve")


class Served(Struct, frozen=True, kw_only=True):
    """What is in force in one generation.

    `champion`, `shadow`: bundle ids; None: the default bundle, and no shadow. `policy_version`: see `policies.py`.
    """

    generation: int = 0
    champion: str | None = None
    shadow: str | None = None
    policy_version: int = 1


class ServingRecord(Served, frozen=True, kw_only=True):
    """What is in force, and what was before: a rollback needs nothing else. Generation 0: never changed."""

    previous: Served | None = None

    def advanced(self, **changes: str | int | None) -> Self:
        """The next generation, with some fields changed."""
        return msgspec.structs.replace(self, **changes, generation=self.generation + 1, previous=self._served())

    def rolled_back(self) -> Self:
        """The next generation, in which everything is as it was in the one before; rolling back again undoes that.

        Raises:
            ValueError: there is none before.
        """
        if self.previous is None:
            raise ValueError("nothing was in force before")
        before = msgspec.structs.asdict(self.previous)
        return msgspec.structs.replace(self, **before | {"generation": self.generation + 1, "previous": self._served()})

    def _served(self) -> Served:
        return Served(
            generation=self.generation,
            champion=self.champion,
            shadow=self.shadow,
            policy_version=self.policy_version,
        )


_DECODER = msgspec.json.Decoder(ServingRecord)


class Serving:
    """The serving record of each site."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = client.keys

    async def get(self, site: str) -> ServingRecord:
        """The record in force; the first one of a site whose serving nobody has changed is all defaults."""
        value: bytes | None = await self._client.call("GET", self._keys.serving(site))
        return ServingRecord() if value is None else _DECODER.decode(value.partition(b" ")[2])

    async def compare_and_set(self, site: str, old: ServingRecord, new: ServingRecord) -> bool:
        """Put `new` into force; False: `old` is no longer what is in force, and nothing was changed."""
        value = b"%d %s" % (new.generation, msgspec.json.encode(new))
        return bool(await self._client.run(SERVE, [self._keys.serving(site)], [old.generation, value]))

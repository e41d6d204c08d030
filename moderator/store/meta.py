"""The deployment's own record: which schema the data have, how many lanes, and whose they are.

Lanes are part of every key and never change afterwards. A release reads schema v and v−1; data of a newer schema
are refused, for an older program would misread them.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from moderator import clock
from moderator.errors import SettingsError
from moderator.store.command import Word
from moderator.store.scripts import META, Script

SCHEMA = 1
LANES = 64


@dataclass(frozen=True, slots=True)
class Meta:
    """`schema`: what the data are written in. `deployment`: a UUID made at first start."""

    schema: int
    lanes: int
    deployment: str


class Runs(Protocol):
    """A client, as far as this module knows it: the client reads this record when it connects."""

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Word]) -> Any: ...


async def meta(client: Runs, key: str) -> Meta:
    """Read the record, making it on first start; safe when several processes start at once.

    Raises:
        SettingsError: the data are newer than this program, or are no data of this service.
    """
    fresh = ("schema", SCHEMA, "lanes", LANES, "deployment", str(uuid.uuid4()), "created_ms", clock.now_ms())
    flat = [word.decode() for word in await client.run(META, [key], fresh)]
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    try:
        found = Meta(int(fields["schema"]), int(fields["lanes"]), fields["deployment"])
    except (KeyError, ValueError):
        raise SettingsError(f"the key {key} in Redis is not this service's; set another MODERATOR_PREFIX") from None
    if found.schema > SCHEMA:
        raise SettingsError(
            f"the data in Redis have schema {found.schema}, written by a newer release; this one knows up to {SCHEMA}"
        )
    return found

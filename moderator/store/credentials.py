"""By what digest which key or person is found.

A key or token is a 256-bit random number; only its SHA-256 is kept. This table is an index: what is valid is said by
the digests in the owner's own record, and both change in one script.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from moderator.store.client import Client
from moderator.store.tables import Change, Table


class Credential(Struct, frozen=True, kw_only=True, array_like=True):
    """One key or token of its owner. `digest`: SHA-256 in hex."""

    digest: str
    created_at: datetime


class Owner(Struct, frozen=True, kw_only=True, array_like=True):
    """Whose a digest is: `name` is a grant's (`SITE/NAME`) or a person's. Never gets another field."""

    kind: Literal["key", "person"]
    name: str


def credentials(client: Client) -> Table[Owner]:
    """Digest → owner."""
    return Table(client, client.keys.accounts("credentials"), Owner)


def reindex(client: Client, owner: Owner, old: Iterable[Credential], new: Iterable[Credential]) -> list[Change]:
    """The changes of the index when an owner's credentials go from `old` to `new`."""
    table = credentials(client)
    was, becomes = {each.digest for each in old}, {each.digest for each in new}
    added = [table.added(digest, owner) for digest in sorted(becomes - was)]
    return added + [table.removed(digest, owner) for digest in sorted(was - becomes)]

"""What a site's backend may do: a named grant of scopes, held by whoever has one of its keys."""

from datetime import datetime

from msgspec import Struct

from moderator.access import Scope
from moderator.store.client import Client
from moderator.store.credentials import Credential, Owner, reindex
from moderator.store.tables import Change, Row, Table

VALID_AT_ONCE = 2
"""Keys of one grant: the current one and, while callers change over, the one before."""


class Grant(Struct, frozen=True, kw_only=True, array_like=True):
    """`keys`: newest first, one or two; rotation adds one, revocation removes the grant or the older key."""

    site: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    keys: tuple[Credential, ...]


def field(site: str, name: str) -> str:
    """The name of a grant in its table: site names hold no slash."""
    return f"{site}/{name}"


def grants(client: Client) -> Table[Grant]:
    """`SITE/NAME` → grant."""
    return Table(client, client.keys.accounts("grants"), Grant)


def grant_changes(client: Client, row: Row[Grant], new: Grant | None) -> list[Change]:
    """The row becomes `new`, and the index of digests follows."""
    old = row.value
    index = reindex(client, Owner(kind="key", name=row.name), old.keys if old else (), new.keys if new else ())
    return [row.becomes(new), *index]

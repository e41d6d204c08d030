"""The people who moderate: their roles, their password's hash, their personal tokens."""

from datetime import datetime

from msgspec import Struct

from moderator.access import Role
from moderator.store.client import Client
from moderator.store.credentials import Credential, Owner, reindex
from moderator.store.tables import Change, Row, Table


class User(Struct, frozen=True, kw_only=True, array_like=True):
    """`password` is an argon2id hash; `roles`: site, or `*`, → role, may be empty; `tokens`: newest first."""

    name: str
    password: str
    roles: dict[str, Role]
    created_at: datetime
    tokens: tuple[Credential, ...] = ()


def users(client: Client) -> Table[User]:
    """Name → user."""
    return Table(client, client.keys.accounts("users"), User)


def user_changes(client: Client, row: Row[User], new: User | None) -> list[Change]:
    """The row becomes `new`, and the index of digests follows."""
    old = row.value
    index = reindex(client, Owner(kind="person", name=row.name), old.tokens if old else (), new.tokens if new else ())
    return [row.becomes(new), *index]

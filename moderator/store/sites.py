"""The sites that exist."""

from datetime import datetime

from msgspec import Struct

from moderator.store.client import Client
from moderator.store.tables import Table


class Site(Struct, frozen=True, kw_only=True, array_like=True):
    """A tenant. Both fields are set when it is created and never change."""

    name: str
    created_at: datetime


def sites(client: Client) -> Table[Site]:
    """Site name → site."""
    return Table(client, client.keys.accounts("sites"), Site)

"""The first start: a site, a key of all scopes and an admin, so that the service can be tried at once.

What was made is written to a file in the data folder first, flushed to the disk, then recorded in one script. A
start that is killed in between finds the file and records what it says; one that is killed before finds nothing.
Either way the secrets that work are those in the file.
"""

import asyncio
import os
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from moderator.access import Role, Scope
from moderator.errors import SettingsError
from moderator.flow.credentials import KEY, TOKEN, Passwords, credential, new_password, new_secret
from moderator.flow.people import user_with
from moderator.flow.sites import FIRST_KEY
from moderator.store.client import Client
from moderator.store.grants import Grant, field, grant_changes, grants
from moderator.store.sites import Site, sites
from moderator.store.tables import swap
from moderator.store.users import user_changes, users

FILE = "first-start.json"
SITE, USER = "default", "admin"


class FirstStart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file holds. `url` is where the service listens; it follows the settings, the rest never changes."""

    site: str
    key: str
    user: str
    password: str
    token: str
    url: str


async def first_start(client: Client, folder: Path, url: str, passwords: Passwords | None = None) -> FirstStart | None:
    """Make the first site, key and admin where there is no site yet. Returns what was made, None if nothing was.

    Raises:
        SettingsError: the file cannot be written, or is not one of ours.
        StoreError: Redis cannot be asked; the next start goes on from here.
    """
    kept = await asyncio.to_thread(read, folder)
    if await sites(client).all():
        if kept is not None and kept.url != url:
            await asyncio.to_thread(write, folder, msgspec.structs.replace(kept, url=url))
        return None
    made = msgspec.structs.replace(kept, url=url) if kept else _made(url)
    await asyncio.to_thread(write, folder, made)
    if await _record(client, made, passwords or Passwords()):
        return made
    # Another service with another folder was first, on the same Redis: what the file says is not what works there.
    await asyncio.to_thread((folder / FILE).unlink)
    return None


def read(folder: Path) -> FirstStart | None:
    """What the file in `folder` says; None: there is none.

    Raises:
        SettingsError: it cannot be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=FirstStart)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path} cannot be read; move it away and start again.") from error


def write(folder: Path, made: FirstStart) -> None:
    """Write the file for its owner's eyes (0600), whole or not at all, on the disk when this returns.

    Raises:
        SettingsError: it cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"
    try:
        # mkstemp makes a file of mode 0600, and a crash leaves at most one of them behind, never half of ours.
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{FILE}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(folder / FILE)
        _flush_folder(folder)
    except OSError as error:
        raise SettingsError(f"{folder / FILE} cannot be written: {error.strerror}.") from error


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _made(url: str) -> FirstStart:
    return FirstStart(
        site=SITE, key=new_secret(KEY), user=USER, password=new_password(), token=new_secret(TOKEN), url=url
    )


async def _record(client: Client, made: FirstStart, passwords: Passwords) -> bool:
    """Site, key and admin in one script; False: somebody else made one of them meanwhile."""
    roles = {made.site: Role.ADMIN}
    new = await user_with(made.user, roles, passwords, password=made.password, token=made.token)
    key = credential(made.key)
    grant = Grant(site=made.site, name=FIRST_KEY, scopes=tuple(Scope), created_at=key.created_at, keys=(key,))
    site_row = await sites(client).read(made.site)
    grant_row = await grants(client).read(field(made.site, FIRST_KEY))
    user_row = await users(client).read(made.user)
    if site_row.value or grant_row.value or user_row.value:
        return False
    return await swap(
        client,
        [
            site_row.becomes(Site(name=made.site, created_at=key.created_at)),
            *grant_changes(client, grant_row, grant),
            *user_changes(client, user_row, new.user),
        ],
    )

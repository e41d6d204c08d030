"""Sites and their keys: made, listed, rotated, revoked. For admins at the command line; a request never comes here."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from moderator import clock
from moderator.access import Scope
from moderator.errors import Conflict, NotFound
from moderator.flow.credentials import KEY, credential, new_secret
from moderator.flow.names import check_name, check_site_name
from moderator.store.client import Client
from moderator.store.grants import VALID_AT_ONCE, Grant, field, grant_changes, grants
from moderator.store.sites import Site, sites
from moderator.store.tables import Change, Row, until_swapped

FIRST_KEY = "first"
"""What a new site's key of all scopes is called."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `raw` is known here only: it is shown once and never kept."""

    grant: Grant
    raw: str


def new_grant(site: str, name: str, scopes: Sequence[Scope]) -> NewKey:
    """A key that is not recorded yet; its scopes in the order of `Scope`."""
    raw = new_secret(KEY)
    key = credential(raw)
    ordered = tuple(scope for scope in Scope if scope in scopes)
    return NewKey(Grant(site=site, name=name, scopes=ordered, created_at=key.created_at, keys=(key,)), raw)


class Sites:
    """Every method raises StoreError when Redis cannot be asked; after OutcomeUnknown, list what is there."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sites, self._grants = sites(client), grants(client)

    async def every(self) -> list[Site]:
        return await self._sites.all()

    async def known(self, name: str) -> Site:
        """The site called `name`.

        Raises:
            NotFound: there is no such one.
        """
        site = await self._sites.get(name)
        if site is None:
            raise NotFound(f"There is no site {name}.")
        return site

    async def only(self) -> Site:
        """The site, where there is one.

        Raises:
            NotFound: there is none yet.
            Conflict: `several_sites`.
        """
        every = await self.every()
        if not every:
            raise NotFound("There is no site yet: run 'moderator serve' once, or 'moderator sites create NAME'.")
        if len(every) > 1:
            names = ", ".join(site.name for site in every)
            raise Conflict(f"There are several sites ({names}); say which one with --site.", code="several_sites")
        return every[0]

    async def create(self, name: str) -> NewKey:
        """A site with a first key of all scopes.

        Raises:
            InputError: the name cannot be one.
            Conflict: `site_exists`.
        """
        check_site_name(name)
        made = new_grant(name, FIRST_KEY, [*Scope])

        async def attempt() -> tuple[list[Change], NewKey]:
            row, grant_row = await self._sites.read(name), await self._grants.read(field(name, FIRST_KEY))
            if row.value is not None:
                raise Conflict(f"The site {name} exists already.", code="site_exists")
            site = row.becomes(Site(name=name, created_at=clock.now()))
            return [site, *grant_changes(self._client, grant_row, made.grant)], made

        return await until_swapped(self._client, attempt)

    async def keys(self, site: str | None = None) -> list[Grant]:
        """All grants, or those of one site; by site, then name.

        Raises:
            NotFound: there is no such site.
        """
        if site is not None:
            await self.known(site)
        return [grant for grant in await self._grants.all() if site in {None, grant.site}]

    async def create_key(self, site: str, name: str | None, scopes: Sequence[Scope]) -> NewKey:
        """A key called `name`, or `key-2`, `key-3` …

        Raises:
            NotFound: there is no such site.
            InputError: the name cannot be one.
            Conflict: `key_exists`.
        """
        await self.known(site)

        async def attempt() -> tuple[list[Change], NewKey]:
            chosen = name or await self._free_name(site)
            check_name("key", chosen)
            row = await self._grants.read(field(site, chosen))
            if row.value is not None:
                raise Conflict(
                    f"The site {site} has a key {chosen} already; replace it with 'moderator keys rotate'.",
                    code="key_exists",
                )
            made = new_grant(site, chosen, scopes)
            return grant_changes(self._client, row, made.grant), made

        return await until_swapped(self._client, attempt)

    async def rotate(self, site: str, name: str) -> NewKey:
        """Another key of the same grant. The one before goes on until it is revoked or the next rotation.

        Raises:
            NotFound: there is no such key.
        """

        async def attempt() -> tuple[list[Change], NewKey]:
            row, grant = await self._known_grant(site, name)
            raw = new_secret(KEY)
            rotated = replace(grant, keys=(credential(raw), *grant.keys)[:VALID_AT_ONCE])
            return grant_changes(self._client, row, rotated), NewKey(rotated, raw)

        return await until_swapped(self._client, attempt)

    async def revoke(self, site: str, name: str, *, previous: bool = False) -> Grant:
        """End the grant, or with `previous` only the key before the last rotation. Seen everywhere within 5 s.

        Raises:
            NotFound: there is no such key, or none before.
        """

        async def attempt() -> tuple[list[Change], Grant]:
            row, grant = await self._known_grant(site, name)
            if not previous:
                return grant_changes(self._client, row, None), grant
            if len(grant.keys) < VALID_AT_ONCE:
                raise NotFound(f"The key {name} of {site} was not rotated: there is no previous one.")
            current = replace(grant, keys=grant.keys[:1])
            return grant_changes(self._client, row, current), current

        return await until_swapped(self._client, attempt)

    async def _known_grant(self, site: str, name: str) -> tuple[Row[Grant], Grant]:
        row = await self._grants.read(field(site, name))
        if row.value is None:
            raise NotFound(f"The site {site} has no key {name}; see 'moderator keys list'.")
        return row, row.value

    async def _free_name(self, site: str) -> str:
        taken = {grant.name for grant in await self.keys(site)}
        return next(name for number in range(2, len(taken) + 3) if (name := f"key-{number}") not in taken)

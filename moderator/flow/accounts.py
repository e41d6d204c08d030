"""Who calls: from a key, a token or a password to whoever it belongs to."""

from moderator.access import KeyGrant, Person, Principal
from moderator.flow.credentials import KEY, TOKEN, Passwords, digest
from moderator.flow.remembered import Remembered
from moderator.store.client import Client
from moderator.store.credentials import Owner, credentials
from moderator.store.grants import grants
from moderator.store.sites import Site, sites
from moderator.store.users import User, users


class Accounts:
    """Answers for each request who sends it.

    Answers are remembered (`Remembered`): a revoked key stops working within five seconds everywhere, and a known
    one goes on while Redis is down.
    """

    def __init__(self, client: Client, passwords: Passwords | None = None) -> None:
        self._sites, self._grants, self._users = sites(client), grants(client), users(client)
        self._credentials = credentials(client)
        self._passwords = passwords or Passwords()
        self._principals: Remembered[Principal] = Remembered(self._find)

    async def principal(self, raw: str) -> Principal | None:
        """Whoever holds the key or personal token `raw`; None: nobody does.

        Raises:
            StoreError: Redis cannot be asked, and did not answer for this one before.
        """
        return await self._principals.get(digest(raw)) if raw.startswith((KEY, TOKEN)) else None

    async def key(self, raw: str) -> KeyGrant | None:
        """What the key `raw` may do; None also for a person's token. Raises as `principal`."""
        found = await self.principal(raw)
        return found if isinstance(found, KeyGrant) else None

    async def person(self, token: str) -> Person | None:
        """Whose personal token it is; None also for a site's key. Raises as `principal`."""
        found = await self.principal(token)
        return found if isinstance(found, Person) else None

    async def sign_in(self, name: str, password: str) -> Person | None:
        """Who signs in with a password; an unknown name takes as long as a wrong password, about 0.2 s.

        Raises:
            StoreError: Redis cannot be asked.
        """
        user = await self._users.get(name)
        matches = await self._passwords.matches(password, user.password if user else None)
        return person(user) if user and matches else None

    async def sites(self) -> list[Site]:
        """The sites that exist, by name.

        Raises:
            StoreError: Redis cannot be asked.
        """
        return await self._sites.all()

    async def site_names(self) -> list[str]:
        """Their names. Raises as `sites`."""
        return [site.name for site in await self.sites()]

    async def _find(self, wanted: str) -> Principal | None:
        owner = await self._credentials.get(wanted)
        if owner is None:
            return None
        return await (self._find_key if owner.kind == "key" else self._find_person)(owner, wanted)

    async def _find_key(self, owner: Owner, wanted: str) -> Principal | None:
        grant = await self._grants.get(owner.name)
        if grant is None or all(key.digest != wanted for key in grant.keys):
            return None
        return KeyGrant(site=grant.site, name=grant.name, scopes=frozenset(grant.scopes))

    async def _find_person(self, owner: Owner, wanted: str) -> Principal | None:
        user = await self._users.get(owner.name)
        if user is None or all(token.digest != wanted for token in user.tokens):
            return None
        return person(user)


def person(user: User) -> Person:
    """A user as a caller: without password and tokens."""
    return Person(name=user.name, roles=dict(user.roles))

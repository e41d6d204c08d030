"""People: made, listed, given roles, passwords and tokens, removed. For admins at the command line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from moderator import clock
from moderator.access import Role
from moderator.errors import Conflict, NotFound
from moderator.flow.credentials import TOKEN, Passwords, credential, new_password, new_secret
from moderator.flow.names import check_name
from moderator.store.client import Client
from moderator.store.tables import Change, until_swapped
from moderator.store.users import User, user_changes, users

MOST_TOKENS = 10
"""Tokens of one person: the oldest ends when another is made."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user just made. `password` and `token` are known here only: shown once and never kept."""

    user: User
    password: str
    token: str


async def new_user(name: str, roles: Mapping[str, Role], passwords: Passwords) -> NewUser:
    """A user that is not recorded yet, with a password and a token of our making; takes about 0.2 s."""
    return await user_with(name, roles, passwords, password=new_password(), token=new_secret(TOKEN))


async def user_with(
    name: str, roles: Mapping[str, Role], passwords: Passwords, *, password: str, token: str
) -> NewUser:
    """The same with secrets that were made before: the first start finishes what an earlier one began."""
    user = User(
        name=name,
        password=await passwords.hash(password),
        roles=dict(roles),
        created_at=clock.now(),
        tokens=(credential(token),),
    )
    return NewUser(user, password, token)


class People:
    """Every method raises StoreError when Redis cannot be asked; after OutcomeUnknown, list who is there.

    Those that name a user raise NotFound when there is no such one. Changes are seen everywhere within five seconds.
    """

    def __init__(self, client: Client, passwords: Passwords | None = None) -> None:
        self._client, self._users = client, users(client)
        self._passwords = passwords or Passwords()

    async def every(self, site: str | None = None) -> list[User]:
        """All users, or those with a role at one site or at all; by name."""
        return [user for user in await self._users.all() if site is None or {site, "*"} & user.roles.keys()]

    async def create(self, name: str, roles: Mapping[str, Role]) -> NewUser:
        """A user with a password and a token.

        Raises:
            InputError: the name cannot be one.
            Conflict: `user_exists`.
        """
        check_name("user", name)
        made = await new_user(name, roles, self._passwords)

        async def attempt() -> tuple[list[Change], NewUser]:
            row = await self._users.read(name)
            if row.value is not None:
                raise Conflict(
                    f"There is a user {name} already; 'moderator users role' changes what they may do.",
                    code="user_exists",
                )
            return user_changes(self._client, row, made.user), made

        return await until_swapped(self._client, attempt)

    async def give_role(self, name: str, site: str, role: Role | None) -> User:
        """Give the role at `site` (`*`: everywhere), or with None take it away."""

        def change(user: User) -> User:
            roles = {place: held for place, held in user.roles.items() if place != site}
            return replace(user, roles=roles if role is None else roles | {site: role})

        return await self._change(name, change)

    async def new_password(self, name: str) -> str:
        """Another password; the old one ends."""
        password = new_password()
        kept = await self._passwords.hash(password)
        await self._change(name, lambda user: replace(user, password=kept))
        return password

    async def new_token(self, name: str) -> str:
        """Another token; the ones before go on, the newest nine of them."""
        raw = new_secret(TOKEN)
        made = credential(raw)
        await self._change(name, lambda user: replace(user, tokens=(made, *user.tokens)[:MOST_TOKENS]))
        return raw

    async def revoke_tokens(self, name: str) -> int:
        """End all tokens; the password goes on. Returns how many there were."""
        count = 0

        def change(user: User) -> User:
            nonlocal count
            count = len(user.tokens)
            return replace(user, tokens=())

        await self._change(name, change)
        return count

    async def remove(self, name: str) -> None:
        """The user goes, with roles, password and tokens. What they did keeps their name."""

        async def attempt() -> tuple[list[Change], None]:
            row = await self._users.read(name)
            if row.value is None:
                raise _unknown(name)
            return user_changes(self._client, row, None), None

        await until_swapped(self._client, attempt)

    async def _change(self, name: str, change: Callable[[User], User]) -> User:
        async def attempt() -> tuple[list[Change], User]:
            row = await self._users.read(name)
            if row.value is None:
                raise _unknown(name)
            changed = change(row.value)
            return user_changes(self._client, row, changed), changed

        return await until_swapped(self._client, attempt)


def _unknown(name: str) -> NotFound:
    return NotFound(f"There is no user {name}; see 'moderator users list'.")

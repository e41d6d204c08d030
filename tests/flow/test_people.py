"""People: their roles, passwords and tokens."""

import pytest
from argon2 import PasswordHasher

from moderator.access import Person, Role
from moderator.errors import Conflict, InputError, NotFound
from moderator.flow.accounts import Accounts
from moderator.flow.credentials import Passwords
from moderator.flow.people import MOST_TOKENS, People
from moderator.store.client import Client

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def people(client: Client) -> People:
    return People(client, Passwords(CHEAP))


def accounts(client: Client) -> Accounts:
    """A process that has not seen anybody yet."""
    return Accounts(client, Passwords(CHEAP))


async def test_a_new_user_signs_in_with_the_password_and_calls_with_the_token(client: Client, people: People) -> None:
    made = await people.create("olena", {"news": Role.MODERATOR})
    expected = Person(name="olena", roles={"news": Role.MODERATOR})
    assert await accounts(client).sign_in("olena", made.password) == expected
    assert await accounts(client).person(made.token) == expected


async def test_nobody_signs_in_with_a_wrong_password_or_name(client: Client, people: People) -> None:
    made = await people.create("olena", {"news": Role.MODERATOR})
    assert await accounts(client).sign_in("olena", made.password + "x") is None
    assert await accounts(client).sign_in("boris", made.password) is None


async def test_a_name_is_taken_once_and_plain(people: People) -> None:
    await people.create("olena", {})
    with pytest.raises(Conflict, match="already"):
        await people.create("olena", {})
    with pytest.raises(InputError):
        await people.create("o lena", {})


async def test_roles_are_given_and_taken(people: People) -> None:
    await people.create("olena", {"news": Role.MODERATOR})
    assert (await people.give_role("olena", "*", Role.SENIOR)).roles == {"news": Role.MODERATOR, "*": Role.SENIOR}
    assert (await people.give_role("olena", "news", None)).roles == {"*": Role.SENIOR}


async def test_people_are_listed_by_site_and_those_of_all_sites_everywhere(people: People) -> None:
    await people.create("olena", {"news": Role.MODERATOR})
    await people.create("boris", {"*": Role.ADMIN})
    assert [user.name for user in await people.every()] == ["boris", "olena"]
    assert [user.name for user in await people.every("sport")] == ["boris"]
    assert [user.name for user in await people.every("news")] == ["boris", "olena"]


async def test_another_password_ends_the_old_one(client: Client, people: People) -> None:
    made = await people.create("olena", {})
    password = await people.new_password("olena")
    assert await accounts(client).sign_in("olena", made.password) is None
    assert await accounts(client).sign_in("olena", password) is not None


async def test_tokens_add_up_until_the_oldest_ends(client: Client, people: People) -> None:
    made = await people.create("olena", {})
    tokens = [await people.new_token("olena") for _ in range(MOST_TOKENS)]
    assert await accounts(client).person(made.token) is None
    assert all([await accounts(client).person(token) for token in tokens])


async def test_revoking_tokens_leaves_the_password(client: Client, people: People) -> None:
    made = await people.create("olena", {})
    assert await people.revoke_tokens("olena") == 1
    assert await accounts(client).person(made.token) is None
    assert await accounts(client).sign_in("olena", made.password) is not None


async def test_who_is_removed_is_gone(client: Client, people: People) -> None:
    made = await people.create("olena", {"*": Role.ADMIN})
    await people.remove("olena")
    assert await accounts(client).person(made.token) is None
    assert await accounts(client).sign_in("olena", made.password) is None
    assert await people.every() == []


async def test_what_is_asked_of_nobody_is_not_found(people: People) -> None:
    for asked in (
        people.give_role("olena", "news", Role.ADMIN),
        people.new_password("olena"),
        people.new_token("olena"),
        people.revoke_tokens("olena"),
        people.remove("olena"),
    ):
        with pytest.raises(NotFound):
            await asked

"""Sites and their keys, from making one to revoking it."""

import asyncio

import pytest

from moderator.access import Scope
from moderator.errors import Conflict, InputError, NotFound
from moderator.flow.accounts import Accounts
from moderator.flow.sites import Sites
from moderator.store.client import Client


@pytest.fixture
def sites(client: Client) -> Sites:
    return Sites(client)


@pytest.fixture
def accounts(client: Client) -> Accounts:
    """Without memory of earlier answers: a new one for every look-up would be the same."""
    return Accounts(client)


async def test_a_new_site_comes_with_a_key_of_all_scopes(sites: Sites, accounts: Accounts) -> None:
    made = await sites.create("news")
    grant = await accounts.key(made.raw)
    assert grant is not None
    assert (grant.site, grant.name, grant.scopes) == ("news", "first", frozenset(Scope))
    assert [site.name for site in await sites.every()] == ["news"]


@pytest.mark.parametrize("name", ["", "*", "News", "a/b", "a:b", "a b", "{a}", "-a", "новини", "a" * 64])
async def test_what_is_no_plain_name_is_no_site(sites: Sites, name: str) -> None:
    with pytest.raises(InputError):
        await sites.create(name)


async def test_a_site_is_made_once(sites: Sites) -> None:
    await sites.create("news")
    with pytest.raises(Conflict, match="exists already"):
        await sites.create("news")


async def test_of_ten_who_make_a_site_at_once_one_gets_it(sites: Sites, accounts: Accounts) -> None:
    results = await asyncio.gather(*(sites.create("news") for _ in range(10)), return_exceptions=True)
    made = [result for result in results if not isinstance(result, BaseException)]
    assert len(made) == 1
    assert await accounts.key(made[0].raw) is not None
    assert all(isinstance(result, Conflict) for result in results if result is not made[0])


async def test_the_only_site_needs_no_name(sites: Sites) -> None:
    with pytest.raises(NotFound):
        await sites.only()
    await sites.create("news")
    assert (await sites.only()).name == "news"
    await sites.create("sport")
    with pytest.raises(Conflict, match="news, sport"):
        await sites.only()


async def test_a_key_has_the_scopes_it_was_given_and_no_others(sites: Sites, accounts: Accounts) -> None:
    await sites.create("news")
    made = await sites.create_key("news", "web", [Scope.READ, Scope.SUBMIT])
    grant = await accounts.key(made.raw)
    assert grant is not None
    assert grant.scopes == {Scope.SUBMIT, Scope.READ}


async def test_keys_without_a_name_are_numbered(sites: Sites) -> None:
    await sites.create("news")
    assert [(await sites.create_key("news", None, [*Scope])).grant.name for _ in range(3)] == [
        "key-2",
        "key-3",
        "key-4",
    ]


async def test_numbered_keys_made_at_once_have_different_names(sites: Sites) -> None:
    await sites.create("news")
    made = await asyncio.gather(*(sites.create_key("news", None, [*Scope]) for _ in range(4)))
    assert {each.grant.name for each in made} == {"key-2", "key-3", "key-4", "key-5"}


async def test_a_key_needs_a_site_and_a_free_name(sites: Sites) -> None:
    with pytest.raises(NotFound):
        await sites.create_key("news", "web", [*Scope])
    await sites.create("news")
    await sites.create_key("news", "web", [*Scope])
    with pytest.raises(Conflict, match="rotate"):
        await sites.create_key("news", "web", [*Scope])
    with pytest.raises(InputError):
        await sites.create_key("news", "a/b", [*Scope])


async def test_after_a_rotation_both_keys_are_valid_and_after_the_next_only_the_newer_two(
    client: Client, sites: Sites
) -> None:
    first = await sites.create("news")
    second = await sites.rotate("news", "first")
    assert await Accounts(client).key(first.raw) == await Accounts(client).key(second.raw) is not None
    third = await sites.rotate("news", "first")
    assert await Accounts(client).key(first.raw) is None
    assert await Accounts(client).key(second.raw) == await Accounts(client).key(third.raw) is not None


async def test_the_previous_key_can_be_revoked_alone(client: Client, sites: Sites) -> None:
    first = await sites.create("news")
    second = await sites.rotate("news", "first")
    await sites.revoke("news", "first", previous=True)
    assert await Accounts(client).key(first.raw) is None
    assert await Accounts(client).key(second.raw) is not None
    with pytest.raises(NotFound, match="not rotated"):
        await sites.revoke("news", "first", previous=True)


async def test_a_revoked_key_is_gone_and_its_name_is_free(client: Client, sites: Sites) -> None:
    made = await sites.create("news")
    await sites.revoke("news", "first")
    assert await Accounts(client).key(made.raw) is None
    assert await sites.keys("news") == []
    await sites.create_key("news", "first", [*Scope])
    with pytest.raises(NotFound):
        await sites.revoke("news", "web")


async def test_keys_are_listed_by_site_without_secrets(sites: Sites) -> None:
    made = [await sites.create(name) for name in ("sport", "news")]
    assert [grant.site for grant in await sites.keys()] == ["news", "sport"]
    assert [grant.site for grant in await sites.keys("sport")] == ["sport"]
    shown = repr(await sites.keys())
    assert all(each.raw[3:] not in shown for each in made)
    with pytest.raises(NotFound):
        await sites.keys("weather")

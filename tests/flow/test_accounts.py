"""Who calls: from a key or token to whoever it belongs to."""

import pytest
from argon2 import PasswordHasher

from moderator import clock
from moderator.access import KeyGrant, Person, Role
from moderator.errors import StoreUnavailable
from moderator.flow import remembered
from moderator.flow.accounts import Accounts
from moderator.flow.credentials import Passwords
from moderator.flow.people import People
from moderator.flow.sites import Sites
from moderator.store.client import Client

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_a_key_is_no_person_and_a_token_is_no_key(client: Client) -> None:
    accounts = Accounts(client)
    key = (await Sites(client).create("news")).raw
    token = (await People(client, Passwords(CHEAP)).create("olena", {"news": Role.ADMIN})).token
    assert isinstance(await accounts.principal(key), KeyGrant)
    assert isinstance(await accounts.principal(token), Person)
    assert await accounts.person(key) is None
    assert await accounts.key(token) is None


@pytest.mark.parametrize("raw", ["", "mk_", "x", "mk_" + "A" * 43, "xx_mk_" + "A" * 43])
async def test_what_was_not_given_out_is_nobodys(client: Client, raw: str) -> None:
    assert await Accounts(client).principal(raw) is None


async def test_a_revoked_key_stops_when_its_answer_is_no_longer_fresh(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that knows a key
    accounts, sites = Accounts(client), Sites(client)
    key = (await sites.create("news")).raw
    assert await accounts.key(key) is not None
    # When it is revoked, then the process lets it in while its answer is fresh, and no longer
    await sites.revoke("news", "first")
    assert await accounts.key(key) is not None
    monkeypatch.setattr(accounts._principals, "_ticks", lambda: clock.ticks() + remembered.LIMIT_S)
    assert await accounts.key(key) is None


async def test_while_redis_is_down_known_keys_are_known_and_unknown_ones_unanswered(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts, sites = Accounts(client), Sites(client)
    known, other = (await sites.create("news")).raw, (await sites.create("sport")).raw
    assert await accounts.key(known) is not None
    await client.close()
    monkeypatch.setattr(accounts._principals, "_ticks", lambda: clock.ticks() + 3600)
    assert await accounts.key(known) is not None
    with pytest.raises(StoreUnavailable):
        await accounts.key(other)


async def test_the_sites_are_listed(client: Client) -> None:
    for name in ("sport", "news"):
        await Sites(client).create(name)
    assert await Accounts(client).site_names() == ["news", "sport"]

"""Small tables of records: what changes together, changes together."""

import asyncio

import pytest
from msgspec import Struct
from msgspec.structs import replace

from moderator.access import Scope
from moderator.clock import now
from moderator.errors import Conflict
from moderator.store.client import Client
from moderator.store.credentials import Credential, credentials
from moderator.store.grants import Grant, field, grant_changes, grants
from moderator.store.keys import slot
from moderator.store.sites import sites
from moderator.store.tables import Change, Table, swap, until_swapped
from moderator.store.users import users


class Count(Struct, frozen=True, array_like=True):
    value: int


class Names(Struct, frozen=True, array_like=True):
    names: list[str]


@pytest.fixture
def counts(client: Client) -> Table[Count]:
    return Table(client, client.keys.accounts("counts"), Count)


async def test_a_record_is_read_as_it_was_written(client: Client, counts: Table[Count]) -> None:
    row = await counts.read("a")
    assert row.value is None
    assert await swap(client, [row.becomes(Count(1))])
    assert await counts.get("a") == Count(1)


async def test_records_come_in_order_of_name(client: Client, counts: Table[Count]) -> None:
    assert await swap(client, [counts.added(name, Count(number)) for number, name in enumerate("cab")])
    assert await counts.all() == [Count(1), Count(2), Count(0)]


async def test_when_one_record_differs_no_record_changes(client: Client, counts: Table[Count]) -> None:
    stale = await counts.read("a")
    await swap(client, [stale.becomes(Count(1))])
    assert not await swap(client, [counts.added("b", Count(5)), stale.becomes(Count(2))])
    assert await counts.get("b") is None
    assert await counts.get("a") == Count(1)


async def test_the_same_changes_again_find_their_own_work(client: Client, counts: Table[Count]) -> None:
    changes = [counts.added("a", Count(1)), counts.added("b", Count(2))]
    assert await swap(client, changes)
    assert await swap(client, changes)


async def test_who_loses_a_race_reads_again(client: Client) -> None:
    names = Table(client, client.keys.accounts("names"), Names)

    async def add(name: str) -> None:
        async def attempt() -> tuple[list[Change], None]:
            row = await names.read("a")
            return [row.becomes(Names([*(row.value.names if row.value else []), name]))], None

        await until_swapped(client, attempt)

    await asyncio.gather(*(add(name) for name in "abcd"))
    kept = await names.get("a")
    assert kept is not None
    assert sorted(kept.names) == ["a", "b", "c", "d"]


async def test_a_race_that_is_lost_every_time_is_a_conflict(client: Client, counts: Table[Count]) -> None:
    await swap(client, [counts.added("a", Count(1))])

    async def attempt() -> tuple[list[Change], None]:
        return [counts.added("a", Count(2))], None

    with pytest.raises(Conflict) as caught:
        await until_swapped(client, attempt)
    assert caught.value.code == "busy"


async def test_a_grant_and_the_index_of_its_keys_change_in_one_script(client: Client) -> None:
    # Given a grant with one key
    old, new = (Credential(digest=letter * 64, created_at=now()) for letter in "ab")
    grant = Grant(site="news", name="web", scopes=(Scope.READ,), created_at=now(), keys=(old,))
    empty = await grants(client).read(field("news", "web"))
    await swap(client, grant_changes(client, empty, grant))
    # When another takes its place
    row = await grants(client).read(field("news", "web"))
    await swap(client, grant_changes(client, row, replace(grant, keys=(new,))))
    # Then only the other is found
    assert await credentials(client).get(old.digest) is None
    owner = await credentials(client).get(new.digest)
    assert owner is not None
    assert (owner.kind, owner.name) == ("key", "news/web")


def test_all_tables_of_accounts_lie_in_one_slot(client: Client) -> None:
    keys = [table(client)._key for table in (sites, grants, users, credentials)]
    assert len(set(keys)) == 4
    assert len({slot(key.encode()) for key in keys}) == 1

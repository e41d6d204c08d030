"""`moderator work`, and what `moderator check` says of dead letters."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from moderator.commands import work
from moderator.store.client import Client
from moderator.store.comments import Change, Comments, Done
from moderator.store.waiting import Waiting, Work
from moderator.workers.work import KINDS
from tests.commands.conftest import Server
from tests.store.conftest import comment_of

SITE = "default"
GiveUp = Callable[..., None]


async def next_ms(client: Client) -> None:
    """Until the server's clock has moved on: what is given up now is younger."""
    before = await now_ms(client)
    while await now_ms(client) == before:
        pass


async def now_ms(client: Client) -> int:
    seconds, micros = await client.call("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


@pytest.fixture
def give_up(redis_server: Server, prefix: str) -> GiveUp:
    """Let work of a kind on comments c-N fail for the last time."""

    async def giving_up(kind: str, *numbers: int) -> None:
        client = await Client.connect(redis_server.url, prefix=prefix, timeout_ms=5000)
        for number in numbers:
            change = Change(old=None, new=comment_of(number), wait=(Work(kind, SITE, f"c-{number}"),))
            assert await Comments(client).change(SITE, [change]) == [Done()]
            (claimed,) = await Waiting(client).claim([kind], limit=1, lease_s=60)
            assert await Waiting(client).later(claimed, 0, max_tries=1)
            await next_ms(client)
        await client.close()

    return lambda kind, *numbers: asyncio.run(giving_up(kind, *numbers))


@pytest.fixture
def due(redis_server: Server, prefix: str) -> Callable[[], list[str]]:
    """Claim what is due now, as `kind id`."""

    async def claiming() -> list[str]:
        client = await Client.connect(redis_server.url, prefix=prefix, timeout_ms=5000)
        claimed = await Waiting(client).claim(KINDS, limit=100, lease_s=60)
        await client.close()
        return sorted(f"{each.kind} {each.id}" for each in claimed)

    return lambda: asyncio.run(claiming())


def of_work(done: Any) -> Any:
    (found,) = (each for each in done.json if each["check"] == "work")
    return found


def test_where_nothing_was_given_up_lists_are_empty_and_a_replay_does_nothing(run: Callable[..., Any]) -> None:
    assert run("work", "list").out == "KIND  SITE  COMMENT  GIVEN UP\n"
    assert run("work", "list", "--json").json == []
    replayed = run("work", "replay")
    assert (replayed.code, replayed.out, replayed.err) == (0, "", "Due again: 0.\n")


def test_what_was_given_up_is_listed_the_oldest_first(run: Callable[..., Any], give_up: GiveUp) -> None:
    give_up("rescore", 2, 1)
    give_up("decide", 3)
    listed = run("work", "list", "--json").json
    assert [(each["kind"], each["site"], each["id"]) for each in listed] == [
        ("rescore", SITE, "c-2"),
        ("rescore", SITE, "c-1"),
        ("decide", SITE, "c-3"),
    ]
    assert all(each["given_up_at"].endswith("Z") for each in listed)
    assert [each["id"] for each in run("work", "list", "--json", "--kind", "decide").json] == ["c-3"]
    lines = run("work", "list").out.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [[each["kind"], each["site"], each["id"]] for each in listed]


def test_what_is_replayed_is_due_and_no_dead_letter_any_more(
    run: Callable[..., Any], give_up: GiveUp, due: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_AT_ONCE", 2)
    give_up("rescore", 1, 2, 3)
    give_up("decide", 4)
    assert run("work", "replay", "--kind", "rescore").err == "Due again: 3.\n"
    assert due() == ["rescore c-1", "rescore c-2", "rescore c-3"]
    assert [each["id"] for each in run("work", "list", "--json").json] == ["c-4"]
    assert run("work", "replay").err == "Due again: 1.\n"
    assert due() == ["decide c-4"]
    assert run("work", "list", "--json").json == []


def test_a_long_list_is_cut_and_says_so(
    run: Callable[..., Any], give_up: GiveUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LISTED", 2)
    give_up("rescore", 1, 2, 3)
    done = run("work", "list", "--json")
    assert [each["id"] for each in done.json] == ["c-1", "c-2"]
    assert done.err == "1 more are not shown.\n"


def test_a_kind_that_does_not_exist_is_exit_code_2(run: Callable[..., Any]) -> None:
    failed = run("work", "replay", "--kind", "everything")
    assert (failed.code, failed.out) == (2, "")
    assert "decide" in failed.err


def test_check_counts_what_was_given_up_and_names_the_command_that_shows_it(
    run: Callable[..., Any], give_up: GiveUp
) -> None:
    assert of_work(run("check", "--json"))["detail"] == "nothing was given up"
    give_up("rescore", 1, 2)
    found = of_work(run("check", "--json"))
    assert (found["ok"], found["warning"]) == (True, True)
    assert "2 rescore; 'moderator work list' shows them" in found["detail"]
    assert "\nWARN  work " in run("check").out

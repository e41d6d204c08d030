"""What is remembered of callers, for how long, and what holds while the store cannot be asked."""

import asyncio

import pytest

from moderator.errors import OutcomeUnknown, StoreUnavailable
from moderator.flow.remembered import FRESH_S, LIMIT_S, PATIENCE_S, Remembered


class Store:
    """Answers from a dict, counts the questions, and can be down or hang. `now` is the clock of the test."""

    def __init__(self) -> None:
        self.answers = {"a": "Anna"}
        self.asked = 0
        self.failure: Exception | None = None
        self.hangs: asyncio.Event | None = None
        self.now = 100.0

    async def look_up(self, name: str) -> str | None:
        self.asked += 1
        if self.hangs is not None:
            await self.hangs.wait()
        if self.failure is not None:
            raise self.failure
        return self.answers.get(name)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def remembered(store: Store) -> Remembered[str]:
    return Remembered(store.look_up, ticks=lambda: store.now)


async def answered(remembered: Remembered[str]) -> None:
    """Let the questions in the background be answered."""
    await asyncio.gather(*remembered._asking.values(), return_exceptions=True)


async def test_a_known_name_is_asked_for_once(store: Store, remembered: Remembered[str]) -> None:
    assert [await remembered.get("a") for _ in range(3)] == ["Anna"] * 3
    assert store.asked == 1


async def test_an_answer_that_is_no_longer_fresh_is_asked_for_in_the_background(
    store: Store, remembered: Remembered[str]
) -> None:
    await remembered.get("a")
    del store.answers["a"]
    store.now += FRESH_S
    assert await remembered.get("a") == "Anna"
    await answered(remembered)
    assert await remembered.get("a") is None


async def test_what_was_taken_away_is_gone_within_five_seconds_however_often_it_is_asked_for(
    store: Store, remembered: Remembered[str]
) -> None:
    await remembered.get("a")
    del store.answers["a"]
    store.now += LIMIT_S
    assert await asyncio.gather(*(remembered.get("a") for _ in range(5))) == [None] * 5
    assert store.asked == 2
    assert LIMIT_S < 5


async def test_an_unknown_name_is_not_kept(store: Store, remembered: Remembered[str]) -> None:
    assert await remembered.get("b") is None
    store.answers["b"] = "Boris"
    assert await remembered.get("b") == "Boris"


@pytest.mark.parametrize("failure", [StoreUnavailable("down"), OutcomeUnknown("lost")])
async def test_while_the_store_is_down_the_last_answer_holds(
    store: Store, remembered: Remembered[str], failure: Exception
) -> None:
    await remembered.get("a")
    store.failure = failure
    for _ in range(3600):
        store.now += 1
        assert await remembered.get("a") == "Anna"


async def test_a_store_that_is_down_is_asked_once_a_second(store: Store, remembered: Remembered[str]) -> None:
    await remembered.get("a")
    store.failure = StoreUnavailable("down")
    store.now += LIMIT_S
    for _ in range(10):
        await remembered.get("a")
    assert store.asked == 2
    store.now += PATIENCE_S
    await remembered.get("a")
    await answered(remembered)
    assert store.asked == 3


async def test_nobody_waits_twice_for_a_store_that_hangs(store: Store, remembered: Remembered[str]) -> None:
    # Given a store that failed to answer
    await remembered.get("a")
    store.failure = StoreUnavailable("no answer")
    store.now += LIMIT_S
    await remembered.get("a")
    # When it is asked again and hangs
    store.hangs = asyncio.Event()
    store.now += PATIENCE_S
    # Then the last answer is given at once
    assert await asyncio.wait_for(remembered.get("a"), 1) == "Anna"
    store.hangs.set()
    await answered(remembered)


async def test_when_the_store_is_back_what_was_revoked_meanwhile_is_gone(
    store: Store, remembered: Remembered[str]
) -> None:
    await remembered.get("a")
    store.failure = StoreUnavailable("down")
    store.now += LIMIT_S
    await remembered.get("a")
    store.failure = None
    del store.answers["a"]
    store.now += PATIENCE_S
    await remembered.get("a")
    await answered(remembered)
    assert await remembered.get("a") is None


async def test_after_an_outage_that_nobody_saw_the_end_of_the_answer_is_waited_for(
    store: Store, remembered: Remembered[str]
) -> None:
    await remembered.get("a")
    store.failure = StoreUnavailable("down")
    store.now += LIMIT_S
    await remembered.get("a")
    store.failure = None
    del store.answers["a"]
    store.now += 3600
    assert await remembered.get("a") is None


async def test_nobody_is_let_in_whom_the_store_never_told_about(store: Store, remembered: Remembered[str]) -> None:
    store.failure = StoreUnavailable("down")
    with pytest.raises(StoreUnavailable):
        await remembered.get("a")


async def test_who_hangs_up_takes_the_answer_from_nobody(store: Store, remembered: Remembered[str]) -> None:
    await remembered.get("a")
    store.hangs = asyncio.Event()
    store.now += LIMIT_S
    first, second = (asyncio.create_task(remembered.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    store.hangs.set()
    assert await second == "Anna"


async def test_a_program_error_is_not_taken_for_an_outage(store: Store, remembered: Remembered[str]) -> None:
    await remembered.get("a")
    store.failure = RuntimeError("bug")
    store.now += LIMIT_S
    with pytest.raises(RuntimeError):
        await remembered.get("a")


async def test_memory_is_bounded(store: Store, remembered: Remembered[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderator.flow.remembered.SIZE", 3)
    store.answers = {str(number): "x" for number in range(10)}
    for name in store.answers:
        await remembered.get(name)
    assert [*remembered._kept] == ["7", "8", "9"]

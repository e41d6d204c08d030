"""What is remembered of callers, for how long, and what holds while the store cannot be asked."""

import pytest

from moderator.errors import OutcomeUnknown, StoreUnavailable
from moderator.flow.remembered import FRESH_S, PATIENCE_S, Remembered


class Store:
    """Answers from a dict, counts the questions, and can be down. `now` is the clock of the test."""

    def __init__(self) -> None:
        self.answers = {"a": "Anna"}
        self.asked = 0
        self.failure: Exception | None = None
        self.now = 100.0

    async def look_up(self, name: str) -> str | None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.answers.get(name)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def remembered(store: Store) -> Remembered[str]:
    return Remembered(store.look_up, ticks=lambda: store.now)


async def test_a_known_name_is_asked_for_once(store: Store, remembered: Remembered[str]) -> None:
    assert [await remembered.get("a") for _ in range(3)] == ["Anna"] * 3
    assert store.asked == 1


async def test_what_is_taken_away_is_gone_when_the_answer_is_no_longer_fresh(
    store: Store, remembered: Remembered[str]
) -> None:
    await remembered.get("a")
    del store.answers["a"]
    store.now += FRESH_S
    assert await remembered.get("a") is None


def test_revocation_is_seen_within_five_seconds() -> None:
    assert FRESH_S + PATIENCE_S <= 5


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
    store.now += 3600
    assert await remembered.get("a") == "Anna"


async def test_a_store_that_is_down_is_asked_once_a_second(store: Store, remembered: Remembered[str]) -> None:
    await remembered.get("a")
    store.failure = StoreUnavailable("down")
    store.now += FRESH_S
    for _ in range(10):
        await remembered.get("a")
    assert store.asked == 2
    store.now += PATIENCE_S
    await remembered.get("a")
    assert store.asked == 3


async def test_when_the_store_is_back_what_was_revoked_meanwhile_is_gone(
    store: Store, remembered: Remembered[str]
) -> None:
    await remembered.get("a")
    store.failure = StoreUnavailable("down")
    store.now += FRESH_S
    await remembered.get("a")
    store.failure = None
    del store.answers["a"]
    store.now += PATIENCE_S
    assert await remembered.get("a") is None


async def test_nobody_is_let_in_whom_the_store_never_told_about(store: Store, remembered: Remembered[str]) -> None:
    store.failure = StoreUnavailable("down")
    with pytest.raises(StoreUnavailable):
        await remembered.get("a")


async def test_a_program_error_is_not_taken_for_an_outage(store: Store, remembered: Remembered[str]) -> None:
    await remembered.get("a")
    store.failure = RuntimeError("bug")
    store.now += FRESH_S
    with pytest.raises(RuntimeError):
        await remembered.get("a")


async def test_memory_is_bounded(store: Store, remembered: Remembered[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderator.flow.remembered.SIZE", 3)
    store.answers = {str(number): "x" for number in range(10)}
    for name in store.answers:
        await remembered.get(name)
    assert [*remembered._kept] == ["7", "8", "9"]

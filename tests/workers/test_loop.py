"""A background loop outlives whatever it meets; how long it sleeps is noted instead of slept."""

import asyncio
from collections import deque
from types import SimpleNamespace

import pytest

from moderator import metrics
from moderator.errors import StoreUnavailable
from moderator.workers import loop
from moderator.workers.loop import forever


class Turns:
    """A loop's turns as the test wants them: each finds so many items, or fails. After the last the loop is stopped."""

    def __init__(self, *turns: int | Exception) -> None:
        self._turns = deque(turns)
        self.pauses: list[float] = []

    async def run_once(self) -> int:
        turn = self._turns.popleft()
        if isinstance(turn, Exception):
            raise turn
        return turn

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if not self._turns:
            raise asyncio.CancelledError


async def pauses(
    monkeypatch: pytest.MonkeyPatch, *turns: int | Exception, pause_s: float = 0.5, name: str = "test"
) -> list[float]:
    """How long the loop would have slept after each of `turns`."""
    made = Turns(*turns)
    monkeypatch.setattr(loop, "asyncio", SimpleNamespace(sleep=made.sleep))
    with pytest.raises(asyncio.CancelledError):
        await forever(name, made.run_once, pause_s=pause_s)
    return made.pauses


async def test_it_pauses_only_when_there_was_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await pauses(monkeypatch, 3, 0, 64, 1, 0, 0) == [0, 0.5, 0, 0, 0.5, 0.5]


async def test_it_keeps_turning_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(await pauses(monkeypatch, ZeroDivisionError(), StoreUnavailable("down"), 1, 0)) == 4


async def test_the_pause_doubles_while_it_fails_up_to_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await pauses(monkeypatch, *[StoreUnavailable("down")] * 7) == [1, 2, 4, 8, 10, 10, 10]


async def test_a_store_that_is_away_for_hours_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    *failed, done = await pauses(monkeypatch, *[StoreUnavailable("down")] * 2000, 1)
    assert (len(failed), max(failed), done) == (2000, 10, 0)


@pytest.mark.parametrize("recovered", [0, 5])
async def test_one_good_turn_forgets_the_failures_before_it(monkeypatch: pytest.MonkeyPatch, recovered: int) -> None:
    away = StoreUnavailable("down")
    assert (await pauses(monkeypatch, away, away, away, recovered, away))[-1] == 1


async def test_failures_are_counted_by_loop_and_only_unexpected_ones_are_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = metrics.WORK.labels("counted", "failed")
    before = failed._value.get()
    await pauses(monkeypatch, StoreUnavailable("down"), ZeroDivisionError(), 1, name="counted")
    assert failed._value.get() - before == 2
    (record,) = caplog.records
    assert (record.message, record.levelname) == ("loop_failed", "ERROR")
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


async def test_it_can_be_stopped_while_it_works() -> None:
    at_work = asyncio.Event()

    async def work_without_end() -> int:
        at_work.set()
        await asyncio.get_running_loop().create_future()
        return 0

    turning = asyncio.create_task(forever("test", work_without_end, pause_s=0))
    await at_work.wait()
    turning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turning

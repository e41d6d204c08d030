"""The loop that makes batches: one at a time while it is quiet, a second one when it is full, and never a dead one."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from moderator import clock
from moderator.domain import Article, Submission
from moderator.errors import Overloaded
from moderator.flow.batcher import Batcher
from moderator.flow.line import Job, Limits, Line

LIMITS = Limits(comments=4, code_points=10_000, expected_ms=1e9)


def job(name: str) -> Job:
    return Job(
        site="a",
        submission=Submission(id=name, text="x" * 10, article=Article(id="a-1")),
        old=None,
        compose=lambda _old, _assessment: None,
        result=asyncio.get_running_loop().create_future(),
        arrived=0.0,
    )


class Handler:
    """Takes batches and holds each until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.began = asyncio.Event()
        self.go = asyncio.Event()
        self.fails = False

    async def __call__(self, jobs: Sequence[Job]) -> None:
        self.batches.append([each.submission.id for each in jobs])
        self.began.set()
        await self.go.wait()
        if self.fails:
            raise RuntimeError("a defect")
        for each in jobs:
            each.result.set_exception(Overloaded("made up"))
            each.result.exception()


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
async def batcher(handler: Handler) -> AsyncIterator[Batcher]:
    batcher = Batcher(handler, line=Line(100), limits=LIMITS)
    batcher.start()
    yield batcher
    handler.go.set()
    await batcher.close(1)


async def settled(*jobs: Job) -> None:
    await asyncio.wait([each.result for each in jobs], timeout=5)


async def test_a_lone_job_goes_at_once_and_what_arrives_meanwhile_goes_together(
    batcher: Batcher, handler: Handler
) -> None:
    jobs = [job(f"j{number}") for number in range(4)]
    batcher.put(jobs[0])
    await handler.began.wait()
    for each in jobs[1:]:
        batcher.put(each)
    await asyncio.sleep(0)
    assert (handler.batches, batcher.waiting) == ([["j0"]], 3)
    handler.go.set()
    await settled(*jobs)
    assert handler.batches == [["j0"], ["j1", "j2", "j3"]]


async def test_a_second_batch_starts_beside_the_first_only_when_it_is_worth_it(
    batcher: Batcher, handler: Handler
) -> None:
    jobs = [job(f"j{number}") for number in range(10)]  # one goes alone, nine wait: more than eight
    batcher.put(jobs[0])
    await handler.began.wait()
    handler.began.clear()
    for each in jobs[1:]:
        batcher.put(each)
    await handler.began.wait()
    assert handler.batches == [["j0"], ["j1", "j2", "j3", "j4"]]
    handler.go.set()
    await settled(*jobs)
    assert [len(batch) for batch in handler.batches] == [1, 4, 4, 1]


async def test_a_batch_that_fails_tells_its_callers_and_ends_nothing_else(batcher: Batcher, handler: Handler) -> None:
    handler.fails = True
    handler.go.set()
    failed = job("j0")
    batcher.put(failed)
    await settled(failed)
    assert isinstance(failed.result.exception(), RuntimeError)
    handler.fails = False
    fine = job("j1")
    batcher.put(fine)
    await settled(fine)
    assert isinstance(fine.result.exception(), Overloaded)


async def test_a_loop_that_dies_is_started_again_and_forgets_nobody(
    batcher: Batcher, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler.go.set()
    take = Line.take

    def die_once(*_: object) -> list[Job]:
        monkeypatch.setattr(Line, "take", take)
        raise RuntimeError("a defect")

    monkeypatch.setattr(Line, "take", die_once)
    waiting = job("j0")
    batcher.put(waiting)
    await settled(waiting)
    assert handler.batches == [["j0"]]


async def test_the_heartbeat_ages_while_a_batch_is_stuck(
    batcher: Batcher, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher.put(job("j0"))
    await handler.began.wait()
    monkeypatch.setattr("moderator.flow.batcher.ticks", lambda: clock.ticks() + 6)
    assert batcher.heartbeat_age_s > 5


async def test_closing_finishes_what_was_taken_and_takes_nothing_more(batcher: Batcher, handler: Handler) -> None:
    handler.go.set()
    taken = job("j0")
    batcher.put(taken)
    await batcher.close(1)
    assert taken.result.done()
    with pytest.raises(Overloaded):
        batcher.put(job("j1"))


async def test_what_a_batch_costs_is_learnt_from_large_ones(batcher: Batcher) -> None:
    waiting = job("j0")
    for _ in range(50):
        batcher.measured(2_400, 0.030)
    learnt = batcher.expected_ms(waiting)
    assert learnt == pytest.approx(40 * 30 / 2_400, rel=0.01)
    batcher.measured(40, 0.010)
    assert batcher.expected_ms(waiting) < 1.3 * learnt

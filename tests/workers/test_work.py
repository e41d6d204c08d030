"""What waits gets done: on a real store, with time that passes when the test says so."""

from datetime import datetime

import pytest

from moderator import metrics
from moderator.domain import Comment, Outcome, State
from moderator.errors import StoreUnavailable
from moderator.flow import revisions
from moderator.flow.assessment import Assessment
from moderator.runtime import Services
from moderator.store.signals import Signals
from moderator.workers.work import KINDS, MAX_TRIES, Worker, pause_ms
from tests.services_fixture import BAD, BROKEN, GOOD, break_scorer, comment

SITE = "default"


@pytest.fixture
def worker(services: Services) -> Worker:
    return Worker.of(services)


async def now_ms(services: Services) -> int:
    """By the server's clock, which is the one that counts for due times."""
    seconds, micros = await services.client.call("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


def place(services: Services, kind: str, comment_id: str) -> tuple[str, str]:
    """Where an item of work waits: the set and its member."""
    keys = services.client.keys
    return keys.waiting(keys.lane(SITE, comment_id), kind), f"{SITE}\0{comment_id}"


async def due_ms(services: Services, kind: str, comment_id: str) -> int | None:
    """When an item is due; None when it does not wait any more."""
    score = await services.client.call("ZSCORE", *place(services, kind, comment_id))
    return None if score is None else int(float(score))


async def let_time_pass(services: Services, kind: str, comment_id: str) -> None:
    """Until an item is due that still waits."""
    key, member = place(services, kind, comment_id)
    await services.client.call("ZADD", key, "XX", 1, member)


async def dead(services: Services) -> list[tuple[str, str]]:
    return [(letter.kind, letter.id) for kind in KINDS for letter in await services.waiting.dead(kind)]


async def unscored(services: Services, monkeypatch: pytest.MonkeyPatch, *ids: str) -> None:
    """Comments recorded while they could not be scored."""
    with monkeypatch.context() as broken:
        break_scorer(broken)
        for each in ids:
            await services.intake.submit(SITE, comment(each, BROKEN))


def counted(kind: str, result: str) -> float:
    value: float = metrics.WORK.labels(kind, result)._value.get()
    return value


async def test_a_comment_that_was_accepted_is_decided_and_waits_no_longer(services: Services, worker: Worker) -> None:
    await services.intake.accept(SITE, comment("c-1", BAD))
    before = counted("decide", "done")
    assert await worker.run_once() == 1
    assert (await services.comments.get(SITE, "c-1")).state is State.HELD
    assert await due_ms(services, "decide", "c-1") is None
    assert counted("decide", "done") - before == 1
    assert await worker.run_once() == 0


async def test_a_comment_that_could_not_be_scored_is_scored_and_its_outcome_stands(
    services: Services, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await unscored(services, monkeypatch, "c-1")
    assert await worker.run_once() == 1
    found = await services.comments.get(SITE, "c-1")
    assert found.latest.scored is not None
    assert (found.state, found.history[-1].outcome) == (State.HELD, Outcome.APPROVE)
    assert await due_ms(services, "rescore", "c-1") is None


async def test_both_kinds_are_taken_in_one_turn_and_two_workers_share_it(
    services: Services, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await unscored(services, monkeypatch, "c-1")
    await services.intake.accept(SITE, comment("c-2", GOOD))
    assert (await worker.run_once(), await Worker.of(services).run_once()) == (2, 0)


async def test_work_on_a_comment_that_is_gone_is_finished(services: Services, worker: Worker) -> None:
    await services.intake.accept(SITE, comment("c-1"))
    await services.client.call("DEL", services.client.keys.comment(SITE, "c-1"))
    assert await worker.run_once() == 1
    assert await due_ms(services, "decide", "c-1") is None
    assert await dead(services) == []


async def test_a_comment_that_somebody_decided_meanwhile_is_left_as_it_is(services: Services, worker: Worker) -> None:
    await services.intake.accept(SITE, comment("c-1", BAD))
    decided = (await services.intake.edit(SITE, "c-1", GOOD, "author")).comment
    assert decided.state is State.APPROVED
    assert await worker.run_once() == 1
    assert await services.comments.get(SITE, "c-1") == decided


async def test_what_fails_is_put_off_for_longer_each_time_and_then_a_dead_letter(
    services: Services, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a comment that the scorer breaks on every time
    await unscored(services, monkeypatch, "c-1")
    break_scorer(monkeypatch)
    # When it is tried until its last try, then each time it waits as long as so many tries deserve
    for tries in range(1, MAX_TRIES):
        began = await now_ms(services)
        assert await worker.run_once() == 1
        due = await due_ms(services, "rescore", "c-1")
        assert due is not None
        assert began + pause_ms(tries) <= due <= await now_ms(services) + pause_ms(tries)
        assert await worker.run_once() == 0
        assert await dead(services) == []
        await let_time_pass(services, "rescore", "c-1")
    # And then it is given up, until somebody wants it again
    assert await worker.run_once() == 1
    assert await due_ms(services, "rescore", "c-1") is None
    assert await dead(services) == [("rescore", "c-1")]
    monkeypatch.undo()
    (letter,) = await services.waiting.dead("rescore")
    assert await services.waiting.replay(letter)
    assert await worker.run_once() == 1
    assert (await services.comments.get(SITE, "c-1")).latest.scored is not None


def test_the_pauses_grow_to_two_minutes_and_last_a_quarter_of_an_hour_together() -> None:
    pauses_s = [pause_ms(tries) / 1000 for tries in range(1, MAX_TRIES)]
    assert pauses_s[:8] == [1, 2, 4, 8, 16, 32, 64, 120]
    assert set(pauses_s[8:]) == {120}
    assert 14 * 60 <= sum(pauses_s) <= 16 * 60


def test_dead_letters_of_every_kind_are_counted_from_the_start() -> None:
    counted_kinds = {sample.labels["kind"] for sample in next(iter(metrics.DEAD_LETTERS.metric.collect())).samples}
    assert {*KINDS} <= counted_kinds


async def test_work_that_the_store_interrupts_is_done_in_a_later_try(
    services: Services, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> list[Exception]:
        return [StoreUnavailable("down")]

    await services.intake.accept(SITE, comment("c-1"))
    before = counted("decide", "put_off")
    with monkeypatch.context() as down:
        down.setattr(Signals, "gather", fail)
        assert await worker.run_once() == 1
    assert counted("decide", "put_off") - before == 1
    assert (await services.comments.get(SITE, "c-1")).state is State.PENDING
    await let_time_pass(services, "decide", "c-1")
    assert await worker.run_once() == 1
    assert (await services.comments.get(SITE, "c-1")).state is State.APPROVED


@pytest.mark.parametrize("error", [StoreUnavailable("down"), ZeroDivisionError()])
async def test_an_item_that_fails_harms_none_of_its_neighbours(
    services: Services, worker: Worker, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    decided_late = revisions.decided_late

    def fails_on_one(pending: Comment, assessment: Assessment, at: datetime) -> Comment:
        if pending.id == "bad":
            raise error
        return decided_late(pending, assessment, at)

    for each in ("c-1", "c-2", "bad", "c-3", "c-4"):
        await services.intake.accept(SITE, comment(each))
    monkeypatch.setattr(revisions, "decided_late", fails_on_one)
    assert await worker.run_once() == 5
    states = {each: (await services.comments.get(SITE, each)).state for each in ("c-1", "c-2", "c-3", "c-4", "bad")}
    assert states.pop("bad") is State.PENDING
    assert set(states.values()) == {State.APPROVED}
    due = await due_ms(services, "decide", "bad")
    assert due is not None
    assert due <= await now_ms(services) + 1000

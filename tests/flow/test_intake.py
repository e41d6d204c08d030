"""The rules that make group commit safe, each on a real store with a real scorer."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from moderator.domain import CaseKind, Outcome, State
from moderator.errors import Conflict, NotFound, OutcomeUnknown, Overloaded, StoreUnavailable
from moderator.flow.receipts import Receipt
from moderator.policy import links
from moderator.runtime import Services
from moderator.scoring.normalise import prepare
from moderator.settings import Settings
from moderator.store.client import LATE, Client
from moderator.store.comments import Comments
from moderator.store.signals import SignalInput, Signals
from moderator.workers.work import Worker
from tests.flow.made import decision_of, scored_of
from tests.services_fixture import BAD, BROKEN, GOOD, break_scorer, comment

SITE = "default"


async def test_a_comment_is_scored_decided_and_recorded_before_the_receipt(services: Services) -> None:
    receipt = await services.intake.submit(SITE, comment("c-1", BAD))
    stored = await services.comments.get(SITE, "c-1")
    assert stored == receipt.comment
    assert (stored.state, decision_of(stored).outcome) == (State.HELD, Outcome.HOLD)
    assert scored_of(stored).scores["insult"] > 0.8
    assert stored.latest.spans


async def test_many_that_arrive_together_get_each_their_own_result(services: Services) -> None:
    texts = {f"c-{number}": BAD if number % 3 == 0 else f"{GOOD} {number}" for number in range(60)}
    receipts = await asyncio.gather(*(services.intake.submit(SITE, comment(*item)) for item in texts.items()))
    for receipt in receipts:
        held = texts[receipt.comment.id] == BAD
        assert receipt.comment.latest.text == texts[receipt.comment.id]
        assert (receipt.comment.state is State.HELD) == held


async def test_one_text_that_breaks_the_scorer_harms_none_of_its_neighbours(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_scorer(monkeypatch)
    broken = services.intake.submit(SITE, comment("bad", BROKEN))
    others = [services.intake.submit(SITE, comment(f"c-{number}", f"{GOOD} {number}")) for number in range(8)]
    failed, *fine = [receipt.comment for receipt in await asyncio.gather(broken, *others)]
    assert {each.state for each in fine} == {State.APPROVED}
    assert all(each.latest.scored is not None for each in fine)
    assert (failed.state, failed.latest.scored) == (State.HELD, None)
    assert decision_of(failed).reasons[0].code == "scoring_unavailable"


async def test_what_could_not_be_scored_is_scored_later_by_a_worker(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        break_scorer(broken)
        await services.intake.submit(SITE, comment("c-1", BROKEN))
    assert await Worker.of(services).run_once() == 1
    later = await services.comments.get(SITE, "c-1")
    assert (later.state, later.latest.scored is None) == (State.HELD, False)
    assert await Worker.of(services).run_once() == 0


async def test_a_caller_that_goes_away_changes_nothing(services: Services) -> None:
    gone = [asyncio.create_task(services.intake.submit(SITE, comment(f"gone-{number}"))) for number in range(5)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    stays = await services.intake.submit(SITE, comment("stays"))
    assert stays.comment.state is State.APPROVED
    await services.intake.close(5)
    for number in range(5):
        assert (await services.comments.get(SITE, f"gone-{number}")).state is State.APPROVED


async def test_the_same_comment_again_gets_the_first_record(services: Services) -> None:
    first = await services.intake.submit(SITE, comment("c-1", BAD))
    again = await services.intake.submit(SITE, comment("c-1", BAD))
    assert (again.replayed, again.comment) == (True, first.comment)


async def test_the_same_comment_many_times_at_once_is_one_comment(services: Services) -> None:
    receipts = await asyncio.gather(*(services.intake.submit(SITE, comment("c-1", BAD)) for _ in range(20)))
    assert [receipt.replayed for receipt in receipts].count(False) == 1
    assert len({receipt.comment.created_at for receipt in receipts}) == 1


async def test_an_id_with_other_content_is_refused(services: Services) -> None:
    await services.intake.submit(SITE, comment("c-1", BAD))
    with pytest.raises(Conflict) as refusal:
        await services.intake.submit(SITE, comment("c-1", GOOD))
    assert refusal.value.code == "id_conflict"


async def test_the_same_id_is_free_at_another_site(services: Services) -> None:
    await services.intake.submit(SITE, comment("c-1", BAD))
    other = await services.intake.submit("elsewhere", comment("c-1", GOOD))
    assert not other.replayed
    with pytest.raises(NotFound):
        await services.comments.get("third", "c-1")


async def test_a_full_line_refuses_before_memory_grows(client: Client, tiny_bundle: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, bundle=tiny_bundle, views="surface", queue_limit=10)
    services = Services.build(settings, client)
    await services.start()
    submissions = (services.intake.submit(SITE, comment(f"c-{number}")) for number in range(50))
    results = await asyncio.gather(*submissions, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Overloaded)]
    taken = [result for result in results if isinstance(result, Receipt)]
    assert (len(refused), len(taken)) == (40, 10)
    assert refused[0].retry_after_s >= 1
    await services.stop(5)


async def test_what_waited_past_its_deadline_is_recorded_with_the_failure_outcome(
    client: Client, tiny_bundle: Path, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, bundle=tiny_bundle, views="surface", deadline_ms=10)
    services = Services.build(settings, client)
    await services.live.start([SITE])
    waiting = asyncio.create_task(services.intake.submit(SITE, comment("c-1")))
    await asyncio.sleep(0.05)
    services.intake.start()
    late = (await waiting).comment
    assert (late.state, decision_of(late).reasons[0].code) == (State.HELD, "scoring_unavailable")
    await services.stop(5)


async def test_a_slow_index_delays_only_its_own_comment(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = asyncio.Event()
    gather = Signals.gather

    async def slow(self: Signals, site: str, items: Sequence[SignalInput], **more: Any) -> Any:
        found = await gather(self, site, items, **more)
        late = not answered.is_set()
        return [LATE if late and item.id == "slow" else each for item, each in zip(items, found, strict=True)]

    monkeypatch.setattr(Signals, "gather", slow)
    late = asyncio.create_task(services.intake.submit(SITE, comment("slow")))
    for number in range(3):
        assert (await services.intake.submit(SITE, comment(f"c-{number}"))).comment.state is State.APPROVED
    assert not late.done()
    answered.set()
    assert (await late).comment.state is State.APPROVED


@pytest.mark.parametrize("lost", [StoreUnavailable("down"), OutcomeUnknown("lost")])
async def test_a_comment_whose_signals_failed_was_certainly_not_recorded(
    services: Services, monkeypatch: pytest.MonkeyPatch, lost: Exception
) -> None:
    async def fail(*_: object, **__: object) -> list[Exception]:
        return [lost]

    monkeypatch.setattr(Signals, "gather", fail)
    with pytest.raises(StoreUnavailable):
        await services.intake.submit(SITE, comment("c-1"))
    monkeypatch.undo()
    assert not (await services.intake.submit(SITE, comment("c-1"))).replayed


async def test_copies_in_one_batch_see_each_other(services: Services) -> None:
    campaign = "Everybody in our town already votes for the party of order, and so should you, today!"
    receipts = await asyncio.gather(*(services.intake.submit(SITE, comment(f"c-{n}", campaign)) for n in range(8)))
    counts = sorted(
        next((signal.value for signal in receipt.comment.latest.signals if signal.code == "near_duplicate"), 0)
        for receipt in receipts
    )
    assert counts[-1] == 7


async def test_an_edit_is_decided_again_and_its_own_text_is_no_copy(services: Services) -> None:
    await services.intake.submit(SITE, comment("c-1", BAD))
    edited = await services.intake.edit(SITE, "c-1", GOOD, "author")
    assert (edited.comment.state, edited.comment.visible_revision, edited.replayed) == (State.APPROVED, 2, False)
    same = await services.intake.edit(SITE, "c-1", GOOD, "author")
    assert (same.replayed, same.comment) == (True, edited.comment)


async def test_an_edit_of_a_wording_that_is_no_longer_the_latest_is_refused(services: Services) -> None:
    await services.intake.submit(SITE, comment("c-1", GOOD))
    await services.intake.edit(SITE, "c-1", GOOD + " Or on Friday.", "author", 1)
    with pytest.raises(Conflict) as refusal:
        await services.intake.edit(SITE, "c-1", GOOD + " Or never.", "author", 1)
    assert (refusal.value.code, refusal.value.extra["current_revision"]) == ("precondition_failed", 2)


async def test_edits_at_the_same_time_are_both_recorded_in_some_order(services: Services) -> None:
    await services.intake.submit(SITE, comment("c-1", GOOD))
    edits = (services.intake.edit(SITE, "c-1", f"{GOOD} Version {n}.", "author") for n in range(4))
    await asyncio.gather(*edits)
    latest = await services.comments.get(SITE, "c-1")
    assert [revision.number for revision in latest.revisions] == [1, 2, 3, 4, 5]
    assert latest.sequence == 5


async def test_an_accepted_comment_is_pending_until_a_worker_decides_it(services: Services) -> None:
    pending = await services.intake.accept(SITE, comment("c-1", BAD))
    assert (pending.state, pending.visible_revision) == (State.PENDING, None)
    assert await Worker.of(services).run_once() == 1
    decided = await services.comments.get(SITE, "c-1")
    assert (decided.state, [case.kind for case in decided.cases]) == (State.HELD, [CaseKind.HELD])
    assert await Worker.of(services).run_once() == 0


async def test_after_the_stop_nothing_is_taken(services: Services) -> None:
    await services.intake.close(5)
    with pytest.raises(Overloaded):
        await services.intake.submit(SITE, comment("c-1"))


async def test_one_text_that_breaks_the_policy_or_the_normaliser_harms_none_of_its_neighbours(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fragile(real: Any) -> Any:
        def read(text: str, *more: Any, **named: Any) -> Any:
            if text == BROKEN:
                raise RuntimeError("a defect")
            return real(text, *more, **named)

        return read

    def fails(_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("moderator.policy.links.find", fragile(links.find))
    monkeypatch.setattr("moderator.flow.assessment.prepare", fragile(prepare))
    monkeypatch.setattr("moderator.flow.assessment.prepare_all", fails)
    texts = [BROKEN, *(f"{GOOD} {number}" for number in range(5))]
    receipts = await asyncio.gather(
        *(services.intake.submit(SITE, comment(f"c-{number}", text)) for number, text in enumerate(texts))
    )
    broken, *fine = [receipt.comment for receipt in receipts]
    assert (broken.state, decision_of(broken).reasons[0].code) == (State.HELD, "scoring_unavailable")
    assert {each.state for each in fine} == {State.APPROVED}


async def test_a_defect_while_a_late_change_is_made_again_is_told_to_its_caller(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = [[LATE]]

    async def change(*_: object, **__: object) -> Any:
        if answers:
            return answers.pop()
        raise RuntimeError("a defect")

    monkeypatch.setattr(Comments, "change", change)
    async with asyncio.timeout(5):
        with pytest.raises(RuntimeError):
            await services.intake.submit(SITE, comment("c-1"))

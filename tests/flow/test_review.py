"""Working the queue on a real store: nobody gets what another has, nobody loses a verdict."""

import asyncio
from typing import Literal

import pytest

from moderator.access import Role
from moderator.domain import CaseKind, State
from moderator.errors import Conflict
from moderator.flow.review import Claimed, Review
from moderator.flow.verdicts import VerdictIn
from moderator.runtime import Services
from tests.services_fixture import BAD, GOOD, comment

SITE = "default"


async def hold(services: Services, *ids: str) -> None:
    await asyncio.gather(*(services.intake.submit(SITE, comment(each, f"{BAD} {each}")) for each in ids))


def say(
    lease: str,
    outcome: Literal["approve", "reject"] = "reject",
    *,
    revision: int = 1,
    attributes: tuple[str, ...] = (),
    learn: bool = True,
) -> VerdictIn:
    return VerdictIn(lease=lease, revision=revision, outcome=outcome, attributes=attributes, learn=learn)


async def one(services: Services, who: str = "anna") -> Claimed:
    """The first of the queue, claimed."""
    (claimed,) = await services.review.claim(SITE, who, 1, {})
    return claimed


async def test_a_hundred_people_claiming_a_thousand_comments_get_each_exactly_once(services: Services) -> None:
    names = [f"c-{number}" for number in range(1000)]
    for start in range(0, 1000, 250):
        await hold(services, *names[start : start + 250])
    assert (await services.review.queue(SITE, {})).counts["held"] == 1000

    async def work(who: str) -> list[str]:
        taken: list[str] = []
        while claimed := await services.review.claim(SITE, who, 10, {}):
            taken += [each.comment.id for each in claimed]
        return taken

    shares = await asyncio.gather(*(work(f"person-{number}") for number in range(100)))
    assert sorted(each for share in shares for each in share) == sorted(names)


async def test_the_earliest_due_is_claimed_first(services: Services) -> None:
    for name in ("c-1", "c-2", "c-3"):
        await hold(services, name)
    page = await services.review.queue(SITE, {})
    due = [min(case.due_ms for case in item.cases) for item in page.items]
    assert due == sorted(due)
    assert (await one(services)).comment.id == page.items[0].id


async def test_a_verdict_is_recorded_and_the_comment_leaves_the_queue(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    comment, undo = await services.review.verdict(SITE, "anna", "c-1", say(claimed.lease, "approve"))
    assert (comment.state, comment.visible_revision, bool(undo)) == (State.APPROVED, 1, True)
    assert (await services.review.queue(SITE, {})).items == []
    assert await services.comments.get(SITE, "c-1") == comment


async def test_the_same_verdict_again_gets_the_same_answer(services: Services) -> None:
    await hold(services, "c-1")
    said = say((await one(services)).lease)
    assert await services.review.verdict(SITE, "anna", "c-1", said) == await services.review.verdict(
        SITE, "anna", "c-1", said
    )


async def test_a_verdict_without_the_lease_is_too_late(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    await services.review.release(SITE, "c-1", claimed.lease)
    other = await one(services, "boris")
    assert other.comment.id == "c-1"
    with pytest.raises(Conflict) as refusal:
        await services.review.verdict(SITE, "anna", "c-1", say(claimed.lease))
    assert refusal.value.code == "lease_lost"
    await services.review.verdict(SITE, "boris", "c-1", say(other.lease))


async def test_a_lease_is_of_use_to_nobody_but_its_holder(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services, "anna")
    for attempt in (
        services.review.verdict(SITE, "boris", "c-1", say(claimed.lease)),
        services.review.escalate(SITE, "boris", "c-1", claimed.lease),
    ):
        with pytest.raises(Conflict) as refusal:
            await attempt
        assert refusal.value.code == "lease_lost"
    comment, _ = await services.review.verdict(SITE, "anna", "c-1", say(claimed.lease))
    assert comment.state is State.REJECTED


async def test_an_expired_lease_is_free_for_others_and_lost_for_its_holder(services: Services) -> None:
    await hold(services, "c-1")
    short = Review(services.records, services.review._queue, services.comments, lease_s=0)
    (claimed,) = await short.claim(SITE, "anna", 1, {})
    assert (await one(services, "boris")).comment.id == "c-1"
    with pytest.raises(Conflict) as refusal:
        await services.review.extend(SITE, "c-1", claimed.lease)
    assert refusal.value.code == "lease_lost"


async def test_extending_keeps_a_comment_for_longer(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    assert await services.review.extend(SITE, "c-1", claimed.lease) >= claimed.expires_at


async def test_a_verdict_on_a_wording_that_changed_names_the_new_revision(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    await services.intake.edit(SITE, "c-1", f"{BAD} again", "author")
    with pytest.raises(Conflict) as refusal:
        await services.review.verdict(SITE, "anna", "c-1", say(claimed.lease))
    assert (refusal.value.code, refusal.value.extra) == ("revision_changed", {"current_revision": 2})
    comment, _ = await services.review.verdict(SITE, "anna", "c-1", say(claimed.lease, revision=2))
    assert comment.state is State.REJECTED


async def test_undo_puts_the_comment_back_into_the_queue_where_it_was(services: Services) -> None:
    await hold(services, "c-1", "c-2")
    before = await services.review.queue(SITE, {})
    claimed = await one(services)
    _, undo = await services.review.verdict(SITE, "anna", claimed.comment.id, say(claimed.lease))
    assert (await services.labels.export(SITE))[0]
    back = await services.review.undo(SITE, "anna", claimed.comment.id, undo)
    assert (back.state, back.decision) == (State.HELD, claimed.comment.decision)
    after = await services.review.queue(SITE, {})
    assert [item.id for item in after.items] == [item.id for item in before.items]
    assert (await services.labels.export(SITE))[0] == []


async def test_undo_is_refused_once_another_decision_stands(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    _, undo = await services.review.verdict(SITE, "anna", "c-1", say(claimed.lease))
    await services.intake.edit(SITE, "c-1", GOOD, "author")
    with pytest.raises(Conflict) as refusal:
        await services.review.undo(SITE, "anna", "c-1", undo)
    assert refusal.value.code == "superseded"


async def test_an_escalated_comment_goes_to_seniors_only(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    comment = await services.review.escalate(SITE, "anna", "c-1", claimed.lease)
    assert {case.kind for case in comment.cases} == {CaseKind.HELD, CaseKind.ESCALATED}
    assert await services.review.claim(SITE, "boris", 5, {}) == []
    assert [each.comment.id for each in await services.review.claim(SITE, "olga", 5, {}, senior=True)] == ["c-1"]
    assert Role.SENIOR.covers(Role.MODERATOR)


async def test_filters_are_one_index_and_a_sieve(services: Services) -> None:
    await hold(services, "c-1")
    await services.intake.submit(SITE, comment("c-2", "Casino bonus for everybody: http://win.example"))
    spam = await services.review.queue(SITE, {"attribute": "spam"})
    insult = await services.review.queue(SITE, {"attribute": "insult", "case": "held"})
    nothing = await services.review.queue(SITE, {"attribute": "insult", "article": "a-2"})
    assert [[item.id for item in page.items] for page in (spam, insult, nothing)] == [["c-2"], ["c-1"], []]
    assert [each.comment.id for each in await services.review.claim(SITE, "anna", 5, {"attribute": "spam"})] == ["c-2"]


async def test_a_verdict_becomes_a_label_with_why_and_how_likely_it_was_seen(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    await services.review.verdict(SITE, "anna", "c-1", say(claimed.lease, attributes=("insult",)))
    ((row,), following) = await services.labels.export(SITE)
    assert following is None
    assert (row["labels"], row["group"], row["by"]) == ({"insult": 1, "toxicity": 1}, "a-1", "anna")
    assert (row["provenance"], row["why"], row["p"]) == ("verdict", ["held"], 1.0)


async def test_what_a_moderator_wants_unlearned_is_no_label(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    await services.review.verdict(SITE, "anna", "c-1", say(claimed.lease, learn=False))
    assert (await services.labels.export(SITE))[0] == []


async def test_verdict_and_edit_at_the_same_time_leave_one_consistent_comment(services: Services) -> None:
    await hold(services, "c-1")
    claimed = await one(services)
    results = await asyncio.gather(
        services.review.verdict(SITE, "anna", "c-1", say(claimed.lease)),
        services.intake.edit(SITE, "c-1", f"{BAD} again", "author"),
        return_exceptions=True,
    )
    comment = await services.comments.get(SITE, "c-1")
    if isinstance(results[0], Conflict):
        assert results[0].code == "revision_changed"
        assert comment.verdicts == ()
    else:
        assert comment.verdicts[0].outcome == "reject"
    assert comment.latest.number == 2
    assert comment.state is State.HELD

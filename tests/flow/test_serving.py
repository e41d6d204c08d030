"""What decides for a site: bundles published, promoted, rolled back; policies put into force; processes that follow."""

from collections.abc import Callable
from pathlib import Path

import pytest

from moderator.errors import BundleError, Conflict, NotFound, PolicyError
from moderator.flow import live as live_module
from moderator.policy.document import DEFAULT
from moderator.runtime import Services
from moderator.scoring.scorer import TextIn
from moderator.store.serving import Serving, ServingRecord
from tests.flow.made import decision_of, scored_of
from tests.services_fixture import BAD, comment

SITE = "default"
OBSERVE = DEFAULT.replace('mode = "enforce"', 'mode = "observe"')


async def publish(services: Services, tiny_bundles: Callable[[str], Path], bundle_id: str) -> str:
    return await services.models.publish(tiny_bundles(bundle_id))


async def test_a_site_that_nobody_changed_is_served_with_the_default_bundle_and_the_shipped_policy(
    services: Services,
) -> None:
    active = await services.live.current(SITE)
    assert (active.scorer.id, active.policy_name, active.generation) == ("2026.1.1", "default@1", 0)
    assert (await services.policies.text(SITE))[1] == DEFAULT


async def test_a_promoted_bundle_decides_and_is_named_by_every_decision(
    services: Services, tiny_bundles: Callable[[str], Path]
) -> None:
    await services.live.current(SITE)
    await publish(services, tiny_bundles, "2026.1.2")
    assert {model.id: model.role for model in await services.models.all(SITE)} == {
        "2026.1.1": "champion",
        "2026.1.2": "candidate",
    }
    promotion = await services.models.promote(SITE, "2026.1.2")
    await services.live.refresh()
    decided = (await services.intake.submit(SITE, comment("c-1", BAD))).comment
    revision = decided.latest
    assert (revision.bundle, scored_of(decided).bundle, revision.generation) == ("2026.1.2", "2026.1.2", 1)
    assert promotion.generation == 1


async def test_rolling_back_restores_bundle_and_policy_as_they_were(
    services: Services, tiny_bundles: Callable[[str], Path]
) -> None:
    await services.policies.set(SITE, OBSERVE)
    await publish(services, tiny_bundles, "2026.1.2")
    await services.models.promote(SITE, "2026.1.2")
    await services.models.rollback(SITE)
    active = await services.live.current(SITE)
    assert (active.scorer.id, active.policy_name, active.generation) == ("2026.1.1", "default@2", 3)
    shown = await services.models.show(SITE, "2026.1.2")
    assert (shown.role, shown.metrics["toxicity"]["auc"], shown.card) == ("previous", 0.9, "# A bundle for tests\n")


async def test_what_is_sent_again_makes_no_generation_so_that_a_rollback_goes_back(
    services: Services, tiny_bundles: Callable[[str], Path]
) -> None:
    await publish(services, tiny_bundles, "2026.1.2")
    for _ in range(2):
        assert (await services.models.promote(SITE, "2026.1.2")).generation == 1
    for _ in range(2):
        assert await services.policies.set(SITE, OBSERVE) == "default@2"
    assert (await Serving(services.client).get(SITE)).generation == 2
    await services.models.rollback(SITE)
    await services.models.rollback(SITE)
    await services.live.refresh()
    assert (await services.live.current(SITE)).policy_name == "default@2"


async def test_there_is_nothing_to_roll_back_to_at_first(services: Services) -> None:
    with pytest.raises(NotFound):
        await services.models.rollback(SITE)


async def test_an_unknown_bundle_cannot_be_promoted(services: Services) -> None:
    with pytest.raises(NotFound):
        await services.models.promote(SITE, "2099.1.1")
    assert (await Serving(services.client).get(SITE)).generation == 0


async def test_a_bundle_that_does_not_load_is_not_published(
    services: Services, tiny_bundles: Callable[[str], Path]
) -> None:
    folder = tiny_bundles("2026.1.2")
    (folder / "curves.json").write_bytes(b"{}")
    with pytest.raises(BundleError):
        await services.models.publish(folder)
    assert [model.id for model in await services.models.all(SITE)] == ["2026.1.1"]


async def test_a_process_that_cannot_follow_keeps_what_it_has_and_gets_unready(
    services: Services, tiny_bundles: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.live.current(SITE)
    await publish(services, tiny_bundles, "2026.1.2")
    record = await Serving(services.client).get(SITE)
    await Serving(services.client).compare_and_set(SITE, record, record.advanced(champion="2099.9.9"))
    await services.live.refresh()
    assert (await services.live.current(SITE)).scorer.id == "2026.1.1"
    assert SITE in services.live.lags
    assert services.live.ready
    monkeypatch.setattr(live_module, "BEHIND_S", 0.0)
    assert not services.live.ready
    await services.models.promote(SITE, "2026.1.2")
    await services.live.refresh()
    assert services.live.ready
    assert (await services.live.current(SITE)).scorer.id == "2026.1.2"


async def test_the_answer_to_a_promotion_counts_the_processes_that_have_it(
    services: Services, tiny_bundles: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderator.flow.models._WAIT_S", 0.0)
    await services.live.current(SITE)
    await services.live.refresh()
    await publish(services, tiny_bundles, "2026.1.2")
    behind = await services.models.promote(SITE, "2026.1.2")
    await services.live.refresh()
    there = await services.models._arrived(SITE, behind.generation)
    assert ((behind.ready, behind.waiting), (there.ready, there.waiting)) == ((0, 1), (1, 0))


async def test_two_changes_at_once_do_not_both_win(services: Services) -> None:
    serving = Serving(services.client)
    record = await serving.get(SITE)
    assert await serving.compare_and_set(SITE, record, record.advanced(policy_version=1))
    assert not await serving.compare_and_set(SITE, record, record.advanced(champion="2026.1.2"))


async def test_a_policy_is_in_force_once_it_is_set_and_every_version_stays(services: Services) -> None:
    assert await services.policies.set(SITE, OBSERVE) == "default@2"
    await services.live.refresh()
    passed = (await services.intake.submit(SITE, comment("c-1", BAD))).comment
    assert (passed.state.value, passed.latest.policy) == ("approved", "default@2")
    assert decision_of(passed).reasons[0].code == "observe"
    assert (await services.policies.text(SITE, 1))[1] == DEFAULT
    with pytest.raises(NotFound):
        await services.policies.text(SITE, 3)


async def test_a_wrong_policy_is_refused_by_line_and_key_and_changes_nothing(services: Services) -> None:
    wrong = OBSERVE.replace("hold = 0.", "hold = 7.", 1)
    with pytest.raises(PolicyError) as refusal:
        await services.policies.set(SITE, wrong)
    assert refusal.value.line is not None
    assert refusal.value.key is not None
    assert (await Serving(services.client).get(SITE)).policy_version == 1


async def test_somebody_who_changes_the_policy_at_the_same_time_is_told(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = Serving.get

    async def overtaken(self: Serving, site: str) -> ServingRecord:
        record = await get(self, site)
        monkeypatch.setattr(Serving, "get", get)
        assert await self.compare_and_set(site, record, record.advanced(policy_version=1))
        return record

    monkeypatch.setattr(Serving, "get", overtaken)
    with pytest.raises(Conflict) as refusal:
        await services.policies.set(SITE, OBSERVE)
    assert refusal.value.code == "superseded"


async def test_stateless_scores_come_in_order_and_with_spans_where_asked(services: Services) -> None:
    texts = [TextIn(text=f"{BAD} {number}" if number % 2 else "Good evening to all.") for number in range(20)]
    scored = await services.live.score(SITE, texts, spans=True)
    assert [one.scores["insult"] > 0.5 for one, _ in scored] == [bool(number % 2) for number in range(20)]
    assert all(spans for one, spans in scored if one.scores["insult"] > 0.5)
    assert all(spans == () for _, spans in await services.live.score(SITE, texts, spans=False))

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from moderator.domain import ATTRIBUTES, SEVERITY, By, CaseKind, Decision, Outcome, Reason, Scored
from moderator.policy.decide import audit, audited, cases, decide, due_ms, reach_probability
from moderator.policy.document import (
    DEFAULT,
    FirstComments,
    Honeypot,
    LinkCount,
    NearDuplicate,
    Policy,
    Rules,
    Staff,
    Threshold,
    parse,
)
from moderator.policy.facts import Facts
from moderator.policy.lists import Hit
from moderator.policy.rules import MODEL_CODES, PLAIN_CODES

AT = datetime(2026, 11, 25, tzinfo=UTC)
SHIPPED = parse(DEFAULT)
SALT = b"a deployment's secret"


def scored(**scores: float) -> Scored:
    return Scored(scores=dict.fromkeys(ATTRIBUTES, 0.01) | scores, language="en", language_confidence=1.0, bundle="b")


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


# What the shipped policy does


def test_a_harmless_comment_passes_and_the_decision_says_why() -> None:
    decision = decide(SHIPPED, Facts(), scored(), at=AT)
    assert (decision.outcome, decision.by, decision.at) == (Outcome.APPROVE, By.MODEL, AT)
    assert codes(decision) == ["clean"]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_the_surest_score_holds_and_rejects_nothing(attribute: str) -> None:
    decision = decide(SHIPPED, Facts(), scored(**{attribute: 1.0}), at=AT)
    assert (decision.outcome, decision.by) == (Outcome.HOLD, By.MODEL)
    reason = decision.reasons[0]
    assert (reason.code, reason.attribute, reason.score) == ("attribute_over_threshold", attribute, 1.0)
    assert reason.threshold == SHIPPED.thresholds[attribute].hold


def test_a_score_of_exactly_the_threshold_counts() -> None:
    limit = SHIPPED.thresholds["insult"].hold
    assert decide(SHIPPED, Facts(), scored(insult=limit), at=AT).outcome is Outcome.HOLD
    assert decide(SHIPPED, Facts(), scored(insult=limit - 1e-9), at=AT).outcome is Outcome.APPROVE


def test_a_filled_honeypot_rejects() -> None:
    decision = decide(SHIPPED, Facts(honeypot=True), scored(), at=AT)
    assert (decision.outcome, decision.by, codes(decision)) == (Outcome.REJECT, By.RULE, ["honeypot"])


def test_links_within_the_limit_pass_and_beyond_it_hold() -> None:
    hosts = ("a.example", "b.example", "a.example")
    assert decide(SHIPPED, Facts(link_hosts=hosts[:2]), scored(), at=AT).outcome is Outcome.APPROVE
    decision = decide(SHIPPED, Facts(link_hosts=hosts), scored(), at=AT)
    assert (decision.outcome, codes(decision)) == (Outcome.HOLD, ["link_count"])


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (Facts(near_duplicates=2), Outcome.APPROVE),
        (Facts(near_duplicates=3), Outcome.HOLD),
        # Somebody known here who posts the same a few times by mistake ...
        (Facts(near_duplicates=5, same_author_duplicates=5, author_comments=50), Outcome.APPROVE),
        (Facts(near_duplicates=6, same_author_duplicates=6, author_comments=50), Outcome.HOLD),
        (Facts(near_duplicates=4, same_author_duplicates=2, author_comments=50), Outcome.HOLD),
        # ... and somebody who has written nothing else.
        (Facts(near_duplicates=3, same_author_duplicates=3, author_comments=3), Outcome.HOLD),
    ],
)
def test_copies_by_others_or_by_a_new_author_weigh_full(facts: Facts, outcome: Outcome) -> None:
    decision = decide(SHIPPED, facts, scored(), at=AT)
    assert decision.outcome is outcome
    assert codes(decision) == (["near_duplicate"] if outcome is Outcome.HOLD else ["clean"])


def test_a_first_comment_passes_until_the_site_switches_that_rule_on() -> None:
    newcomer = Facts(author_known=True)
    assert decide(SHIPPED, newcomer, scored(), at=AT).outcome is Outcome.APPROVE
    strict = replace(SHIPPED, rules=replace(SHIPPED.rules, first_comments=FirstComments(count=2)))
    assert codes(decide(strict, newcomer, scored(), at=AT)) == ["first_comments"]
    assert codes(decide(strict, replace(newcomer, author_comments=1), scored(), at=AT)) == ["first_comments"]
    assert codes(decide(strict, replace(newcomer, author_comments=2), scored(), at=AT)) == ["clean"]
    assert codes(decide(strict, Facts(author_comments=9), scored(), at=AT)) == ["first_comments"]
    assert codes(decide(strict, replace(newcomer, author_standing="trusted"), scored(), at=AT)) == ["clean"]


@pytest.mark.parametrize(
    ("facts", "outcome", "code"),
    [
        (Facts(author_standing="blocked"), Outcome.REJECT, "author_standing"),
        (Facts(author_standing="premoderate"), Outcome.HOLD, "author_standing"),
        (Facts(author_standing="trusted"), Outcome.APPROVE, "clean"),
        (Facts(article_mode="closed"), Outcome.REJECT, "article_mode"),
        (Facts(article_mode="premoderate"), Outcome.HOLD, "article_mode"),
    ],
)
def test_what_moderators_set_by_hand_is_a_rule(facts: Facts, outcome: Outcome, code: str) -> None:
    decision = decide(SHIPPED, facts, scored(), at=AT)
    assert (decision.outcome, codes(decision)) == (outcome, [code])


def test_lists_ask_for_what_they_say_one_reason_a_list() -> None:
    hits = (
        Hit("words", "words", "casino*", Outcome.HOLD),
        Hit("words", "words", "poker", Outcome.HOLD),
        Hit("abuse", "addresses", "203.0.113.0/24", Outcome.REJECT),
    )
    decision = decide(SHIPPED, Facts(hits=hits), scored(), at=AT)
    assert (decision.outcome, codes(decision)) == (Outcome.REJECT, ["list_word", "list_word"])
    told = " ".join(reason.detail for reason in decision.reasons)
    assert "casino*" in told
    assert "203.0.113" not in told  # an address is personal data


# Thresholds


def test_a_site_that_consents_rejects_by_score() -> None:
    policy = replace(SHIPPED, thresholds={"spam": Threshold(hold=0.5, reject=0.9)})
    outcomes = [decide(policy, Facts(), scored(spam=score), at=AT).outcome for score in (0.49, 0.5, 0.89, 0.9)]
    assert outcomes == [Outcome.APPROVE, Outcome.HOLD, Outcome.HOLD, Outcome.REJECT]


def test_a_threshold_of_one_is_switched_off() -> None:
    policy = replace(SHIPPED, thresholds={"spam": Threshold(hold=1.0), "insult": Threshold(hold=0.5, reject=1.0)})
    decision = decide(policy, Facts(), scored(spam=1.0, insult=1.0), at=AT)
    assert [reason.attribute for reason in decision.reasons] == ["insult"]
    assert decision.outcome is Outcome.HOLD


def test_a_score_of_zero_is_a_score() -> None:
    policy = replace(SHIPPED, thresholds={"spam": Threshold(hold=0.0)})
    assert decide(policy, Facts(), scored(spam=0.0), at=AT).outcome is Outcome.HOLD


def test_of_quoted_text_only_advertising_counts() -> None:
    quoting = replace(scored(), quoted={"insult": 1.0, "spam": 0.1})
    assert codes(decide(SHIPPED, Facts(), quoting, at=AT)) == ["clean"]
    hiding = replace(scored(), quoted={"insult": 0.0, "spam": 1.0})
    assert [reason.attribute for reason in decide(SHIPPED, Facts(), hiding, at=AT).reasons] == ["spam"]


# When scoring fails


@pytest.mark.parametrize("outcome", Outcome)
def test_a_comment_that_could_not_be_scored_gets_the_failure_outcome(outcome: Outcome) -> None:
    policy = replace(SHIPPED, failure=replace(SHIPPED.failure, outcome=outcome))
    for decision in (decide(policy, Facts(), None, at=AT), decide(policy, Facts(), scored(), at=AT, failed=True)):
        assert (decision.outcome, decision.by, codes(decision)) == (outcome, By.RULE, ["scoring_unavailable"])


def test_other_rules_run_when_scoring_fails() -> None:
    decision = decide(SHIPPED, Facts(honeypot=True), None, at=AT)
    assert (decision.outcome, codes(decision)) == (Outcome.REJECT, ["honeypot", "scoring_unavailable"])


@pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf"), None])
def test_a_score_that_is_not_finite_or_missing_is_a_failure_and_never_a_class(score: float | None) -> None:
    answer = scored() if score is None else scored(threat=score)
    if score is None:
        del answer.scores["threat"]
    decision = decide(SHIPPED, Facts(), answer, at=AT)
    assert (decision.outcome, codes(decision)) == (Outcome.HOLD, ["scoring_unavailable"])
    assert decision.reasons[0].attribute == "threat"


# Staff and observing


def test_scores_and_rules_that_hold_do_not_stop_staff() -> None:
    decision = decide(SHIPPED, Facts(role="staff", link_hosts=("a.example",) * 9), scored(insult=0.99), at=AT)
    assert (decision.outcome, decision.by) == (Outcome.APPROVE, By.RULE)
    assert codes(decision) == ["staff", "link_count", "attribute_over_threshold"]


def test_a_rule_that_rejects_stops_staff_too() -> None:
    decision = decide(SHIPPED, Facts(role="staff", author_standing="blocked"), scored(insult=0.99), at=AT)
    assert (decision.outcome, codes(decision)[0]) == (Outcome.REJECT, "author_standing")


def test_staff_without_a_staff_rule_are_readers() -> None:
    policy = replace(SHIPPED, rules=replace(SHIPPED.rules, staff=None))
    assert decide(policy, Facts(role="staff"), scored(insult=0.99), at=AT).outcome is Outcome.HOLD


def test_a_site_that_observes_approves_all_and_learns_what_it_would_have_done() -> None:
    policy = replace(SHIPPED, mode="observe")
    decision = decide(policy, Facts(honeypot=True), scored(insult=0.99), at=AT)
    assert (decision.outcome, decision.by) == (Outcome.APPROVE, By.RULE)
    assert [(reason.code, reason.outcome) for reason in decision.reasons] == [
        ("observe", Outcome.APPROVE),
        ("honeypot", Outcome.REJECT),
        ("attribute_over_threshold", Outcome.HOLD),
    ]
    assert codes(decide(policy, Facts(), scored(), at=AT)) == ["clean"]


# Laws

STERN = st.sampled_from(["hold", "reject"])
SHARES = st.floats(0, 1)
THRESHOLDS = st.builds(Threshold, hold=SHARES) | st.tuples(SHARES, SHARES).map(
    lambda pair: Threshold(hold=min(pair), reject=max(pair))
)
RULES = st.builds(
    Rules,
    honeypot=st.none() | st.builds(Honeypot, enabled=st.booleans(), outcome=STERN),
    near_duplicate=st.none() | st.builds(NearDuplicate, outcome=STERN, count=st.integers(1, 5)),
    links=st.none() | st.builds(LinkCount, outcome=STERN, max=st.integers(0, 5)),
    first_comments=st.none() | st.builds(FirstComments, outcome=STERN, count=st.integers(1, 5)),
)
POLICIES = st.builds(
    Policy,
    version=st.just(1),
    thresholds=st.dictionaries(st.sampled_from(ATTRIBUTES), THRESHOLDS),
    rules=RULES,
)
HITS = st.builds(
    Hit,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["words", "addresses", "hosts"]),
    st.just("entry"),
    st.sampled_from([Outcome.HOLD, Outcome.REJECT]),
)
FACTS = st.builds(
    Facts,
    honeypot=st.booleans(),
    author_known=st.booleans(),
    author_comments=st.integers(0, 6),
    author_standing=st.sampled_from(["normal", "trusted", "premoderate", "blocked"]),
    article_mode=st.sampled_from(["open", "premoderate", "closed"]),
    near_duplicates=st.integers(0, 6),
    link_hosts=st.lists(st.sampled_from(["a.example", "b.example"]), max_size=6).map(tuple),
    hits=st.lists(HITS, max_size=3).map(tuple),
)
SCORED = st.none() | st.fixed_dictionaries(dict.fromkeys(ATTRIBUTES, SHARES)).map(lambda scores: scored(**scores))


@given(POLICIES, FACTS, SCORED)
def test_the_outcome_is_the_most_severe_that_a_reason_asks_for(
    policy: Policy, facts: Facts, answer: Scored | None
) -> None:
    decision = decide(policy, facts, answer, at=AT)
    assert decision.reasons
    assert SEVERITY[decision.outcome] == max(SEVERITY[reason.outcome] for reason in decision.reasons)
    first = decision.reasons[0]
    assert first.outcome is decision.outcome
    assert (decision.by is By.MODEL) == (first.code in MODEL_CODES)


@given(POLICIES, FACTS, SCORED, RULES, st.tuples(st.sampled_from(ATTRIBUTES), THRESHOLDS))
def test_adding_a_rule_or_a_threshold_never_makes_a_decision_milder(
    policy: Policy, facts: Facts, answer: Scored | None, more: Rules, extra: tuple[str, Threshold]
) -> None:
    before = decide(policy, facts, answer, at=AT)
    names = ("honeypot", "near_duplicate", "links", "first_comments")
    added = {name: getattr(policy.rules, name) or getattr(more, name) for name in names}
    stricter = replace(policy, rules=replace(policy.rules, **added), thresholds=dict([extra]) | policy.thresholds)
    after = decide(stricter, facts, answer, at=AT)
    assert SEVERITY[after.outcome] >= SEVERITY[before.outcome]
    asked = [reason for reason in before.reasons if reason.code != "clean"]
    assert [reason for reason in asked if reason not in after.reasons] == []


@given(POLICIES, FACTS, SCORED)
def test_observing_approves_and_loses_no_reason(policy: Policy, facts: Facts, answer: Scored | None) -> None:
    enforced = decide(policy, facts, answer, at=AT)
    observed = decide(replace(policy, mode="observe"), facts, answer, at=AT)
    assert observed.outcome is Outcome.APPROVE
    assert tuple(reason for reason in observed.reasons if reason.code != "observe") == enforced.reasons


@given(POLICIES, FACTS, SCORED)
def test_staff_are_stopped_by_plain_rejections_only(policy: Policy, facts: Facts, answer: Scored | None) -> None:
    for_staff = replace(policy, rules=replace(policy.rules, staff=Staff()))
    decision = decide(for_staff, replace(facts, role="staff"), answer, at=AT)
    plain = [r for r in decision.reasons if r.outcome is Outcome.REJECT and r.code in PLAIN_CODES]
    assert decision.outcome is (Outcome.REJECT if plain else Outcome.APPROVE)


@given(POLICIES, FACTS, SCORED)
def test_every_reason_is_a_sentence(policy: Policy, facts: Facts, answer: Scored | None) -> None:
    for reason in decide(policy, facts, answer, at=AT).reasons:
        assert reason.detail[0].isupper()
        assert reason.detail.endswith(".")


# Audit


def with_rate(rate: float) -> Policy:
    return replace(SHIPPED, audit=replace(SHIPPED.audit, rate=rate))


def test_the_audit_sample_has_its_size_and_a_retry_meets_its_first_answer() -> None:
    ids = [f"c-{number}" for number in range(20_000)]
    chosen = {comment_id for comment_id in ids if audit(with_rate(0.05), "site", comment_id, SALT)}
    assert 850 < len(chosen) < 1150
    assert chosen == {comment_id for comment_id in ids if audit(with_rate(0.05), "site", comment_id, SALT)}
    # A larger sample holds the smaller one; another site or secret has a sample of its own.
    assert chosen < {comment_id for comment_id in ids if audit(with_rate(0.1), "site", comment_id, SALT)}
    assert chosen != {comment_id for comment_id in ids if audit(with_rate(0.05), "other", comment_id, SALT)}
    assert chosen != {comment_id for comment_id in ids if audit(with_rate(0.05), "site", comment_id, SALT * 9)}


def test_an_audit_rate_of_none_or_all_is_just_that() -> None:
    assert not any(audit(with_rate(0), "site", f"c-{number}", SALT) for number in range(100))
    assert all(audit(with_rate(1), "site", f"c-{number}", SALT) for number in range(100))


def test_a_held_comment_reaches_a_person_for_certain_and_others_with_the_audit_rate() -> None:
    hold = decide(SHIPPED, Facts(), scored(insult=1.0), at=AT)
    approve = decide(SHIPPED, Facts(), scored(), at=AT)
    reject = decide(SHIPPED, Facts(honeypot=True), scored(), at=AT)
    assert [reach_probability(SHIPPED, decision) for decision in (hold, approve, reject)] == [1.0, 0.01, 0.01]
    assert cases(hold) == cases(hold, in_audit=True) == (CaseKind.HELD,)
    assert cases(approve) == ()
    assert cases(approve, in_audit=True) == cases(reject, in_audit=True) == (CaseKind.AUDIT,)


def test_a_decision_chosen_for_audit_says_so_and_stays_as_it_was() -> None:
    decision = decide(SHIPPED, Facts(), scored(), at=AT)
    chosen = audited(decision)
    assert codes(chosen) == ["clean", "audit"]
    assert (chosen.outcome, chosen.by, chosen.at) == (decision.outcome, decision.by, decision.at)


# Due times


@dataclass(frozen=True)
class Due:
    """Seconds from the opening of a case until it is due, under the shipped policy."""

    kind: CaseKind = CaseKind.HELD

    def __call__(
        self, answer: Scored | None, outcome: Outcome = Outcome.HOLD, comments: int = 0, reports: int = 0
    ) -> float:
        decision = Decision(
            outcome=outcome, by=By.MODEL, at=AT, reasons=(Reason(code="x", detail="X.", outcome=outcome),)
        )
        opened_ms = 1_700_000_000_000
        due = due_ms(SHIPPED, self.kind, opened_ms, decision, answer, article_comments=comments, reports=reports)
        assert due >= opened_ms
        return (due - opened_ms) / 1000


def test_a_case_is_due_after_its_patience_less_what_makes_it_urgent() -> None:
    held, reported = Due(), Due(CaseKind.REPORTED)
    harmless = scored(threat=0.0, severe_toxicity=0.0, identity_attack=0.0)
    assert held(harmless) == 3600
    assert held(scored(threat=1.0)) == 1800
    assert held(scored(insult=1.0, threat=0.5)) == 2700
    assert held(None) == 2700  # unknown: half
    # What is on the page is read, and more so under a busy article; what is held is not.
    assert held(harmless, comments=500) == 3600
    assert reported(harmless, Outcome.APPROVE, comments=250) == 1200
    assert (
        reported(harmless, Outcome.APPROVE, comments=500) == reported(harmless, Outcome.APPROVE, comments=5000) == 600
    )
    assert reported(harmless, reports=2) == 1200
    assert reported(scored(threat=1.0), Outcome.APPROVE, comments=500, reports=9) == 0

"""The rules: pure functions from facts to reasons, in one ordered tuple.

All of them run on every comment. Their order only breaks ties: of two reasons equally severe the earlier one decides,
so what is certain stands before what is estimated.
"""

from collections.abc import Callable
from math import isfinite

from moderator.domain import Outcome, Reason, Scored
from moderator.policy.document import Policy, Threshold
from moderator.policy.facts import Facts, some

Rule = Callable[[Policy, Facts, Scored | None], tuple[Reason, ...]]

MODEL_CODES = frozenset({"attribute_over_threshold", "clean"})
"""Reasons that the model stands behind; behind all others stands a rule."""

PLAIN_CODES = frozenset(
    {"author_standing", "article_mode", "honeypot", "list_word", "link_count", "near_duplicate", "first_comments"}
)
"""Reasons that rest on a plain fact, not on a score: where they reject, they reject staff as well."""

LOOKS_LIKE = {
    "toxicity": "rude or hateful",
    "severe_toxicity": "very hateful",
    "obscene": "obscene",
    "threat": "like a threat",
    "insult": "insulting",
    "identity_attack": "like an attack on a group of people",
    "spam": "like advertising or spam",
}
"""How a reason words an attribute: "The comment looks …"."""

_DONE = {Outcome.HOLD: "held", Outcome.REJECT: "rejected", Outcome.APPROVE: "published"}


def author_standing(policy: Policy, facts: Facts, _: Scored | None) -> tuple[Reason, ...]:
    """A person blocked the author, or wants to read them first."""
    if facts.author_standing == "blocked":
        outcome = Outcome(policy.rules.author_standing.blocked)
        return (_reason("author_standing", "A moderator has blocked this author.", outcome),)
    if facts.author_standing == "premoderate":
        detail = "A moderator reads this author's comments before they are published."
        return (_reason("author_standing", detail, Outcome.HOLD),)
    return ()


def article_mode(policy: Policy, facts: Facts, _: Scored | None) -> tuple[Reason, ...]:
    """A person closed the discussion, or wants to read it first."""
    if facts.article_mode == "closed":
        outcome = Outcome(policy.rules.article_mode.closed)
        return (_reason("article_mode", "The discussion under this article is closed.", outcome),)
    if facts.article_mode == "premoderate":
        detail = "Comments under this article are read before they are published."
        return (_reason("article_mode", detail, Outcome.HOLD),)
    return ()


def honeypot(policy: Policy, facts: Facts, _: Scored | None) -> tuple[Reason, ...]:
    """A field that no reader sees was filled in."""
    rule = policy.rules.honeypot
    if rule is None or not rule.enabled or not facts.honeypot:
        return ()
    detail = "A field of the form that readers cannot see was filled in, as programs do."
    return (_reason("honeypot", detail, Outcome(rule.outcome)),)


def list_word(_: Policy, facts: Facts, __: Scored | None) -> tuple[Reason, ...]:
    """The site's lists: one reason a list that was hit."""
    if not facts.hits:
        return ()
    reasons: dict[str, Reason] = {}
    for hit in facts.hits:
        # An address is personal data, and a decision is read by more people than may see one.
        what = "the address it came from" if hit.kind == "addresses" else f"“{hit.entry}”"
        detail = f"The comment matches the site's list “{hit.name}” ({what})."
        reasons.setdefault(hit.name, _reason("list_word", detail, hit.outcome))
    return tuple(reasons.values())


def near_duplicate(policy: Policy, facts: Facts, _: Scored | None) -> tuple[Reason, ...]:
    """The same said again and again: copies by other authors, or by a new one, weigh full."""
    rule = policy.rules.near_duplicate
    if rule is None or not rule.enabled or not facts.near_duplicates:
        return ()
    is_new = facts.author_comments - facts.same_author_duplicates < rule.new_author
    own_weight = 1.0 if is_new else rule.same_author_weight
    others = facts.near_duplicates - facts.same_author_duplicates
    if others + own_weight * facts.same_author_duplicates < rule.count:
        return ()
    detail = f"Nearly the same text was posted before, in {some(facts.near_duplicates, 'other comment')}."
    return (_reason("near_duplicate", detail, Outcome(rule.outcome)),)


def link_count(policy: Policy, facts: Facts, _: Scored | None) -> tuple[Reason, ...]:
    """More links than the site wants to see unread."""
    rule = policy.rules.links
    count = len(facts.link_hosts)
    if rule is None or not rule.enabled or count <= rule.max:
        return ()
    allowed = some(rule.max, "link")
    outcome = Outcome(rule.outcome)
    detail = f"The comment holds {some(count, 'link')}; with more than {allowed} it is {_DONE[outcome]}."
    return (_reason("link_count", detail, outcome),)


def first_comments(policy: Policy, facts: Facts, _: Scored | None) -> tuple[Reason, ...]:
    """Authors whom the site does not know yet; one whom a moderator trusts is known."""
    rule = policy.rules.first_comments
    if rule is None or not rule.enabled or facts.author_standing == "trusted":
        return ()
    outcome = Outcome(rule.outcome)
    if not facts.author_known:
        return (_reason("first_comments", "The comment names no author whom the site could know.", outcome),)
    if facts.author_comments >= rule.count:
        return ()
    detail = f"It is comment number {facts.author_comments + 1} of this author; the first {rule.count} are read first."
    return (_reason("first_comments", detail, outcome),)


def scores(policy: Policy, _: Facts, scored: Scored | None) -> tuple[Reason, ...]:
    """The thresholds, or the policy's failure outcome where there is no score to compare with them."""
    if scored is None:
        return (_unavailable(policy, "The comment could not be scored"),)
    reasons: list[Reason] = []
    for attribute, threshold in policy.thresholds.items():
        score = _score(attribute, scored)
        if not isfinite(score):
            reasons.append(_unavailable(policy, f"The comment could not be scored for {attribute}", attribute))
        elif score >= threshold.hold:
            reason = _over(attribute, score, threshold)
            reasons += () if reason is None else (reason,)
    return tuple(reasons)


RULES: tuple[Rule, ...] = (
    # What a moderator has said of this author or this article.
    author_standing,
    article_mode,
    # What the site has said of this very content.
    list_word,
    # Plain facts about how the comment came.
    honeypot,
    near_duplicate,
    link_count,
    first_comments,
    # The model's estimates come last: a fact that asks for the same explains the decision better.
    scores,
)


def _reason(code: str, detail: str, outcome: Outcome) -> Reason:
    return Reason(code=code, detail=detail, outcome=outcome)


def _score(attribute: str, scored: Scored) -> float:
    """The writer's own part counts; of what they quote only advertising does, for that is where spam hides."""
    score = scored.scores.get(attribute, float("nan"))
    if attribute == "spam" and scored.quoted is not None:
        return max(score, scored.quoted.get("spam", 0.0))  # a NaN that stands first stays
    return score


def _over(attribute: str, score: float, threshold: Threshold) -> Reason | None:
    """The reason of a score at or over its hold threshold; a threshold of 1 is never reached."""
    limit, outcome = threshold.hold, Outcome.HOLD
    if threshold.reject is not None and threshold.reject <= score and threshold.reject < 1:
        limit, outcome = threshold.reject, Outcome.REJECT
    if limit >= 1:
        return None
    looks = LOOKS_LIKE.get(attribute, f"like {attribute}")
    detail = f"The comment looks {looks}: {score:.2f}, and from {limit:.2f} on comments are {_DONE[outcome]}."
    return Reason(
        code="attribute_over_threshold",
        detail=detail,
        outcome=outcome,
        attribute=attribute,
        score=score,
        threshold=limit,
    )


def _unavailable(policy: Policy, what: str, attribute: str | None = None) -> Reason:
    outcome = policy.failure.outcome
    detail = f"{what}, and such comments are {_DONE[outcome]}."
    return Reason(code="scoring_unavailable", detail=detail, outcome=outcome, attribute=attribute)

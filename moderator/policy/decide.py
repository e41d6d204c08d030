"""The decision: every rule runs, the most severe outcome wins, every reason is kept.

`Reason.outcome` is what that reason alone asks for. What asks may go unheeded for two causes, each a reason itself:
the author is staff (`staff`), or the site only observes (`observe`).
"""

from datetime import datetime
from hashlib import blake2b

from moderator.domain import SEVERITY, By, CaseKind, Decision, Outcome, Reason, Scored
from moderator.policy.document import Policy, patience_s
from moderator.policy.facts import Facts
from moderator.policy.rules import MODEL_CODES, PLAIN_CODES, RULES

_CLEAN = Reason(code="clean", detail="No score reaches its threshold and no rule applies.", outcome=Outcome.APPROVE)
_STAFF = Reason(code="staff", detail="The author belongs to the site's staff.", outcome=Outcome.APPROVE)
_OBSERVE = Reason(
    code="observe", detail="The site only observes: nothing is held or rejected yet.", outcome=Outcome.APPROVE
)
_AUDIT = Reason(
    code="audit", detail="Chosen at random so that a person checks the automatic decision.", outcome=Outcome.APPROVE
)

HARMFUL = ("threat", "severe_toxicity", "identity_attack")
"""What may hurt somebody while it waits."""

REACH_COMMENTS = 500
"""Comments under an article from which on it counts as read by all."""


def decide(policy: Policy, facts: Facts, scored: Scored | None, *, at: datetime, failed: bool = False) -> Decision:
    """The automatic decision on one comment. The reason that decided stands first.

    `scored` None, or `failed`, means that scoring failed: the policy's failure outcome counts as one more reason.
    """
    trusted_scores = None if failed else scored
    reasons = [reason for rule in RULES for reason in rule(policy, facts, trusted_scores)]
    if not reasons:
        return Decision(outcome=Outcome.APPROVE, by=By.MODEL, at=at, reasons=(_CLEAN,))
    reasons.sort(key=_severity, reverse=True)
    reasons = _excuse(policy, facts, reasons)
    first = reasons[0]
    by = By.MODEL if first.code in MODEL_CODES else By.RULE
    return Decision(outcome=first.outcome, by=by, at=at, reasons=tuple(reasons))


def _severity(reason: Reason) -> int:
    return SEVERITY[reason.outcome]


def _excuse(policy: Policy, facts: Facts, reasons: list[Reason]) -> list[Reason]:
    """Put what lets a comment pass in front of the reasons that ask otherwise; rejecting rules bind staff too."""
    if reasons[0].outcome is Outcome.APPROVE:
        return reasons
    if policy.mode == "observe":
        return [_OBSERVE, *reasons]
    staff = policy.rules.staff
    if staff is not None and staff.enabled and facts.role == "staff":
        plain = [reason for reason in reasons if reason.outcome is Outcome.REJECT and reason.code in PLAIN_CODES]
        rest = [reason for reason in reasons if reason not in plain]
        return [*plain, _STAFF, *rest]
    return reasons


def audited(decision: Decision) -> Decision:
    """The same decision with the reason `audit` added: a person will see it. Give it only what `audit` chose."""
    return Decision(
        outcome=decision.outcome,
        by=decision.by,
        at=decision.at,
        reasons=(*decision.reasons, _AUDIT),
        who=decision.who,
    )


def audit(policy: Policy, site: str, comment_id: str, salt: bytes) -> bool:
    """Whether this comment is in the audit sample, whatever its scores; the same answer for each retry.

    `salt` is the deployment's secret: who chooses comment ids must not be able to choose ids that escape.
    The caller asks for automatic approvals and rejections only: a held comment reaches a person anyway.
    """
    key = salt if len(salt) <= blake2b.MAX_KEY_SIZE else blake2b(salt).digest()
    digest = blake2b(f"{site}\0{comment_id}".encode(), digest_size=8, key=key, person=b"audit").digest()
    return int.from_bytes(digest) < policy.audit.rate * 2**64


def reach_probability(policy: Policy, decision: Decision) -> float:
    """With what probability a comment so decided reaches a person: 1 when held, else the audit rate (`Revision.p`)."""
    return 1.0 if decision.outcome is Outcome.HOLD else policy.audit.rate


def cases(decision: Decision, *, in_audit: bool = False) -> tuple[CaseKind, ...]:
    """The cases that an automatic decision opens."""
    if decision.outcome is Outcome.HOLD:
        return (CaseKind.HELD,)
    return (CaseKind.AUDIT,) if in_audit else ()


def due_ms(
    policy: Policy,
    kind: CaseKind,
    opened_ms: int,
    decision: Decision | None,
    scored: Scored | None,
    *,
    article_comments: int = 0,
    reports: int = 0,
) -> int:
    """When a case is due, in ms since the epoch: opened + patience − boosts, never before it was opened.

    Boosts (seconds, `[queue.boost_s]`): `severity` times the highest score of `HARMFUL` (a comment that was not scored
    may be the worst: counts half); `reach` times the article's share of `REACH_COMMENTS`, for what is on the page
    only, since nobody reads what is held; `report` for each report.
    """
    boost = policy.queue.boost_s
    earlier_s = boost.severity * _severity_ratio(scored) + boost.report * reports
    if decision is not None and decision.outcome is Outcome.APPROVE:
        earlier_s += boost.reach * min(1.0, article_comments / REACH_COMMENTS)
    return opened_ms + round(max(0.0, patience_s(policy, kind) - earlier_s) * 1000)


def _severity_ratio(scored: Scored | None) -> float:
    if scored is None:
        return 0.5
    return max((scored.scores.get(attribute, 0.0) for attribute in HARMFUL), default=0.0)

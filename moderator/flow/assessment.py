"""The CPU part of moderation: what scorer and policy say of a batch. Runs in the scoring thread, awaits nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moderator import metrics
from moderator.domain import Comment, Decision, Outcome, Scored, Signal, Span, Submission
from moderator.log import logger
from moderator.policy.decide import audit, audited, decide
from moderator.policy.document import Policy
from moderator.policy.facts import Facts, facts, signals
from moderator.scoring.mapped import Mapped
from moderator.scoring.normalise import Format, Passage, Prepared, prepare, prepare_all
from moderator.scoring.scorer import Scorer, TextIn
from moderator.store.signals import Gathered

_LOG = logger(__name__)


@dataclass(frozen=True, slots=True)
class Active:
    """What decides for a site now: swapped as one, so that a decision never mixes two generations.

    `salt` keeps whoever chooses comment ids from choosing the audit sample.
    """

    scorer: Scorer
    policy: Policy
    policy_name: str
    generation: int
    salt: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """One text to assess.

    `scorable` is False when the question waited past its deadline: the policy's failure outcome is the answer.
    """

    site: str
    active: Active
    submission: Submission
    prepared: Prepared
    gathered: Gathered
    scorable: bool = True


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer: all that a revision records of how it was decided. `scored` is None when scoring failed."""

    active: Active
    scored: Scored | None
    signals: tuple[Signal, ...]
    spans: tuple[Span, ...]
    decision: Decision
    in_audit: bool


def text_in(submission: Submission) -> TextIn:
    """What the scorer reads of a submission; the article's language is the hint where the comment has none."""
    return TextIn(
        text=submission.text,
        format=submission.format,
        language=submission.language or submission.article.language,
    )


def resubmission(comment: Comment, text: str) -> Submission:
    """A recorded comment with another wording, as the submission that would have brought it."""
    return Submission(
        id=comment.id,
        text=text,
        article=comment.article,
        format=comment.format,
        author=comment.author,
        parent_id=comment.parent_id,
        language=comment.language,
        submitted_at=comment.submitted_at,
        honeypot=comment.honeypot,
        metadata=comment.metadata,
    )


def assess(questions: Sequence[Question], at: datetime) -> list[Assessment]:
    """Score and decide a batch, each scorer's part of it at once; blocks for as long as scoring takes.

    If a part fails, its texts are scored one by one, and the one that fails alone gets the policy's failure outcome.
    """
    scored = _score(questions)
    return [_judge_alone(question, one, at) for question, one in zip(questions, scored, strict=True)]


def prepare_each(contents: Sequence[tuple[str, Format]]) -> list[Prepared]:
    """Prepare a batch; a text that the normaliser fails on is taken as it is, and harms no other."""
    try:
        return prepare_all(contents)
    except Exception as error:
        metrics.FALLBACKS.labels("normalising").inc()
        _LOG.error("normalising_failed", error=error, size=len(contents))
        return [_prepare_alone(text, form) for text, form in contents]


def _prepare_alone(text: str, form: Format) -> Prepared:
    try:
        return prepare(text, form)
    except Exception:
        return Prepared(text, Passage(Mapped(text)))


def _judge_alone(question: Question, scored: Scored | None, at: datetime) -> Assessment:
    """What the policy says of one comment; where it fails, what it says of one that could not be scored."""
    try:
        return _judge(question, scored, at)
    except Exception as error:
        metrics.FALLBACKS.labels("policy").inc()
        _LOG.error("policy_failed", error=error, policy=question.active.policy_name)
        decision = decide(question.active.policy, Facts(), None, at=at)
        return Assessment(active=question.active, scored=None, signals=(), spans=(), decision=decision, in_audit=False)


def _score(questions: Sequence[Question]) -> list[Scored | None]:
    results: list[Scored | None] = [None] * len(questions)
    by_scorer: dict[Scorer, list[int]] = {}
    for place, question in enumerate(questions):
        if question.scorable:
            by_scorer.setdefault(question.active.scorer, []).append(place)
    for scorer, places in by_scorer.items():
        texts = [text_in(questions[place].submission) for place in places]
        try:
            answers: Sequence[Scored | None] = scorer.score(texts, [questions[place].prepared for place in places])
        except Exception as error:
            metrics.FALLBACKS.labels("scoring_batch").inc()
            _LOG.warning("scoring_batch_failed", error=error, size=len(texts))
            answers = [_score_alone(scorer, text) for text in texts]
        for place, answer in zip(places, answers, strict=True):
            results[place] = answer
    return results


def _score_alone(scorer: Scorer, text: TextIn) -> Scored | None:
    try:
        return scorer.score([text])[0]
    except Exception as error:
        metrics.FALLBACKS.labels("scoring").inc()
        _LOG.error("scoring_failed", error=error)
        return None


def _judge(question: Question, scored: Scored | None, at: datetime) -> Assessment:
    active, submission = question.active, question.submission
    known = _facts(question, scored)
    decision = decide(active.policy, known, scored, at=at)
    in_audit = decision.outcome is not Outcome.HOLD and audit(active.policy, question.site, submission.id, active.salt)
    return Assessment(
        active=active,
        scored=scored,
        signals=signals(known),
        spans=_explain(question, scored, decision),
        decision=audited(decision) if in_audit else decision,
        in_audit=in_audit,
    )


def _facts(question: Question, scored: Scored | None) -> Facts:
    submission, gathered = question.submission, question.gathered
    return facts(
        question.active.policy,
        text=submission.text,
        format=submission.format,
        plain=question.prepared.plain,
        normal=question.prepared.normal,
        author=submission.author,
        honeypot=submission.honeypot,
        scored=scored,
        near_duplicates=gathered.near_duplicates,
        same_author_duplicates=gathered.same_author_duplicates,
        author_comments=gathered.author_comments,
        article_comments=gathered.article_comments,
    )


def _explain(question: Question, scored: Scored | None, decision: Decision) -> tuple[Span, ...]:
    """The words behind the scores that a hold or a rejection gives as reasons; what a rule alone did has none."""
    attributes = dict.fromkeys(reason.attribute for reason in decision.reasons if reason.attribute is not None)
    if scored is None or not attributes or decision.outcome is Outcome.APPROVE:
        return ()
    try:
        return question.active.scorer.explain(
            text_in(question.submission), scored, tuple(attributes), question.prepared
        )
    except Exception as error:
        metrics.FALLBACKS.labels("explanation").inc()
        _LOG.warning("explanation_failed", error=error)
        return ()

"""The words of the service, in the order in which data flows, and the one table by which a comment changes state.

Records are frozen; a change makes a new record, and the store replaces the old one only if nobody else has
(`Comment.sequence`). They are stored as MessagePack arrays: a field may be added at a struct's end with a
default, and nothing else may be done to them without a new record version (`store/comments.py`).
Times are UTC. Probabilities and scores are in [0, 1].
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct

ATTRIBUTES = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "spam")
"""What is scored, named as in the field's datasets."""

TOXIC_ATTRIBUTES = ATTRIBUTES[:-1]
"""The attributes that are kinds of toxicity: all but spam."""


class State(StrEnum):
    """Where the latest revision of a comment stands."""

    PENDING = "pending"
    APPROVED = "approved"
    HELD = "held"
    REJECTED = "rejected"
    ERASED = "erased"


class Outcome(StrEnum):
    """What a decision says."""

    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"


SEVERITY: Mapping[Outcome, int] = {Outcome.APPROVE: 0, Outcome.HOLD: 1, Outcome.REJECT: 2}
"""Of several outcomes the most severe wins."""


class By(StrEnum):
    """Who took a decision."""

    MODEL = "model"
    RULE = "rule"
    MODERATOR = "moderator"


class CaseKind(StrEnum):
    """Why a person should look at a comment."""

    HELD = "held"
    REPORTED = "reported"
    APPEALED = "appealed"
    AUDIT = "audit"
    ESCALATED = "escalated"
    EDITED = "edited"


class Act(StrEnum):
    """What can happen to a comment's state."""

    AUTO_APPROVE = "auto_approve"
    AUTO_HOLD = "auto_hold"
    AUTO_REJECT = "auto_reject"
    PERSON_APPROVE = "person_approve"
    PERSON_REJECT = "person_reject"
    RESTORE_APPROVED = "restore_approved"
    RESTORE_HELD = "restore_held"
    RESTORE_REJECTED = "restore_rejected"
    ERASE = "erase"


_DECIDE = {
    Act.AUTO_APPROVE: State.APPROVED,
    Act.AUTO_HOLD: State.HELD,
    Act.AUTO_REJECT: State.REJECTED,
    Act.PERSON_APPROVE: State.APPROVED,
    Act.PERSON_REJECT: State.REJECTED,
    Act.ERASE: State.ERASED,
}
_UNDO = {
    Act.RESTORE_APPROVED: State.APPROVED,
    Act.RESTORE_HELD: State.HELD,
    Act.RESTORE_REJECTED: State.REJECTED,
}

TRANSITIONS: Mapping[State, Mapping[Act, State]] = {
    State.PENDING: _DECIDE,
    State.HELD: _DECIDE,
    # Only a person's verdict is undone, and a verdict leaves a comment approved or rejected.
    State.APPROVED: _DECIDE | _UNDO,
    State.REJECTED: _DECIDE | _UNDO,
    State.ERASED: {},
}
"""State → act → state. What is not here cannot happen. That a person's rejection outranks the model is `settle`."""


class IllegalTransition(Exception):
    """A program error: an act that `TRANSITIONS` does not allow."""


class Article(Struct, frozen=True, kw_only=True, array_like=True):
    """What a comment stands under, as the backend described it."""

    id: str
    url: str | None = None
    title: str | None = None
    summary: str | None = None
    language: str | None = None


class Author(Struct, frozen=True, kw_only=True, array_like=True):
    """Who wrote a comment, as the backend described them. Personal data: lives in the comment's record only."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    url: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    role: Literal["reader", "staff"] | None = None
    registered_at: datetime | None = None


class Decided(Struct, frozen=True, kw_only=True, array_like=True):
    """A decision taken elsewhere before, for back-fill; `by` is whoever the backend names."""

    outcome: Literal["approve", "reject"]
    at: datetime
    by: str


class Submission(Struct, frozen=True, kw_only=True):
    """What a backend sends, after validation: ids are set, context fields cut to their limits (`cut` names them)."""

    id: str
    text: str
    article: Article
    format: Literal["plain", "html"] = "plain"
    author: Author | None = None
    parent_id: str | None = None
    language: str | None = None
    submitted_at: datetime | None = None
    honeypot: str = ""
    metadata: dict[str, Any] = {}
    decided: Decided | None = None
    cut: tuple[str, ...] = ()


class Scored(Struct, frozen=True, kw_only=True, array_like=True):
    """What the scorer says of one text: the writer's own part, and the quoted part apart (None: nothing was quoted).

    `obfuscation`: characters that the normaliser had to undo, a feature and a signal.
    """

    scores: dict[str, float]
    language: str
    language_confidence: float
    bundle: str
    quoted: dict[str, float] | None = None
    obfuscation: int = 0


class Signal(Struct, frozen=True, kw_only=True, array_like=True):
    """A named fact that is not the text's score."""

    code: str
    value: float
    detail: str


class Span(Struct, frozen=True, kw_only=True, array_like=True):
    """Which characters of the text as sent raised `attribute`: code points [begin, end), `weight` in logits."""

    begin: int
    end: int
    attribute: str
    weight: float


class Reason(Struct, frozen=True, kw_only=True, array_like=True):
    """One reason of a decision, in words that a moderator can repeat to a reader. Never holds the comment's text."""

    code: str
    detail: str
    outcome: Outcome
    attribute: str | None = None
    score: float | None = None
    threshold: float | None = None


class Decision(Struct, frozen=True, kw_only=True, array_like=True):
    """Outcome, all its reasons (also why it passed), who took it; `who` names the person, if it was one."""

    outcome: Outcome
    by: By
    at: datetime
    reasons: tuple[Reason, ...]
    who: str | None = None


class Case(Struct, frozen=True, kw_only=True, array_like=True):
    """An open case. `due_ms`: opened + patience − boost, fixed when it opens; the queue is ordered by it."""

    kind: CaseKind
    opened_at: datetime
    due_ms: int


class Revision(Struct, frozen=True, kw_only=True, array_like=True):
    """One wording of a comment with the automatic decision on it. Never changes once recorded, but for rescoring.

    `decision` is None while it is pending, `scored` also when scoring failed. `p` is the probability with which
    a comment so decided reaches a person (1 for a hold, the audit rate otherwise): the label's weight is 1/p.
    `cases` are the kinds that it opened, `sequence` the comment's when it was recorded: with them the first reply is
    rebuilt.
    `generation` is the site's serving generation that decided, `bundle` and `policy` what it named.
    """

    number: int
    text: str
    at: datetime
    by: Literal["author", "moderator"]
    sequence: int
    scored: Scored | None = None
    signals: tuple[Signal, ...] = ()
    spans: tuple[Span, ...] = ()
    decision: Decision | None = None
    policy: str | None = None
    p: float = 1.0
    cases: tuple[CaseKind, ...] = ()
    generation: int = 0
    bundle: str | None = None


class Standing(Struct, frozen=True, kw_only=True, array_like=True):
    """What a verdict changes, kept so that undoing it can put it back."""

    state: State
    visible_revision: int | None
    decision: Decision | None
    cases: tuple[Case, ...]


class Verdict(Struct, frozen=True, kw_only=True, array_like=True):
    """What a moderator said of one revision. `why` are the cases that were open, `p` the revision's.

    `lease` makes the same verdict sent twice the same verdict; `undo` is the token that takes it back, and
    `undone_at` says that it was. `before` is where the comment stood.
    """

    revision: int
    outcome: Literal["approve", "reject"]
    at: datetime
    by: str
    lease: str
    undo: str
    before: Standing
    attributes: tuple[str, ...] = ()
    rule: str | None = None
    note: str | None = None
    learn: bool = True
    why: tuple[CaseKind, ...] = ()
    p: float = 1.0
    undone_at: datetime | None = None


class Event(Struct, frozen=True, kw_only=True, array_like=True):
    """One line of a comment's history: who did what, when. `actor` is `author`, `model`, `rule`, or a person's name."""

    sequence: int
    at: datetime
    action: str
    actor: str
    revision: int
    outcome: str | None = None


class Comment(Struct, frozen=True, kw_only=True, array_like=True):
    """A submission that was recorded. `sequence` counts its changes and guards each of them.

    `decision` is the one in force (a person's, or the latest revision's), `visible_revision` what the page shows.
    """

    id: str
    site: str
    sequence: int
    state: State
    created_at: datetime
    article: Article
    revisions: tuple[Revision, ...]
    author: Author | None = None
    parent_id: str | None = None
    format: Literal["plain", "html"] = "plain"
    language: str | None = None
    submitted_at: datetime | None = None
    honeypot: str = ""
    metadata: dict[str, Any] = {}
    cut: tuple[str, ...] = ()
    visible_revision: int | None = None
    decision: Decision | None = None
    cases: tuple[Case, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    history: tuple[Event, ...] = ()
    imported: bool = False

    @property
    def latest(self) -> Revision:
        """The revision that the state speaks of."""
        return self.revisions[-1]


def move(state: State, act: Act) -> State:
    """The state after `act`.

    Raises:
        IllegalTransition: the table does not allow it.
    """
    try:
        return TRANSITIONS[state][act]
    except KeyError:
        raise IllegalTransition(f"{act} is not possible from {state}") from None


def settle(comment: Comment, outcome: Outcome) -> Outcome:
    """What an automatic `outcome` on a new revision of `comment` may do.

    The model never moves a comment that a person rejected to approved: such an edit is held for a person.
    """
    rejected_by_person = (
        comment.state is State.REJECTED and comment.decision is not None and comment.decision.by is By.MODERATOR
    )
    return Outcome.HOLD if rejected_by_person and outcome is Outcome.APPROVE else outcome

"""The bounded line in front of the batcher: interactive first, bulk fills up, round robin over sites."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from moderator.domain import Comment, Submission
from moderator.errors import Overloaded
from moderator.flow.assessment import Active, Assessment
from moderator.flow.receipts import Receipt
from moderator.scoring.normalise import Format, Prepared
from moderator.store.comments import Change
from moderator.store.signals import Gathered

Compose = Callable[[Comment | None, Assessment], Change | None]
"""Makes the change to record from the newest record (None: there is none) and the assessment; None: nothing to do."""


@dataclass(eq=False, slots=True)
class Job:
    """One comment on its way to a decision.

    `old` is the record that an edit starts from; `result` is what its caller waits for. `arrived` is on the monotonic
    clock. `prepared` (the normalised text), `active` (what will decide) and `gathered` (the store's signals) are filled
    in on the way.
    """

    site: str
    submission: Submission
    old: Comment | None
    compose: Compose
    result: asyncio.Future[Receipt]
    arrived: float
    bulk: bool = False
    prepared: Prepared | None = None
    gathered: Gathered | None = None
    active: Active | None = None

    @property
    def content(self) -> tuple[str, Format]:
        """Its text as sent, and what kind of text that is."""
        return self.submission.text, self.submission.format

    @property
    def code_points(self) -> int:
        """The length of its text."""
        return len(self.submission.text)


@dataclass(slots=True)
class Limits:
    """How much one batch takes: whichever is reached first. One job is always taken."""

    comments: int
    code_points: int
    expected_ms: float


@dataclass(slots=True)
class Line:
    """Jobs waiting, at most `limit` of them."""

    limit: int
    _interactive: OrderedDict[str, deque[Job]] = field(default_factory=OrderedDict)
    _bulk: OrderedDict[str, deque[Job]] = field(default_factory=OrderedDict)
    _length: int = 0

    def __len__(self) -> int:
        return self._length

    def put(self, job: Job) -> None:
        """Add a job at its site's end.

        Raises:
            Overloaded: the line is full; nothing was added.
        """
        if self._length >= self.limit:
            raise Overloaded("Too many comments are waiting; send this one again shortly.")
        self._lane(job).setdefault(job.site, deque()).append(job)
        self._length += 1

    def put_back(self, job: Job) -> None:
        """Return a job that was taken before to its site's front; the limit does not apply to it."""
        self._lane(job).setdefault(job.site, deque()).appendleft(job)
        self._length += 1

    def take(self, limits: Limits, expected_ms: Callable[[Job], float]) -> list[Job]:
        """The next batch, one job of each site in turn."""
        taken: list[Job] = []
        code_points, cost_ms = 0, 0.0
        for lane in (self._interactive, self._bulk):
            while lane:
                site, jobs = next(iter(lane.items()))
                job = jobs[0]
                code_points += job.code_points
                cost_ms += expected_ms(job)
                full = len(taken) >= limits.comments or code_points > limits.code_points or cost_ms > limits.expected_ms
                if taken and full:
                    return taken
                taken.append(jobs.popleft())
                self._length -= 1
                if jobs:
                    lane.move_to_end(site)
                else:
                    del lane[site]
        return taken

    def _lane(self, job: Job) -> OrderedDict[str, deque[Job]]:
        return self._bulk if job.bulk else self._interactive

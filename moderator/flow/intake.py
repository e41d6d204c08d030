"""How a comment is moderated. Read `Intake.moderate` first; the rest of the service serves it.

Nothing is answered before it is recorded, and nothing is decided before everything is scored. The batcher owns each
job from the moment it is put: a caller that goes away changes nothing.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Literal

from moderator import clock, metrics
from moderator.domain import Comment, State, Submission
from moderator.errors import (
    Conflict,
    ModeratorError,
    Overloaded,
    StoreUnavailable,
)
from moderator.flow import revisions
from moderator.flow.assessment import Assessment, Question, assess, prepare_each, resubmission
from moderator.flow.batcher import Batcher
from moderator.flow.comments import Reading
from moderator.flow.line import Compose, Job, Limits, Line
from moderator.flow.live import Live
from moderator.flow.receipts import Receipt, count, receipt_of
from moderator.log import logger
from moderator.settings import Settings
from moderator.store.client import Late
from moderator.store.comments import Change, Comments, Result, Stale
from moderator.store.nearduplicate import signature
from moderator.store.signals import Gathered, SignalInput, Signals
from moderator.store.waiting import Work

_LOG = logger(__name__)
_TRIES = 5
# A comment whose node takes longer than this leaves its batch, so that a slow node delays only its own.
_PATIENCE_S = 0.05
_PAUSE_S = 0.2


class Intake:
    """Takes submissions and edits, and gives receipts."""

    def __init__(
        self,
        settings: Settings,
        *,
        comments: Comments,
        signals: Signals,
        reading: Reading,
        live: Live,
        executor: Executor,
    ) -> None:
        self._deadline_s = settings.deadline_ms / 1000
        self._comments = comments
        self._signals = signals
        self._reading = reading
        self._live = live
        self._executor = executor
        self._tasks: set[asyncio.Task[None]] = set()
        self._batcher = Batcher(
            self.moderate,
            line=Line(settings.queue_limit),
            limits=Limits(settings.batch_comments, settings.batch_chars, settings.batch_ms),
        )

    async def moderate(self, jobs: Sequence[Job]) -> None:
        """Take one batch from arrival to record; settles every job's result."""
        # 1. Gather signals: one round trip for the batch. Who is late comes back in a later one, who fails is told.
        jobs = await self._gather(jobs)
        # 2. Score, and 3. decide: CPU only, the whole batch at once, off the event loop unless it is quick.
        assessments = await self._assess(jobs)
        # 4. Record everything or nothing: one round trip, one atomic and idempotent script a comment.
        assessed = dict(zip(jobs, assessments, strict=True))
        for site, each in _by_site(jobs).items():
            self._spawn(self._record(site, {job: assessed[job] for job in each}))

    async def submit(self, site: str, submission: Submission, *, bulk: bool = False) -> Receipt:
        """Moderate a submission and say what was recorded; the same id with the same content gets the first record.

        Raises:
            Conflict: `id_conflict`: the id has other content.
            Gone: the id was erased.
            Overloaded, StoreUnavailable: nothing was recorded; try again.
            OutcomeUnknown: try again with the same id.
        """

        def compose(_: Comment | None, assessment: Assessment) -> Change:
            comment = revisions.recorded(site, submission, assessment, clock.now())
            return Change(old=None, new=comment, wait=_rescoring(comment, assessment))

        return await self._put(site, submission, None, compose, bulk=bulk)

    async def accept(self, site: str, submission: Submission) -> Comment:
        """Record a submission as pending, to be decided by a worker; durable when this returns.

        Raises: as `submit`.
        """
        pending = revisions.received(site, submission, clock.now())
        change = Change(old=None, new=pending, wait=(Work("decide", site, submission.id),))
        (result,) = await self._comments.change(site, [change])
        return receipt_of(change, result).comment

    async def edit(
        self,
        site: str,
        comment_id: str,
        text: str,
        by: Literal["author", "moderator"],
        expected_revision: int | None = None,
        *,
        who: str | None = None,
    ) -> Receipt:
        """Record another wording and decide it; the wording that it already has is a replay.

        `who` names the moderator who edits, where it is known.

        Raises:
            NotFound, Gone: there is no such comment, or no more.
            Conflict: `precondition_failed`: `expected_revision` is not the latest.
            Overloaded, StoreUnavailable, OutcomeUnknown: as `submit`.
        """
        comment = await self._reading.get(site, comment_id)

        def compose(old: Comment | None, assessment: Assessment) -> Change:
            assert old is not None  # noqa: S101  an edit starts from a record
            _check_revision(old, expected_revision)
            new = revisions.edited(old, text, by, assessment, clock.now(), who=who)
            return Change(old=old, new=new, wait=_rescoring(new, assessment))

        if comment.latest.text == text:
            return Receipt(comment, replayed=True)
        _check_revision(comment, expected_revision)
        return await self._put(site, resubmission(comment, text), comment, compose, bulk=False)

    async def decide(self, site: str, comment: Comment) -> None:
        """Decide a comment that was accepted as pending; one that is not pending any more stays as it is.

        Raises: as `submit`.
        """

        def compose(old: Comment | None, assessment: Assessment) -> Change | None:
            if old is None or old.state is not State.PENDING:
                return None
            new = revisions.decided_late(old, assessment, clock.now())
            return Change(old=old, new=new, wait=_rescoring(new, assessment))

        await self._put(site, resubmission(comment, comment.latest.text), comment, compose, bulk=True)

    async def rescore(self, site: str, comment: Comment) -> bool:
        """Add scores to a revision that was decided without; False when scoring failed again.

        Raises: as `submit`.
        """

        def compose(old: Comment | None, assessment: Assessment) -> Change | None:
            if old is None or old.latest.scored is not None or assessment.scored is None:
                return None
            return Change(old=old, new=revisions.rescored(old, assessment, clock.now()))

        submission = resubmission(comment, comment.latest.text)
        receipt = await self._put(site, submission, comment, compose, bulk=True)
        return receipt.comment.latest.scored is not None

    @property
    def heartbeat_age_s(self) -> float:
        """Seconds since the batcher's loop last turned; over 5 something is stuck."""
        return self._batcher.heartbeat_age_s

    @property
    def waiting(self) -> int:
        """Comments that no batch has taken yet."""
        return self._batcher.waiting

    def start(self) -> None:
        """Begin to moderate; needs a running event loop."""
        self._batcher.start()

    async def close(self, timeout_s: float) -> None:
        """Take nothing more and finish what was taken, for at most `timeout_s`."""
        await self._batcher.close(timeout_s)

    async def _put(
        self, site: str, submission: Submission, old: Comment | None, compose: Compose, *, bulk: bool
    ) -> Receipt:
        job = Job(
            site=site,
            submission=submission,
            old=old,
            compose=compose,
            result=asyncio.get_running_loop().create_future(),
            arrived=clock.ticks(),
            bulk=bulk,
        )
        self._batcher.put(job)
        return await asyncio.shield(job.result)

    async def _gather(self, jobs: Sequence[Job]) -> list[Job]:
        """The jobs whose signals are in. Late ones come back in a later batch, failed ones are settled."""
        new = [job for job in jobs if job.gathered is None]
        for job, prepared in zip(new, prepare_each([job.content for job in new]), strict=True):
            job.prepared = prepared
        await asyncio.gather(*(self._ask(site, each) for site, each in _by_site(new).items()))
        return [job for job in jobs if job.gathered is not None and not job.result.done()]

    async def _ask(self, site: str, jobs: Sequence[Job]) -> None:
        """Note the signals of jobs of one site, what will decide them included."""
        try:
            active = await self._live.current(site)
            found = await self._signals.gather(site, _signal_inputs(jobs), patience_s=_PATIENCE_S)
        except Exception as error:
            for job in jobs:
                _settle(job, error)
            return
        for job, each in zip(jobs, found, strict=True):
            job.active = active
            if isinstance(each, Gathered):
                job.gathered = each
            elif isinstance(each, Late):
                # The store gives a node that does not answer up by itself: this ends within its timeout.
                asyncio.get_running_loop().call_later(_PAUSE_S, self._batcher.put_back, job)
            else:
                # Whatever became of the indexes, the comment itself was certainly not recorded.
                _settle(job, StoreUnavailable(each.detail))

    async def _assess(self, jobs: Sequence[Job]) -> list[Assessment]:
        if not jobs:
            return []
        questions = [self._question(job, clock.ticks()) for job in jobs]
        if _quick(jobs):
            assessments, seconds = _timed(questions, clock.now())
        else:
            loop = asyncio.get_running_loop()
            assessments, seconds = await loop.run_in_executor(self._executor, _timed, questions, clock.now())
        metrics.SCORING_SECONDS.observe(seconds)
        self._batcher.measured(sum(job.code_points for job in jobs), seconds)
        return assessments

    def _question(self, job: Job, now: float) -> Question:
        assert job.active and job.prepared and job.gathered  # noqa: S101, PT018  `_gather` saw to it
        waited_s = now - job.arrived
        metrics.WAITED_SECONDS.observe(waited_s)
        scorable = waited_s <= self._deadline_s or job.bulk
        if not scorable:
            metrics.FALLBACKS.labels("scoring_deadline").inc()
        return Question(job.site, job.active, job.submission, job.prepared, job.gathered, scorable)

    async def _record(self, site: str, assessed: Mapping[Job, Assessment]) -> None:
        """Record what was decided. Who is late, or was overtaken by another change, goes on alone."""
        changes = {job: change for job in assessed if (change := _composed(job, assessed[job])) is not None}
        try:
            results = await self._comments.change(site, list(changes.values()), patience_s=_PATIENCE_S)
        except Exception as error:
            for job in changes:
                _settle(job, error)
            return
        for (job, change), result in zip(changes.items(), results, strict=True):
            if isinstance(result, Late | Stale):
                self._spawn(self._go_on_alone(job, assessed[job], change, result))
            else:
                _finish(job, change, result)

    async def _go_on_alone(self, job: Job, assessment: Assessment, change: Change, result: Late | Stale) -> None:
        try:
            await self._insist(job, assessment, change, result)
        except Exception as error:
            _settle(job, error)

    async def _insist(self, job: Job, assessment: Assessment, change: Change, result: Late | Stale) -> None:
        """Make a change again that was not answered, or compose it anew from the record as it is now."""
        for _ in range(_TRIES):
            if isinstance(result, Stale):
                job.old = result.comment
                composed = _composed(job, assessment)
                if composed is None:
                    return
                change = composed
            (again,) = await self._comments.change(job.site, [change])
            if not isinstance(again, Late | Stale):
                _finish(job, change, again)
                return
            result = again
        _settle(job, Overloaded("The comment keeps changing; try again."))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _quick(jobs: Sequence[Job]) -> bool:
    """Whether scoring is a matter of moments: the surface view alone, at most 8 ms for the largest batch there is.

    Two threads that both want the interpreter's lock cost more than that. The encoder runs in the scoring thread, where
    its matrix products leave the lock to others.
    """
    return all(job.active is not None and job.active.scorer.views == "surface" for job in jobs)


def _timed(questions: Sequence[Question], at: datetime) -> tuple[list[Assessment], float]:
    """The assessments, and the seconds that they took: without the wait for the thread, which others use too."""
    began = clock.ticks()
    return assess(questions, at), clock.ticks() - began


def _by_site(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    sites: dict[str, list[Job]] = {}
    for job in jobs:
        sites.setdefault(job.site, []).append(job)
    return sites


def _signal_inputs(jobs: Sequence[Job]) -> list[SignalInput]:
    at_ms = clock.now_ms()
    signatures = signature([job.prepared.normal if job.prepared else "" for job in jobs])
    return [
        SignalInput(
            id=job.submission.id,
            text_signature=None if found is None else found.packed,
            bands=() if found is None else found.bands,
            article_id=job.submission.article.id,
            author_id=None if job.submission.author is None else job.submission.author.id,
            at_ms=at_ms,
        )
        for job, found in zip(jobs, signatures, strict=True)
    ]


def _composed(job: Job, assessment: Assessment) -> Change | None:
    """The change that a job asks for; None when it is settled without one."""
    try:
        change = job.compose(job.old, assessment)
    except Exception as error:
        _settle(job, error)
        return None
    if change is None and job.old is not None:
        _give(job, Receipt(job.old, replayed=True))
    return change


def _finish(job: Job, change: Change, result: Result) -> None:
    try:
        receipt = receipt_of(change, result)
    except Exception as error:
        _settle(job, error)
    else:
        _give(job, receipt)


def _give(job: Job, receipt: Receipt) -> None:
    count(receipt)
    if not job.result.done():
        job.result.set_result(receipt)


def _settle(job: Job, error: Exception) -> None:
    if not isinstance(error, ModeratorError):
        _LOG.error("moderation_failed", error=error)
    if not job.result.done():
        job.result.set_exception(error)
        # A caller that went away never looks; that is no error of ours to report.
        job.result.exception()


def _rescoring(comment: Comment, assessment: Assessment) -> tuple[Work, ...]:
    return () if assessment.scored is not None else (Work("rescore", comment.site, comment.id),)


def _check_revision(comment: Comment, expected: int | None) -> None:
    if expected is not None and comment.latest.number != expected:
        raise Conflict(
            "The comment has another revision than the If-Match header names.",
            code="precondition_failed",
            current_revision=comment.latest.number,
        )

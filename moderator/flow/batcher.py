"""Group commit: what waits together is moderated together, with no delay when idle.

While one batch is gathered and scored, what arrives waits and is the next one: the busier, the larger, and the cheaper
each comment. A second batch goes on its way at the same time once it is worth its fixed costs, so that its signals are
read while the first is scored. Recording holds no place, so that a slow node never keeps the scorer waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from moderator import metrics
from moderator.clock import ticks
from moderator.errors import Overloaded
from moderator.flow.line import Job, Limits, Line
from moderator.log import logger

_LOG = logger(__name__)
_OVERLAPPING = 2
_WORTH_A_BATCH = 8
_BEAT_S = 1.0
# Until a batch has been measured: both views of a 200-character comment.
_FIRST_GUESS_MS_A_CODE_POINT = 0.0125
# A short text costs as much as one of this length.
_LEAST_CODE_POINTS = 40
_LARGE_CODE_POINTS = 2_000


class Batcher:
    """Owns the work from the moment a job is put until its result is set, whatever happens to whoever waits for it."""

    def __init__(self, handle: Callable[[Sequence[Job]], Awaitable[None]], *, line: Line, limits: Limits) -> None:
        """`handle` takes a batch as far as scored; it must settle every job's result, itself or in tasks of its own."""
        self._handle = handle
        self._line = line
        self._limits = limits
        self._changed = asyncio.Event()
        self._running: dict[asyncio.Task[None], float] = {}
        self._open: set[Job] = set()
        self._closing = False
        self._loop: asyncio.Task[None] | None = None
        self._ms_a_code_point = _FIRST_GUESS_MS_A_CODE_POINT
        self._beat = ticks()

    @property
    def heartbeat_age_s(self) -> float:
        """Seconds since the loop last turned, or for which a batch has been on its way; over 5 something is stuck."""
        return ticks() - min([self._beat, *self._running.values()])

    @property
    def waiting(self) -> int:
        """Jobs that no batch has taken yet."""
        return len(self._line)

    def start(self) -> None:
        """Begin to take batches; needs a running event loop."""
        self._loop = asyncio.create_task(self._supervise(), name="batcher")

    def put(self, job: Job) -> None:
        """Hand a job over.

        Raises:
            Overloaded: the line is full, or the service is stopping.
        """
        if self._closing:
            raise Overloaded("The service is stopping; send this again in a moment.", retry_after_s=2)
        self._line.put(job)
        self._open.add(job)
        job.result.add_done_callback(lambda _: self._open.discard(job))
        self._changed.set()

    def put_back(self, job: Job) -> None:
        """Hand over again a job that left its batch because its signals came late."""
        self._line.put_back(job)
        self._changed.set()

    def measured(self, code_points: int, seconds: float) -> None:
        """Learn what scoring costs, by its own time: a moving average in which a large batch counts more.

        In a small one the fixed costs weigh; believing them would make the next one smaller still.
        """
        sample = seconds * 1000 / max(code_points, _LEAST_CODE_POINTS)
        share = 0.5 * code_points / (code_points + _LARGE_CODE_POINTS)
        self._ms_a_code_point += share * (sample - self._ms_a_code_point)

    async def close(self, timeout_s: float) -> None:
        """Take nothing more and finish what was taken, for at most `timeout_s`."""
        self._closing = True
        if self._open:
            await asyncio.wait([job.result for job in self._open], timeout=timeout_s)
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    def expected_ms(self, job: Job) -> float:
        """What scoring this job will take, by what the last batches took."""
        return max(job.code_points, _LEAST_CODE_POINTS) * self._ms_a_code_point

    async def _supervise(self) -> None:
        while True:
            try:
                await self._turn()
            except Exception as error:
                metrics.FALLBACKS.labels("batcher_restarted").inc()
                _LOG.error("batcher_restarted", error=error)
                self._changed.set()

    async def _turn(self) -> None:
        self._beat = ticks()
        try:
            async with asyncio.timeout(_BEAT_S):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()
        while self._may_take():
            task = asyncio.create_task(self._run(self._line.take(self._limits, self.expected_ms)), name="batch")
            self._running[task] = ticks()
            task.add_done_callback(self._ended)

    def _may_take(self) -> bool:
        if not self._line or len(self._running) >= _OVERLAPPING:
            return False
        return not self._running or len(self._line) >= _WORTH_A_BATCH

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._changed.set()

    async def _run(self, batch: Sequence[Job]) -> None:
        metrics.BATCH_COMMENTS.observe(len(batch))
        metrics.WAITING.set(len(self._line))
        began = ticks()
        try:
            await self._handle(batch)
            metrics.BATCH_SECONDS.observe(ticks() - began)
        except Exception as error:
            _LOG.error("batch_failed", error=error, size=len(batch))
            metrics.FALLBACKS.labels("batch_failed").inc()
            for job in batch:
                if not job.result.done():
                    job.result.set_exception(error)

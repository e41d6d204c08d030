"""Work that waits: comments accepted as pending, and comments recorded without scores."""

from typing import Self

from moderator import metrics
from moderator.flow.intake import Intake
from moderator.log import logger
from moderator.runtime import Services
from moderator.store.comments import Comments
from moderator.store.waiting import Waiting, Work

KINDS = ("decide", "rescore")
"""What this worker takes; other kinds are left to theirs."""

MAX_TRIES = 14
"""With the pauses between them an item lasts about a quarter of an hour: longer than a restart or a rush of comments.

What fails for longer needs somebody to look: it is a dead letter then.
"""

_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 1_000, 120_000
_AT_ONCE = 64
_LEASE_S = 30
_LOG = logger(__name__)


def pause_ms(tries: int) -> int:
    """How long an item waits after so many tries: twice as long each time, up to two minutes."""
    return min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS << (tries - 1))


class Worker:
    """Takes due items and has the intake do them; an item whose lease ends is taken again, by whoever is first.

    Whatever an item fails with, it alone is put off: an item that ends the turn uses up its neighbours' tries too.
    """

    def __init__(self, waiting: Waiting, comments: Comments, intake: Intake) -> None:
        self._waiting = waiting
        self._comments = comments
        self._intake = intake

    @classmethod
    def of(cls, services: Services) -> Self:
        """The worker of a process's services."""
        return cls(services.waiting, services.records, services.intake)

    async def run_once(self) -> int:
        """Do what is due now, and say how many items that were."""
        items = await self._waiting.claim(KINDS, limit=_AT_ONCE, lease_s=_LEASE_S, max_tries=MAX_TRIES)
        for item in items:
            await self._do(item)
        return len(items)

    async def _do(self, item: Work) -> None:
        try:
            finished = await self._handle(item)
        except Exception as error:
            _LOG.warning("work_put_off", error=error, kind=item.kind, tries=item.tries)
            finished = False
        metrics.WORK.labels(item.kind, "done" if finished else "put_off").inc()
        if finished:
            await self._waiting.done(item)
        else:
            await self._waiting.later(item, pause_ms(item.tries), max_tries=MAX_TRIES)

    async def _handle(self, item: Work) -> bool:
        comment = await self._comments.get(item.site, item.id)
        if comment is None:
            return True
        if item.kind == "rescore":
            return await self._intake.rescore(item.site, comment)
        await self._intake.decide(item.site, comment)
        return True

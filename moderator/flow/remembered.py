"""What was looked up a moment ago, and what to go by while the store cannot be asked."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Generic, TypeVar

from moderator import clock
from moderator.errors import OutcomeUnknown, StoreUnavailable

T = TypeVar("T")

FRESH_S = 3.0
"""How long an answer is not asked for again."""

LIMIT_S = 4.5
"""How old an answer may be while it is asked for again; with what a request takes, revocation is seen within five."""

PATIENCE_S = 1.0
"""How long after a question that failed the store is not asked again."""

SIZE = 10_000


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """An answer: when it was asked for, and when the store last failed to give another (monotonic seconds)."""

    value: T
    asked_at: float
    failed_at: float = -inf


class Remembered(Generic[T]):
    """A look-up whose known answers are kept.

    An answer older than `FRESH_S` is asked for again in the background, one older than `LIMIT_S` is waited for. Only
    while the store is unreachable do older answers hold, and nobody waits for it twice: that keeps known callers
    served during an outage. Unknown names are not kept, so nobody can fill the memory with them.
    """

    def __init__(
        self, look_up: Callable[[str], Awaitable[T | None]], *, ticks: Callable[[], float] = clock.ticks
    ) -> None:
        self._look_up, self._ticks = look_up, ticks
        self._kept: dict[str, Kept[T]] = {}
        self._asking: dict[str, asyncio.Task[T | None]] = {}

    async def get(self, name: str) -> T | None:
        """The answer for `name`; None: the store does not know it.

        Raises:
            StoreError: the store cannot be asked, and it never told about `name`.
        """
        kept, now = self._kept.get(name), self._ticks()
        if kept is None:
            return await self._ask(name)
        if now - kept.asked_at < FRESH_S or now - kept.failed_at < PATIENCE_S:
            return kept.value
        asking = self._ask_again(name, kept)
        if now - max(kept.asked_at, kept.failed_at) < LIMIT_S:
            return kept.value
        # Whoever hangs up must not take the question from the others who wait.
        return await asyncio.shield(asking)

    def _ask_again(self, name: str, kept: Kept[T]) -> asyncio.Task[T | None]:
        """The question that is under way, or a new one."""
        if name not in self._asking:
            self._asking[name] = asyncio.create_task(self._ask_or_keep(name, kept))
            self._asking[name].add_done_callback(lambda _: self._asking.pop(name))
        return self._asking[name]

    async def _ask_or_keep(self, name: str, kept: Kept[T]) -> T | None:
        try:
            return await self._ask(name)
        except (StoreUnavailable, OutcomeUnknown):
            self._keep(name, replace(kept, failed_at=self._ticks()))
            return kept.value

    async def _ask(self, name: str) -> T | None:
        asked_at = self._ticks()
        found = await self._look_up(name)
        if found is None:
            self._kept.pop(name, None)
        else:
            self._keep(name, Kept(found, asked_at))
        return found

    def _keep(self, name: str, kept: Kept[T]) -> None:
        if name not in self._kept and len(self._kept) >= SIZE:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = kept

"""What was looked up a moment ago, and what to go by while the store cannot be asked."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from moderator import clock
from moderator.errors import OutcomeUnknown, StoreUnavailable

T = TypeVar("T")

FRESH_S = 4.0
"""How long an answer is not asked for again: with the store's timeout of a second, revocation is seen within five."""

PATIENCE_S = 1.0
"""How long the last answer is used before a store that could not be asked is tried again."""

SIZE = 10_000


class Remembered(Generic[T]):
    """A look-up whose known answers are kept.

    An answer is fresh for `FRESH_S`, counted from before the question. After that it is only used while the store is
    unreachable, and for as long as it is: that keeps known callers served during an outage. Unknown names are not
    kept, so nobody can fill the memory with them.
    """

    def __init__(
        self, look_up: Callable[[str], Awaitable[T | None]], *, ticks: Callable[[], float] = clock.ticks
    ) -> None:
        self._look_up, self._ticks = look_up, ticks
        self._kept: dict[str, tuple[T, float]] = {}

    async def get(self, name: str) -> T | None:
        """The answer for `name`; None: the store does not know it.

        Raises:
            StoreError: the store cannot be asked, and it never told about `name`.
        """
        asked_at = self._ticks()
        value, fresh_until = self._kept.get(name, (None, 0.0))
        if value is not None and asked_at < fresh_until:
            return value
        try:
            found = await self._look_up(name)
        except (StoreUnavailable, OutcomeUnknown):
            # It may have been revoked by an answer that came while this one was awaited.
            if value is None or name not in self._kept:
                raise
            self._keep(name, value, self._ticks() + PATIENCE_S)
            return value
        if found is None:
            self._kept.pop(name, None)
        else:
            self._keep(name, found, asked_at + FRESH_S)
        return found

    def _keep(self, name: str, value: T, fresh_until: float) -> None:
        if name not in self._kept and len(self._kept) >= SIZE:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = (value, fresh_until)

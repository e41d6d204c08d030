"""The answers to many commands that go out together: one wake-up for all of them instead of one each."""

import asyncio
from typing import Any


class Late:
    """Stands for an answer that did not come in time."""


LATE = Late()


class Round:
    """So many answers, each in its place. An answer that comes when nobody waits any more is dropped."""

    __slots__ = ("_answers", "_complete", "_loop", "_missing")

    def __init__(self, size: int, loop: asyncio.AbstractEventLoop) -> None:
        self._answers: list[Any] = [LATE] * size
        self._missing = size
        self._loop = loop
        self._complete: asyncio.Future[None] = loop.create_future()
        if not size:
            self._complete.set_result(None)

    def place(self, index: int) -> "Place":
        """Where one command's reply goes, or the error that came instead."""
        return Place(self, index)

    async def results(self, patience_s: float | None) -> list[Any]:
        """All answers in their order; with `patience_s`, `LATE` for each that did not come by then."""
        timer = None if patience_s is None else self._loop.call_later(patience_s, self._end)
        try:
            await self._complete
        finally:
            if timer is not None:
                timer.cancel()
        return self._answers.copy()

    def put(self, index: int, answer: Any) -> None:
        self._answers[index] = answer
        self._missing -= 1
        if not self._missing:
            self._end()

    def _end(self) -> None:
        if not self._complete.done():
            self._complete.set_result(None)


class Place:
    """One place of a round: what a command takes for a future."""

    __slots__ = ("_index", "_round")

    def __init__(self, round_: Round, index: int) -> None:
        self._round: Round | None = round_
        self._index = index

    def done(self) -> bool:
        return self._round is None

    def set_result(self, result: Any, /) -> None:
        """The first answer counts; later ones (a connection that breaks) are none."""
        round_, self._round = self._round, None
        if round_ is not None:
            round_.put(self._index, result)

    set_exception = set_result

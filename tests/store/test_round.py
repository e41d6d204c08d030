import asyncio

from moderator.errors import StoreUnavailable
from moderator.store.round import LATE, Round


def round_of(size: int) -> Round:
    return Round(size, asyncio.get_running_loop())


async def test_answers_stand_in_their_places_however_they_come() -> None:
    begun = round_of(3)
    places = [begun.place(index) for index in range(3)]
    error = StoreUnavailable("down")
    places[2].set_result(b"c")
    places[0].set_exception(error)
    waiting = asyncio.create_task(begun.results(None))
    await asyncio.sleep(0)
    assert not waiting.done()
    places[1].set_result(b"b")
    assert await waiting == [error, b"b", b"c"]


async def test_a_round_of_nothing_is_complete() -> None:
    assert await round_of(0).results(None) == []


async def test_what_does_not_come_in_time_is_late_and_then_dropped() -> None:
    begun = round_of(2)
    first, second = begun.place(0), begun.place(1)
    first.set_result(1)
    results = await begun.results(0.001)
    second.set_result(2)
    assert results == [1, LATE]


async def test_the_first_answer_counts_and_no_place_is_counted_twice() -> None:
    begun = round_of(2)
    first, second = begun.place(0), begun.place(1)
    assert not first.done()
    first.set_result(1)
    first.set_exception(StoreUnavailable("lost"))
    assert first.done()
    assert not second.done()
    second.set_result(2)
    assert await begun.results(None) == [1, 2]


async def test_a_caller_that_is_cancelled_leaves_its_commands_wanted() -> None:
    begun = round_of(1)
    place = begun.place(0)
    waiting = asyncio.create_task(begun.results(None))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not place.done()
    place.set_result(b"nobody's")

"""Who is moderated next."""

import asyncio

import pytest

from moderator.domain import Article, Submission
from moderator.errors import Overloaded
from moderator.flow.line import Job, Limits, Line

PLENTY = Limits(comments=64, code_points=32_000, expected_ms=1e9)


def job(name: str, *, site: str = "a", bulk: bool = False, length: int = 10) -> Job:
    return Job(
        site=site,
        submission=Submission(id=name, text="x" * length, article=Article(id="a-1")),
        old=None,
        compose=lambda _old, _assessment: None,
        result=asyncio.get_running_loop().create_future(),
        arrived=0.0,
        bulk=bulk,
    )


def names(jobs: list[Job]) -> list[str]:
    return [each.submission.id for each in jobs]


def take(line: Line, limits: Limits = PLENTY) -> list[str]:
    return names(line.take(limits, lambda _: 1.0))


async def test_a_loud_site_waits_for_a_quiet_one_each_turn() -> None:
    line = Line(100)
    for name in ("a1", "a2", "a3"):
        line.put(job(name))
    line.put(job("b1", site="b"))
    assert take(line) == ["a1", "b1", "a2", "a3"]


async def test_bulk_only_fills_what_interactive_leaves() -> None:
    line = Line(100)
    line.put(job("bulk", bulk=True))
    for name in ("a1", "a2"):
        line.put(job(name))
    two = Limits(comments=2, code_points=32_000, expected_ms=1e9)
    assert (take(line, two), take(line, two)) == (["a1", "a2"], ["bulk"])


@pytest.mark.parametrize(
    "limits",
    [
        Limits(comments=2, code_points=32_000, expected_ms=1e9),
        Limits(comments=64, code_points=25, expected_ms=1e9),
        Limits(comments=64, code_points=32_000, expected_ms=2.0),
    ],
)
async def test_each_limit_ends_a_batch(limits: Limits) -> None:
    line = Line(100)
    for number in range(5):
        line.put(job(f"a{number}"))
    assert take(line, limits) == ["a0", "a1"]
    assert len(line) == 3


async def test_a_text_over_every_limit_is_taken_alone() -> None:
    line = Line(100)
    line.put(job("huge", length=50_000))
    line.put(job("small"))
    assert take(line, Limits(comments=64, code_points=100, expected_ms=0.5)) == ["huge"]


async def test_a_full_line_refuses_and_says_so() -> None:
    line = Line(1)
    line.put(job("a1"))
    with pytest.raises(Overloaded):
        line.put(job("a2"))
    assert take(line) == ["a1"]


async def test_a_job_that_comes_back_is_next_even_when_the_line_is_full() -> None:
    line = Line(1)
    line.put(job("a1"))
    line.put_back(job("late"))
    assert take(line) == ["late", "a1"]

"""Preparing and extracting cost what the text's length says, whatever the text is made of.

Processor time of this thread is measured, and the ratio between a text and one four times as long, so that a busy
machine does not decide.
"""

from collections.abc import Callable
from time import thread_time

import pytest

from moderator.scoring.normalise import prepare
from moderator.scoring.surface import extract

HOSTILE = {
    "invisible": "a\u200b",
    "fullwidth": "ｆ",
    "spaced": "a ",
    "underscored": "a_",
    "mixed scripts": "cyкa ",
    "one mixed word": "aк",
    "stretched": "a",
    "stretched often": "aaab",
    "leet": "id10t ",
    "leet without end": "a1",
    "stars": "a**b ",
    "marks": "a\u0300\u0301\u0302",
    "quotes": '"',
    "open quotes": "« ",
    "quoted lines": ">\n",
    "tags": "<b>x",
    "less": "<",
    "references": "&amp;",
    "broken references": "&a",
    "attributes": '<a b="',
    "comments": "<!--",
    "scripts": "<script>",
    "blockquotes": "<blockquote>x",
    "emoji": "❤\ufe0f",
    "dots": "a.",
}


def _fastest(act: Callable[[], object]) -> float:
    times = []
    for _ in range(4):
        begin = thread_time()
        act()
        times.append(thread_time() - begin)
    return min(times)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", ["plain", "html"])
def test_four_times_the_text_costs_about_four_times_the_time(name: str, form: str) -> None:
    def cost(size: int) -> float:
        text = (HOSTILE[name] * size)[:size]
        return _fastest(lambda: extract([prepare(text, "html" if form == "html" else "plain").own]))

    short, long = cost(5_000), cost(20_000)
    assert long < 8 * short + 0.002
    assert long < 0.06

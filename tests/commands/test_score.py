"""`moderator score`, with a bundle that knows a few words."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from moderator.commands import score
from moderator.domain import Scored
from moderator.errors import ScoringError
from moderator.scoring.normalise import Prepared
from moderator.scoring.scorer import Scorer, TextIn

BAD, GOOD = "You are an idiot.", "Thank you, well said."


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path) -> None:
    monkeypatch.setenv("MODERATOR_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("MODERATOR_VIEWS", "surface")


def lines(done: Any) -> list[dict[str, Any]]:
    return [json.decode(line) for line in done.out.splitlines()]


def test_a_line_of_text_is_a_comment(run: Callable[..., Any], tiny_bundle: Path) -> None:
    done = run("score", stdin=f"{BAD}\n\n{GOOD}\r\n".encode())
    assert done.code == 0
    bad, good = lines(done)
    assert bad["scores"]["insult"] > 0.5 > good["scores"]["insult"]
    assert len(bad["scores"]) == 7
    assert (bad["language"], bad["bundle"]) == ("en", tiny_bundle.name)
    assert "spans" not in bad


def test_scoring_needs_no_store(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODERATOR_REDIS_URL", f"unix://{tmp_path}/absent")
    assert run("score", stdin=GOOD.encode()).code == 0


def test_a_line_of_ndjson_keeps_its_id(run: Callable[..., Any]) -> None:
    items = [{"id": "c-1", "text": GOOD}, {"text": f"<p>{BAD}</p>", "format": "html", "id": 2}]
    done = run("score", stdin=b"\n".join(json.encode(item) for item in items))
    first, second = lines(done)
    assert (first["id"], second["id"]) == ("c-1", 2)
    assert second["scores"]["insult"] > 0.5


def test_what_is_scored_may_be_a_label_or_a_row_of_a_corpus(run: Callable[..., Any]) -> None:
    # Given lines that say more than scoring needs
    label = {"id": "c-1", "text": BAD, "lang": "en", "labels": {"insult": 1}, "group": "a-1", "at": "now", "p": 1.0}
    row = {"text": GOOD, "labels": {"toxicity": 0.25}, "parent": None, "article": {"id": "a-1"}}
    done = run("score", stdin=json.encode(label) + b"\n" + json.encode(row))
    # Then they are scored as if they said no more
    first, second = lines(done)
    assert done.code == 0
    assert (first["id"], first["scores"]["insult"] > 0.5) == ("c-1", True)
    assert "id" not in second


def test_spans_say_which_characters_raised_a_score(run: Callable[..., Any]) -> None:
    (bad,) = lines(run("score", "--spans", stdin=BAD.encode()))
    assert any(BAD[span["begin"] : span["end"]] == "idiot" for span in bad["spans"])


def test_a_text_that_begins_like_json_can_be_text(run: Callable[..., Any]) -> None:
    done = run("score", "--format", "text", stdin=b'{"text": "You are an idiot."}\n')
    assert done.code == 0
    assert lines(done)[0]["scores"]["insult"] > 0.5


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "invalid_json"),
        (b"[1]", "wrong_type"),
        (b'{"text": 1}', "wrong_type"),
        (b'{"id": "x"}', "required"),
        (b'{"text": " "}', "empty"),
        (b'{"text": "a\\u0000b"}', "nul"),
        (b'{"text": "\xff"}', "invalid_utf8"),
        (b'{"text": "' + b"a" * 20_001 + b'"}', "too_long"),
    ],
)
def test_a_bad_line_says_why_and_harms_no_other(run: Callable[..., Any], line: bytes, code: str) -> None:
    done = run("score", "--format", "ndjson", stdin=b'{"text": "one"}\n' + line + b'\n{"text": "three"}\n')
    one, bad, three = lines(done)
    assert done.code == 1
    assert (bad["line"], bad["code"]) == (2, code)
    assert one["scores"]
    assert three["scores"]
    assert "1 of 3 lines" in done.err


def test_text_that_is_not_utf_8_is_said(run: Callable[..., Any]) -> None:
    done = run("score", "--format", "text", stdin=b"\xff\xfe\n")
    assert lines(done)[0]["code"] == "invalid_utf8"


def test_a_text_that_cannot_be_scored_takes_nobody_with_it(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fails(Scorer):
        def score(self, inputs: Sequence[TextIn], prepared: Sequence[Prepared] | None = None) -> list[Scored]:
            if any(each.text == BAD for each in inputs):
                raise ScoringError("not a number")
            return super().score(inputs, prepared)

    monkeypatch.setattr(score, "Scorer", Fails)
    good, bad = lines(run("score", stdin=f"{GOOD}\n{BAD}\n".encode()))
    assert good["scores"]
    assert (bad["line"], bad["code"]) == (2, "scoring_failed")


def test_a_bundle_that_must_not_be_served_is_one_sentence(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("score", "--bundle", str(tmp_path), stdin=b"one\n")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1

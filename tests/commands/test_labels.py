"""`moderator labels`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

TWO = b'{"text": "You are an idiot", "labels": {"insult": 1}}\n\n{"text": "Thank you", "labels": {"toxicity": 0}}\n'


@pytest.fixture(autouse=True)
def site(run: Callable[..., Any]) -> str:
    run("sites", "create", "news")
    return "news"


def exported(run: Callable[..., Any], *words: str) -> list[dict[str, Any]]:
    done = run("labels", "export", *words)
    assert done.code == 0
    return [json.decode(line) for line in done.out.splitlines()]


def test_what_is_imported_is_exported_and_counts(run: Callable[..., Any]) -> None:
    assert run("labels", "import", "--json", stdin=TWO).json == {"accepted": 2, "refused": []}
    rows = exported(run)
    assert {row["text"]: row["labels"] for row in rows} == {
        "You are an idiot": {"insult": 1},
        "Thank you": {"toxicity": 0},
    }
    assert {row["provenance"] for row in rows} == {"import"}


def test_an_export_is_an_import(run: Callable[..., Any], tmp_path: Path) -> None:
    run("labels", "import", stdin=TWO)
    file = tmp_path / "labels.jsonl"
    file.write_text(run("labels", "export").out)
    run("sites", "create", "sport")
    assert run("labels", "import", str(file), "--site", "sport", "--json").json["accepted"] == 2
    there, here = exported(run, "--site", "sport"), exported(run, "--site", "news")
    assert [(row["id"], row["text"], row["at"]) for row in there] == [
        (row["id"], row["text"], row["at"]) for row in here
    ]


def test_times_are_written_as_the_service_writes_them(run: Callable[..., Any]) -> None:
    given = (b"2026-11-25T16:00:07Z", b"2026-11-25T18:00:07.517000+02:00")
    run("labels", "import", stdin=b"\n".join(b'{"text":"%b","labels":{"spam":1},"at":"%b"}' % (at, at) for at in given))
    assert [row["at"] for row in exported(run)] == ["2026-11-25T16:00:07.000Z", "2026-11-25T16:00:07.517Z"]


def test_lines_that_hold_no_label_are_named_and_the_others_taken(run: Callable[..., Any]) -> None:
    lines = b'{"text": "fine", "labels": {"spam": 1}}\nnot json\n{"text": "", "labels": {"spam": 1}}\n{"labels": {}}\n'
    done = run("labels", "import", "-", stdin=lines)
    assert done.code == 1
    assert [line.split(":")[0] for line in done.err.splitlines()[:-1]] == ["line 2", "line 3", "line 4"]
    assert "1 labels accepted, 3 refused" in done.err
    assert len(exported(run)) == 1


def test_only_what_was_judged_since_a_time(run: Callable[..., Any]) -> None:
    old = b'{"text": "old", "labels": {"spam": 1}, "at": "2020-01-01T00:00:00Z"}\n'
    run("labels", "import", stdin=old + TWO)
    assert len(exported(run)) == 3
    assert len(exported(run, "--since", "2026-01-01")) == 2
    assert run("labels", "export", "--since", "yesterday").code == 2


def test_a_source_from_outside_is_admitted(run: Callable[..., Any]) -> None:
    assert run("labels", "sources", "--json").json == []
    done = run("labels", "admit", "website")
    assert done.code == 0
    assert "not sent any yet" in done.err
    assert run("labels", "sources", "--json").json == [{"source": "website", "admitted": True}]
    assert "counts" in run("labels", "sources").out

"""`moderator evaluate`, on a source of twenty rows."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import json


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    folder = tmp_path / "corpora"
    folder.mkdir()
    texts = [("A fine article", 0), ("You are an idiot", 1)] * 10
    rows = [
        {"text": f"{text}, {n}", "lang": "en", "group": None, "labels": {"toxicity": is_toxic}}
        for n, (text, is_toxic) in enumerate(texts)
    ]
    (folder / "threads.jsonl.gz").write_bytes(gzip.compress(b"\n".join(json.encode(row) for row in rows)))
    return folder


def test_it_prints_a_line_for_each_attribute_of_each_source(
    run: Callable[..., Any], corpora: Path, tiny_bundle: Path
) -> None:
    words = ("evaluate", "--corpora", str(corpora), "--bundle", str(tiny_bundle))
    shown = run(*words)
    assert shown.code == 0
    assert shown.out.startswith("SOURCE")
    found = run(*words, "--json").json
    assert found["bundle"] == tiny_bundle.name
    (line, *_) = found["lines"]
    assert (line["source"], line["attribute"], line["rows"]) == ("threads", "toxicity", 20)
    assert line["auc"] == 1.0


def test_without_corpora_it_says_what_is_missing(run: Callable[..., Any], tmp_path: Path, tiny_bundle: Path) -> None:
    done = run("evaluate", "--corpora", str(tmp_path / "absent"), "--bundle", str(tiny_bundle))
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1

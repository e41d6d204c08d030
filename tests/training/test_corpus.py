"""Reading corpora, and what is said of a folder that holds none or a broken one."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from moderator.domain import ATTRIBUTES
from moderator.errors import TrainingError
from moderator.training.corpus import read_corpora


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))


def test_sources_become_columns_and_a_missing_label_stays_unknown(tmp_path: Path) -> None:
    write(tmp_path, "b", '{"text": "two", "lang": "ru", "labels": {"toxicity": 0.7}, "group": "g", "extra": 1}')
    write(tmp_path, "a", '{"text": "one", "lang": "en", "labels": {"spam": 0}}')
    corpus = read_corpora(tmp_path)
    assert (corpus.names, corpus.texts, corpus.groups) == (("a", "b"), ("one", "two"), (None, "g"))
    assert corpus.labels[1, ATTRIBUTES.index("toxicity")] == np.float32(0.7)
    assert np.isnan(corpus.labels[1, ATTRIBUTES.index("spam")])
    assert corpus.rows_of("b").tolist() == [False, True]
    assert len(corpus.digests["a"]) == 64


def test_a_source_can_be_left_out(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path, name, '{"text": "one", "labels": {"spam": 0}}')
    assert read_corpora(tmp_path, leave_out=["a"]).names == ("b",)


def test_a_folder_without_corpora_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no corpora"):
        read_corpora(tmp_path)


def test_a_broken_line_is_named_and_not_repeated(tmp_path: Path) -> None:
    write(tmp_path, "a", '{"text": "one", "labels": {"spam": 0}}', '{"text": "secret"}')
    with pytest.raises(TrainingError, match="line 2") as refused:
        read_corpora(tmp_path)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_cut_short_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"{}" * 1000)[:30])
    with pytest.raises(TrainingError, match=r"a\.jsonl\.gz"):
        read_corpora(tmp_path)

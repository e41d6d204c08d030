from pathlib import Path

import pytest

from moderator.errors import TrainingError
from moderator.training.params import Blend, read_params


def test_the_clone_s_own_parameters_are_read_and_keep_the_development_set_out() -> None:
    params = read_params()
    assert params.leave_out == ("news_threads_dev",)
    assert params.source("authored_pairs").own
    assert params.source("never heard of").weight == 1


def test_missing_parameters_say_that_a_clone_is_needed(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="clone"):
        read_params(tmp_path / "absent.toml")


def test_a_document_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "params.toml").write_text("pull = ")
    with pytest.raises(TrainingError, match=r"params\.toml"):
        read_params(tmp_path / "params.toml")


def test_a_share_starts_from_the_language_and_the_attribute() -> None:
    by = Blend(share=0.6, pull=1.0, grid=(0.0,), languages={"uk": 0.4}, attributes={"threat": 1.5})
    assert by.start("en", "spam") == 0.6
    assert by.start("uk", "threat") == pytest.approx(0.6)

"""The example file explains exactly the settings that exist, with their defaults."""

import re
from pathlib import Path

import pytest

from moderator.settings import KINDS, Settings, variable, variables

EXAMPLE = (Path(__file__).parents[2] / "deploy" / "moderator.env.example").read_text("utf-8")
ENTRIES = dict(re.findall(r"^# (MODERATOR_[A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def explanation(name: str) -> str:
    """The paragraph above a variable's line."""
    paragraphs = EXAMPLE[: EXAMPLE.index(f"\n# {name}=")].split("\n\n")
    return paragraphs[-1]


def test_it_names_exactly_the_settings_in_their_order() -> None:
    assert list(ENTRIES) == variables()


def test_it_shows_every_default() -> None:
    defaults = Settings().public() | {"MODERATOR_SECRET_FILE": ""}

    assert defaults == ENTRIES


@pytest.mark.parametrize("name", ENTRIES)
def test_every_setting_is_explained(name: str) -> None:
    assert len(explanation(name)) > 60


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.allowed.startswith("one of ")])
def test_every_choice_is_named(name: str) -> None:
    choices = KINDS[name].allowed.removeprefix("one of ").split(", ")

    assert all(choice in explanation(variable(name)) for choice in choices)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.allowed.startswith("a whole number")])
def test_every_range_is_named_as_it_is_checked(name: str) -> None:
    low, high = re.findall(r"\d+", KINDS[name].allowed)
    words = explanation(variable(name)).replace("\n#", "")

    assert f"{low} to {high}" in words


def test_with_every_line_uncommented_it_is_accepted_as_the_defaults() -> None:
    assert Settings.read(ENTRIES) == Settings()

"""The README says what the service does: its commands, calls, links and code are tried here."""

import asyncio
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from moderator.cli import parser
from moderator.policy.document import DEFAULT, parse
from moderator.scoring.language import LANGUAGES
from moderator.web.routes import ROUTES
from tests.web_fixture import GOOD, Service

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^(?:moderator [^#\n]+)|`(moderator [^`]+)`", re.MULTILINE)
CALL = re.compile(r"`?(GET|POST|PUT) (/[^\s`?│]+)")


def commands() -> list[str]:
    found = [match[1] or match[0] for match in COMMAND.finditer(README)]
    return sorted({command.split(">")[0].strip() for command in found})


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_readme_is_one(command: str) -> None:
    words = shlex.split(command)[1:]
    parser(words).parse_args(words)


def test_the_readme_names_commands_at_all() -> None:
    assert len(commands()) >= 6


@pytest.mark.parametrize(("method", "path"), sorted(set(CALL.findall(README))))
def test_every_call_of_the_readme_is_a_route(method: str, path: str) -> None:
    assert (method, path) in {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^ +make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_python_of_the_readme_is_ten_lines_or_so_and_compiles() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    compile(code, "README.md", "exec")


async def test_the_python_of_the_readme_posts_a_comment(service: Service) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  our own README
    comment = {"id": "c-1", "article": {"id": "a-1"}, "text": GOOD}
    url = str(service.http.make_url("")).rstrip("/")
    first = await asyncio.to_thread(names["moderate"], comment, service.key, url)
    again = await asyncio.to_thread(names["moderate"], comment, service.key, url)
    assert (first["state"], first["replayed"], again["replayed"]) == ("approved", False, True)


def test_the_readme_counts_the_languages_and_shows_a_threshold_that_is_one() -> None:
    assert f"en ru uk + {len(LANGUAGES) - 3} more" in README
    assert f'"threshold": {parse(DEFAULT).thresholds["insult"].hold},' in README

"""`moderator sites` and `moderator keys`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_new_site_prints_its_first_key_and_nothing_else_on_stdout(run: Callable[..., Any]) -> None:
    done = run("sites", "create", "news")
    assert done.code == 0
    assert done.out.startswith("mk_")
    assert done.out.count("\n") == 1
    assert "once" in done.err


def test_sites_are_listed_as_table_and_as_json(run: Callable[..., Any]) -> None:
    run("sites", "create", "news")
    assert "news" in run("sites", "list").out
    (site,) = run("sites", "list", "--json").json
    assert site["site"] == "news"
    assert site["created_at"].endswith("Z")


def test_a_site_that_exists_is_one_sentence_and_exit_code_1(run: Callable[..., Any]) -> None:
    run("sites", "create", "news")
    failed = run("sites", "create", "news")
    assert (failed.code, failed.out) == (1, "")
    assert failed.err == "moderator: The site news exists already.\n"


def test_a_key_has_the_scopes_that_were_named(run: Callable[..., Any]) -> None:
    run("sites", "create", "news")
    made = run("keys", "create", "news", "--name", "web", "--scope", "read", "--scope", "submit", "--json").json
    assert (made["site"], made["name"], made["scopes"]) == ("news", "web", ["submit", "read"])
    assert made["key"].startswith("mk_")


def test_without_scopes_a_key_has_all(run: Callable[..., Any]) -> None:
    run("sites", "create", "news")
    assert run("keys", "create", "news", "--json").json["scopes"] == ["submit", "read", "score", "labels"]


@pytest.mark.parametrize("words", [("keys", "create"), ("keys", "create", "news", "--scope", "all"), ("keys", "make")])
def test_what_is_typed_wrong_is_exit_code_2(run: Callable[..., Any], words: tuple[str, ...]) -> None:
    failed = run(*words)
    assert (failed.code, failed.out) == (2, "")
    assert "usage: moderator keys" in failed.err


def test_an_unknown_scope_is_answered_with_those_that_there_are(run: Callable[..., Any]) -> None:
    assert "'all' is none of submit, read, score, labels\n" in run("keys", "create", "news", "--scope", "all").err


@pytest.mark.parametrize("words", [("sites", "list"), ("keys", "create", "news"), ("users", "list")])
def test_where_there_is_no_data_folder_a_command_says_which_it_looked_for_and_makes_none(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("MODERATOR_REDIS_URL")
    monkeypatch.setenv("MODERATOR_DATA", "data")
    monkeypatch.chdir(tmp_path)
    failed = run(*words)
    assert failed.code == 1
    assert failed.err == (
        f"moderator: There is no site yet in the data folder {tmp_path}/data, which does not exist: "
        "start 'moderator serve' there first, or set MODERATOR_DATA.\n"
    )
    assert not (tmp_path / "data").exists()


def test_rotation_prints_another_key_and_the_list_says_that_two_are_valid(run: Callable[..., Any]) -> None:
    first = run("sites", "create", "news").out
    second = run("keys", "rotate", "news", "first").out
    assert second.startswith("mk_")
    assert second != first
    assert len(run("keys", "list", "news", "--json").json[0]["keys"]) == 2
    assert run("keys", "revoke", "news", "first", "--previous").code == 0
    assert len(run("keys", "list", "news", "--json").json[0]["keys"]) == 1


def test_lists_never_show_a_key(run: Callable[..., Any]) -> None:
    key = run("sites", "create", "news").out.strip()
    for listing in (run("keys", "list"), run("keys", "list", "--json")):
        assert listing.code == 0
        assert "first" in listing.out
        assert key not in listing.out


def test_a_revoked_key_is_no_longer_listed(run: Callable[..., Any]) -> None:
    run("sites", "create", "news")
    assert run("keys", "revoke", "news", "first").code == 0
    assert run("keys", "list", "--json").json == []
    assert run("keys", "revoke", "news", "first").code == 1

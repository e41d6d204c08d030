"""`moderator users`."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def site(run: Callable[..., Any]) -> str:
    run("sites", "create", "news")
    return "news"


def test_a_new_user_of_the_only_site_prints_a_password_and_is_asked_nothing(run: Callable[..., Any], site: str) -> None:
    done = run("users", "create", "olena", "--role", "moderator")
    assert done.code == 0
    assert len(done.out.strip()) == len("abcde-abcde-abcde-abcde")
    assert site in done.err


def test_as_json_a_new_user_comes_with_a_token(run: Callable[..., Any], site: str) -> None:
    made = run("users", "create", "olena", "--role", "senior", "--json").json
    assert (made["user"], made["roles"]) == ("olena", {site: "senior"})
    assert made["token"].startswith("mt_")
    assert made["password"]


def test_a_user_may_have_a_role_everywhere(run: Callable[..., Any], site: str) -> None:
    made = run("users", "create", "desk", "--site", "*", "--role", "admin", "--json").json
    assert made["roles"] == {"*": "admin"}
    assert site not in made["roles"]


def test_without_a_site_a_user_must_be_told_where(run: Callable[..., Any]) -> None:
    failed = run("users", "create", "olena", "--role", "moderator")
    assert failed.code == 1
    assert "no site yet" in failed.err


def test_with_several_sites_one_must_be_named(run: Callable[..., Any], site: str) -> None:
    run("sites", "create", "sport")
    failed = run("users", "create", "olena", "--role", "moderator")
    assert failed.code == 2
    assert f"({site}, sport)" in failed.err
    assert run("users", "create", "olena", "--role", "moderator", "--site", "weather").code == 1
    assert run("users", "create", "olena", "--role", "moderator", "--site", "sport").code == 0


def test_a_role_is_needed_and_known(run: Callable[..., Any], site: str) -> None:
    assert run("users", "create", "olena", "--site", site).code == 2
    refused = run("users", "create", "olena", "--role", "boss")
    assert refused.code == 2
    assert "'boss' is none of moderator, senior, admin\n" in refused.err
    assert "none of moderator, senior, admin, none\n" in run("users", "role", "olena", "--role", "boss").err


def test_roles_change(run: Callable[..., Any], site: str) -> None:
    run("users", "create", "olena", "--role", "moderator")
    assert run("users", "role", "olena", "--role", "senior").code == 0
    assert run("users", "list", "--json").json[0]["roles"] == {site: "senior"}
    assert run("users", "role", "olena", "--role", "none").code == 0
    assert run("users", "list", "--json").json[0]["roles"] == {}


def test_tokens_and_passwords_are_printed_alone(run: Callable[..., Any], site: str) -> None:
    run("users", "create", "olena", "--role", "moderator", "--site", site)
    assert run("users", "token", "olena").out.startswith("mt_")
    assert run("users", "password", "olena").out.count("-") == 3
    assert run("users", "token", "olena", "--json").json.keys() == {"user", "token"}


def test_revoking_tokens_leaves_the_user_and_revoking_the_user_leaves_nothing(
    run: Callable[..., Any], site: str
) -> None:
    run("users", "create", "olena", "--role", "moderator", "--site", site)
    assert run("users", "revoke", "olena", "--tokens").code == 0
    assert run("users", "list", "--json").json[0]["tokens"] == []
    assert run("users", "revoke", "olena").code == 0
    assert run("users", "list", "--json").json == []


def test_nobody_is_one_sentence(run: Callable[..., Any]) -> None:
    failed = run("users", "token", "olena")
    assert failed.code == 1
    assert failed.err == "moderator: There is no user olena; see 'moderator users list'.\n"

"""How keys, tokens and passwords are made, and what is kept of them."""

import re

import pytest
from argon2 import PasswordHasher

from moderator.flow.credentials import KEY, TOKEN, Passwords, credential, digest, new_password, new_secret

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_a_key_says_what_it_is_and_holds_256_random_bits() -> None:
    keys = {new_secret(KEY) for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch(r"mk_[A-Za-z0-9_-]{43}", key) for key in keys)
    assert new_secret(TOKEN).startswith("mt_")


def test_of_a_key_only_its_hash_is_kept() -> None:
    raw = new_secret(KEY)
    kept = credential(raw)
    assert kept.digest == digest(raw)
    assert raw not in repr(kept)
    assert re.fullmatch(r"[0-9a-f]{64}", kept.digest)


def test_a_password_can_be_read_aloud() -> None:
    assert re.fullmatch(r"([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}", new_password())


@pytest.mark.parametrize(("given", "matches"), [("right", True), ("wrong", False), ("", False)])
async def test_a_password_is_checked_against_its_hash(given: str, matches: bool) -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash("right")
    assert kept.startswith("$argon2id$")
    assert await passwords.matches(given, kept) is matches


async def test_nobody_has_no_password() -> None:
    passwords = Passwords(CHEAP)
    assert not await passwords.matches("", None)
    assert not await passwords.matches("right", None)


async def test_a_broken_hash_matches_nothing() -> None:
    assert not await Passwords(CHEAP).matches("right", "not a hash")

"""Keys, tokens and passwords: how they are made, and what is kept of them."""

import asyncio
import hashlib
import secrets
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from moderator import clock
from moderator.store.credentials import Credential

KEY, TOKEN = "mk_", "mt_"
"""How a site's key and a person's token begin, so that secret scanners and people can tell what they found."""

_SECRET_BYTES = 32
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 letters, none of which is mistaken for another: five bits each."""


def new_secret(prefix: str) -> str:
    """A key or token nobody can guess: 256 random bits."""
    return prefix + secrets.token_urlsafe(_SECRET_BYTES)


def new_password() -> str:
    """A password that can be read aloud: four groups of five letters, 100 random bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def digest(raw: str) -> str:
    """What is kept of a key or token, in hex. A random number of 256 bits needs no slow hash."""
    return hashlib.sha256(raw.encode()).hexdigest()


def credential(raw: str) -> Credential:
    """A key or token as it is kept, made now."""
    return Credential(digest=digest(raw), created_at=clock.now())


class Passwords:
    """Hashes and checks passwords with argon2id, in a thread: one takes about 0.2 s and 64 MiB.

    At most two at a time, so that a flood of sign-ins takes neither the memory nor the cores of scoring.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(2)

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether `kept` is the hash of `password`. None (no such user) takes as long as a wrong password."""
        async with self._turn:
            return await asyncio.to_thread(self._matches, password, kept)

    def _matches(self, password: str, kept: str | None) -> bool:
        try:
            return self._hasher.verify(kept or self._nobody, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())

"""What sites, keys and people may be called. Names are shown, typed and part of Redis keys, so they are plain."""

import re
from typing import Literal

from moderator.errors import FieldError, InputError

_SITE = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,62}")


def check_site_name(name: str) -> None:
    """Refuse what is no name for a site.

    Raises:
        InputError: at `/site`, `invalid_name`.
    """
    if not _SITE.fullmatch(name):
        raise InputError(
            FieldError("/site", "invalid_name", "a site is called with 1 to 63 of a–z 0–9 . _ - and no . _ - in front")
        )


def check_name(kind: Literal["key", "user"], name: str) -> None:
    """Refuse what is no name for a `kind`: a key or a user.

    Raises:
        InputError: at `/key` or `/user`, `invalid_name`.
    """
    if not _NAME.fullmatch(name):
        detail = f"a {kind} is called with 1 to 63 of A–Z a–z 0–9 . _ @ + - and none of . _ @ + - in front"
        raise InputError(FieldError(f"/{kind}", "invalid_name", detail))

"""Who may do what: the scopes of a site's keys, the roles of people, and the two kinds of caller.

A site backend comes with a key, a moderator or a tool with a person's token. Records are pure; where they are
kept is `store/grants.py` and `store/users.py`, who may call a route is `web/auth.py`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

ANY_SITE = "*"
"""In a person's roles: every site, also those that do not exist yet."""


class Scope(StrEnum):
    """What a key may be used for."""

    SUBMIT = "submit"
    READ = "read"
    SCORE = "score"
    LABELS = "labels"


class Role(StrEnum):
    """What a person may do at a site; each includes the ones before it."""

    MODERATOR = "moderator"
    SENIOR = "senior"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether whoever has this role may do what `needed` is asked for."""
        return _RANK[self] >= _RANK[needed]


_RANK: Mapping[Role, int] = {role: rank for rank, role in enumerate(Role)}


class KeyGrant(Struct, frozen=True, kw_only=True):
    """A caller with a key: a backend of `site`. `name` is the key's, and the source of labels that come with it."""

    site: str
    name: str
    scopes: frozenset[Scope]


class Person(Struct, frozen=True, kw_only=True):
    """A caller with a personal token or a session. `roles`: site, or `*`, → role."""

    name: str
    roles: dict[str, Role]

    def role_at(self, site: str) -> Role | None:
        """The higher of the roles at `site` and at all sites; None: no business there."""
        return highest(self.roles[place] for place in (site, ANY_SITE) if place in self.roles)


Principal = KeyGrant | Person
"""Whoever a request comes from."""


def highest(roles: Iterable[Role]) -> Role | None:
    """Of several roles the one that includes the others; None of none."""
    return max(roles, key=_RANK.__getitem__, default=None)

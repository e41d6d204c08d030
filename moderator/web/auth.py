"""From a request's headers to who calls, and from who calls and a route's `Access` to the site it acts on.

Pure but for the look-up of the key: routes declare an `Access`, the web layer calls `identify` and then `admit`.
Keys and tokens are 256-bit random numbers that are looked up by their SHA-256, so that how long a look-up takes
tells nothing about them; nothing here compares one character by character.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from moderator.access import ANY_SITE, KeyGrant, Person, Principal, Role, Scope
from moderator.errors import Denied, FieldError, InputError, Unauthenticated

CHALLENGE = 'Bearer realm="moderator"'
"""The `WWW-Authenticate` header of every 401."""

LONGEST_CREDENTIAL = 200
"""Characters of a key or token: anything longer is not ours and is not hashed."""


class Directory(Protocol):
    """The part of `flow.accounts.Accounts` that answers who calls."""

    async def principal(self, raw: str) -> Principal | None: ...


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route: keys with `scope`, people with `role`; None: that kind of caller may not at all."""

    scope: Scope | None = None
    role: Role | None = None


def require(scope: Scope, *, role: Role | None = None) -> Access:
    """A route for keys with `scope`; `role` opens it to people as well."""
    return Access(scope=scope, role=role)


def require_role(role: Role) -> Access:
    """A route for people only."""
    return Access(role=role)


async def identify(directory: Directory, authorization: str | None) -> Principal:
    """Who calls, by the value of the header `Authorization` (None: there is none).

    Raises:
        Unauthenticated: no bearer key or token, or none that is known.
        StoreError: it is not in the cache, and Redis cannot be asked.
    """
    principal = await directory.principal(bearer(authorization))
    if principal is None:
        raise Unauthenticated("The key or token is unknown or was revoked.")
    return principal


def bearer(authorization: str | None) -> str:
    """The credential in `Authorization: Bearer …`.

    Raises:
        Unauthenticated: the header is missing or of another form.
    """
    scheme, _, credential = (authorization or "").strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not 0 < len(credential) <= LONGEST_CREDENTIAL or not credential.isascii():
        raise Unauthenticated("Send a key or a personal token as 'Authorization: Bearer …'.")
    return credential


def check_scope(grant: KeyGrant, access: Access) -> None:
    """Refuse a key that may not call the route.

    Raises:
        Denied: `missing_scope`, also where the route is not for keys at all.
    """
    if access.scope is None:
        raise Denied("This is for people: use a personal token, not a site's key.", code="missing_scope")
    if access.scope not in grant.scopes:
        raise Denied(f"The key {grant.name} has no scope {access.scope}.", code="missing_scope")


def check_role(person: Person, access: Access, site: str) -> None:
    """Refuse a person who may not call the route at `site`. A site that does not exist reads like any other.

    Raises:
        Denied: `missing_scope` where the route is not for people, `missing_role` where their role is too low.
    """
    if access.role is None:
        raise Denied("This is for a site's backend: use a key, not a personal token.", code="missing_scope")
    role = person.role_at(site)
    if role is None:
        raise Denied("You have no role at this site.", code="missing_role")
    if not role.covers(access.role):
        raise Denied(f"This needs the role {access.role}; yours is {role}.", code="missing_role")


async def admit(
    principal: Principal, access: Access, requested: str | None, sites: Callable[[], Awaitable[Sequence[str]]]
) -> str:
    """The site that the request acts on. `requested` is the query's `site`; `sites` lists the sites that exist.

    A key acts on its own site whatever is asked for, and asking for another is an error rather than ignored.
    A person with one site may leave it out.

    Raises:
        Denied: the key has not the scope, the person not the role.
        InputError: a person of several sites did not say which, or a key asks for another site than its own.
        StoreError: `sites` was needed and Redis cannot be asked.
    """
    if isinstance(principal, KeyGrant):
        check_scope(principal, access)
        if requested not in {None, principal.site}:
            raise _site_error("not_yours", "a key acts on its own site only; leave this out")
        return principal.site
    site = requested or await _only_site(principal, sites)
    check_role(principal, access, site)
    if requested is not None and ANY_SITE in principal.roles and requested not in await sites():
        raise _site_error("unknown", "there is no such site")
    return site


async def _only_site(person: Person, sites: Callable[[], Awaitable[Sequence[str]]]) -> str:
    names = await sites() if ANY_SITE in person.roles else [*person.roles]
    if not names:
        raise Denied("You have no role at any site.", code="missing_role")
    if len(names) != 1:
        raise _site_error("required", "you have several sites; say which one with ?site=")
    return names[0]


def _site_error(code: str, detail: str) -> InputError:
    return InputError(FieldError("/site", code, detail))

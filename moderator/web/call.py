"""One request on its way to a handler: who calls, for which site, with which query and body."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from moderator.access import Person, Principal, Role
from moderator.errors import NotFound
from moderator.runtime import Services
from moderator.web.submissions import is_comment_id

JSON_TYPE = "application/json"

_ENCODER = msgspec.json.Encoder()


@dataclass(slots=True)
class Call:
    """What a handler gets. `principal` is None and `site` "" where a route is open to all.

    `query` is the route's query struct; `body` what its body reader made: a struct, a `Parsed`, or bytes.
    """

    services: Services
    request: web.Request
    principal: Principal | None
    site: str
    query: Any
    body: Any

    @property
    def comment_id(self) -> str:
        """The comment that the path names.

        Raises:
            NotFound: no comment can have such an id.
        """
        comment_id = self.request.match_info["id"]
        if not is_comment_id(comment_id):
            raise NotFound("This site has no comment with this id.")
        return comment_id

    @property
    def who(self) -> str:
        """The caller's name, as history and labels give it."""
        assert self.principal is not None  # noqa: S101  the route has an `Access`
        return self.principal.name

    @property
    def senior(self) -> bool:
        """Whether the caller is a person with the role senior or more."""
        if not isinstance(self.principal, Person):
            return False
        role = self.principal.role_at(self.site)
        return role is not None and role.covers(Role.SENIOR)

    @property
    def personal(self) -> bool:
        """Whether the caller may see readers' e-mail and address: a site's own key, and people from senior up."""
        return self.senior or not isinstance(self.principal, Person)


Handler = Callable[[Call], Awaitable[web.Response]]


def reply(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """`value` as JSON, encoded once."""
    response = web.Response(body=_ENCODER.encode(value), status=status, headers=headers)
    response.headers["Content-Type"] = JSON_TYPE
    return response


def encode(value: object) -> bytes:
    """`value` as JSON."""
    return _ENCODER.encode(value)

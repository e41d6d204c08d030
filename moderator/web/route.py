"""The words of the route table: a route, what it reads, what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from moderator.web.auth import Access
from moderator.web.body import JSON_TYPES
from moderator.web.call import JSON_TYPE, Handler
from moderator.web.examples import Json
from moderator.web.inputs import NoQuery


@dataclass(frozen=True, slots=True)
class Body:
    """What a route reads. `parse`: into the struct, as a tree that the handler checks itself, or not at all."""

    shape: type[Struct]
    parse: Literal["struct", "tree", "bytes"] = "struct"
    types: tuple[str, ...] = JSON_TYPES
    limit: Literal["body_limit", "bulk_body_limit"] = "body_limit"
    optional: bool = False
    example: Json | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that a route answers with when all is well. `shape` None: not JSON, or JSON without a fixed form."""

    what: str
    shape: type[Struct] | None = None
    media: str = JSON_TYPE
    headers: tuple[str, ...] = ()
    example: Json | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A method at a path. `access` None: open to all. `problems`: statuses beside those that follow from the rest."""

    method: Literal["GET", "POST", "PUT"]
    path: str
    handler: Handler
    summary: str
    access: Access | None
    answers: Mapping[int, Answer]
    query: type[Struct] = NoQuery
    body: Body | None = None
    headers: tuple[str, ...] = ()
    problems: tuple[int, ...] = ()

    @property
    def pattern(self) -> str:
        """The path as the router takes it. A bundle's id holds no colon, so that `:promote` is never part of one."""
        return self.path.replace("{id}", "{id:[^{}/:]+}") if self.names_bundle else self.path

    @property
    def names_bundle(self) -> bool:
        """Whether `{id}` is a bundle's; everywhere else it is a comment's."""
        return self.path.startswith("/v1/models/")

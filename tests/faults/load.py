"""A site's backend under load: it posts comments, keeps what it was told, and knows what it was not told."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

CONNECTIONS = 32
PATIENCE_S = 30.0
_PAUSE_S = 0.02

TEXTS = (
    "The vote on budget item {} is tomorrow.",
    "You are an idiot, and so are the other {}.",
    "Casino bonus of {} for everybody who comes today!",
    "Стаття {} дуже цікава, дякую.",
)
"""Approved, held for an insult, held as spam, approved."""

Reply = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 200 and 201."""

    id: str
    status: int
    problem: dict[str, Any]
    retry_after: str | None


@dataclass
class Load:
    """Comments posted over many connections, each connection one after the other.

    `said`: what each acknowledged comment was answered, by id. `open`: those that were sent and not acknowledged.
    `broken`: how often a connection broke off instead of an answer; such a connection posts no more.
    """

    url: str
    key: str
    # The number of the first comment: loads that run beside each other begin far apart.
    first: int = 0
    said: dict[str, Reply] = field(default_factory=dict)
    open: dict[str, Reply] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    broken: int = 0
    stopping: bool = False
    # In the order in which each connection got them.
    streams: list[list[Reply]] = field(default_factory=list)
    _numbers: Iterator[int] = field(init=False)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(self.first)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Post inside the block. At its end no new comment is begun, and those that were are waited for."""
        async with self.session() as session, self.posting(session, CONNECTIONS):
            yield

    @asynccontextmanager
    async def posting(self, session: ClientSession, connections: int) -> AsyncIterator[None]:
        """The same over `connections` connections of a session."""
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(self._post_on(session))
            try:
                yield
            finally:
                self.stopping = True

    def session(self) -> ClientSession:
        """Connections of the site's backend."""
        return ClientSession(
            self.url,
            headers={"Authorization": f"Bearer {self.key}"},
            connector=TCPConnector(limit=0),
            timeout=ClientTimeout(total=PATIENCE_S),
        )

    async def more(self, count: int) -> None:
        """Wait until so many more comments are acknowledged."""
        goal = len(self.said) + count
        await self._until(lambda: len(self.said) >= goal)

    async def until(self, wanted: Callable[[Reply], bool]) -> None:
        """Wait until each connection's last answer is as wanted."""
        await self._until(lambda: all(stream and wanted(stream[-1]) for stream in self.streams))

    async def refusals(self, count: int) -> None:
        """Wait until so many requests were refused in all."""
        await self._until(lambda: len(self.refused) >= count)

    async def _until(self, happened: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not happened():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise AssertionError(f"{len(self.said)} acknowledged, {self.broken} broken, {self.refused[-1:]}") from None

    async def _post_on(self, session: ClientSession) -> None:
        stream: list[Reply] = []
        self.streams.append(stream)
        while not self.stopping:
            number = next(self._numbers)
            body = comment(number)
            self.open[body["id"]] = body
            reply = await self._settled(session, body)
            if reply is None:
                return
            stream.append(reply)

    async def _settled(self, session: ClientSession, body: Reply) -> Reply | None:
        """Send a comment until it is acknowledged; None: the connection broke, and its outcome is unknown."""
        while True:
            try:
                reply = await self.post(session, body)
            except (ClientError, TimeoutError):
                self.broken += 1
                self._moved.set()
                return None
            if reply is not None:
                return reply
            await asyncio.sleep(_PAUSE_S)

    async def post(self, session: ClientSession, body: Reply) -> Reply | None:
        """Send a comment once; None: it was refused."""
        async with session.post("/v1/comments", json=body) as response:
            answer: Reply = await response.json(content_type=None)
            if response.status in {200, 201}:
                assert answer["replayed"] == (response.status == 200)
                self.said[body["id"]] = answer
                self.open.pop(body["id"], None)
            else:
                retry_after = response.headers.get("Retry-After")
                self.refused.append(Refusal(body["id"], response.status, answer, retry_after))
            self._moved.set()
            return answer if response.status in {200, 201} else None


def comment(number: int) -> Reply:
    """A comment of its own: no two are alike, so that each is decided by itself."""
    return {
        "id": f"c-{number}",
        "text": TEXTS[number % len(TEXTS)].format(number),
        "article": {"id": f"a-{number % 7}"},
        "author": {"id": f"u-{number % 50}"},
    }


async def kept(load: Load) -> None:
    """See that the service has every acknowledged comment, once, as it was told, and not one that nobody sent.

    Also that a retry of each comment that was not acknowledged completes it, and that one more is a replay.
    """
    async with load.session() as session:
        there = await listed(session)
        assert len(there) == len({each["id"] for each in there}), "a comment is listed twice"
        by_id = {each["id"]: each for each in there}
        for comment_id, reply in load.said.items():
            assert comment_id in by_id, f"{comment_id} was acknowledged and is lost"
            assert decided(by_id[comment_id]) == decided(reply)
        assert by_id.keys() <= load.said.keys() | load.open.keys()

        unsettled = list(load.open.values())
        completed = [await load.post(session, body) for body in unsettled]
        again = [await load.post(session, body) for body in unsettled]
        for body, first, second in zip(unsettled, completed, again, strict=True):
            assert first is not None
            assert first["replayed"] == (body["id"] in by_id)
            assert second == first | {"replayed": True}
        assert {each["id"] for each in await listed(session)} == load.said.keys()


def decided(reply: Reply) -> Reply:
    """The part of a reply that must never change by itself."""
    names = ("revision", "sequence", "state", "decision", "scores", "signals", "bundle", "policy")
    return {name: reply[name] for name in names}


async def listed(session: ClientSession) -> list[Reply]:
    """Every comment of the site, page by page."""
    found: list[Reply] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        async with session.get("/v1/comments", params=query) as response:
            page = await response.json()
            assert response.status == 200, page
        found += page["comments"]
        cursor = page["next"]
    return found

"""Work that waits: webhooks, asynchronous intake, rescoring, retention. One mechanism for all of it.

A lane holds one sorted set a kind of work: member = site and comment id, score = when it is due, by the server's clock.
Claiming moves the due time to the lease's end and hands out a token, so a worker that dies loses its items to the next
claim and nothing needs a reaper. `done` and `later` need the token. Each claim counts as a try, a worker's death
included; what failed as often as it may becomes a dead letter: logged, counted, listed, and replayed on request.

Adding is not here: work is added by the change that causes it (`comments.Change.wait`), in the same script.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from moderator import log, metrics
from moderator.store import pages
from moderator.store.client import Client
from moderator.store.scripts import Script

MAX_TRIES = 5
"""Unless the caller says otherwise: workers do, to fit the pauses that they make between tries."""

DUE = Script("due")
CLAIM_WORK = Script("claim_work")
DONE_WORK = Script("done_work")
LATER_WORK = Script("later_work")
REPLAY_WORK = Script("replay_work")

_GIVEN_UP = 2
_log = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """Something to do about one comment. To add it, give kind, site, id and `after_ms` (from now, server's clock).

    A claim fills in `token` and `tries`, this one included.
    """

    kind: str
    site: str
    id: str
    after_ms: int = 0
    token: str = ""
    tries: int = 0

    @property
    def member(self) -> str:
        """Its name in the lane's set; a site's name holds no NUL, and neither does an id."""
        return f"{self.site}\0{self.id}"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Work that was given up at `at_ms`."""

    kind: str
    site: str
    id: str
    at_ms: int


class Waiting:
    """All that waits, of every site: workers serve the deployment."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = client.keys
        self._turn = 0

    async def claim(
        self, kinds: Sequence[str], limit: int, lease_s: float, *, max_tries: int = MAX_TRIES
    ) -> list[Work]:
        """Up to `limit` due items of these kinds, each ours until its lease ends.

        An idle call is one round of one cheap read a lane; only lanes with due items are claimed from.
        An item whose last allowed try ended in silence (its worker died) becomes a dead letter here.
        """
        lanes = self._client.lanes
        # Begin with another lane each time: none starves while more is due than workers can do.
        self._turn = (self._turn + 1) % lanes
        waits = [((self._turn + step) % lanes, kind) for step in range(lanes) for kind in kinds]
        due = await pages.each(self._client, [(DUE, [self._keys.waiting(lane, kind)], ()) for lane, kind in waits])
        claims, left = [], limit
        for (lane, kind), count in zip(waits, due, strict=True):
            take = min(count, left)
            if take:
                left -= take
                claims.append(self._claim(lane, kind, take, lease_s, max_tries))
        return [work for works in await asyncio.gather(*claims) for work in works]

    async def done(self, work: Work) -> bool:
        """It is finished. False: the lease was lost, somebody else has it or it is wanted again."""
        return bool(await self._client.run(DONE_WORK, self._of(work), [work.member, work.token]))

    async def later(self, work: Work, after_ms: int, *, max_tries: int = MAX_TRIES) -> bool:
        """It failed: the next try is due in `after_ms`, or it is a dead letter now. False: the lease was lost."""
        reply = await self._client.run(LATER_WORK, self._of(work), [work.member, work.token, after_ms, max_tries])
        if reply == _GIVEN_UP:
            _tell_of_dead_letter(work.kind, work.site, work.id)
        return bool(reply)

    async def dead(self, kind: str, limit: int = 100) -> list[DeadLetter]:
        """Dead letters of a kind, the oldest first."""
        lanes = range(self._client.lanes)
        replies = await asyncio.gather(
            *(self._client.call("ZRANGE", self._keys.dead(lane, kind), 0, limit - 1, "WITHSCORES") for lane in lanes)
        )
        letters = [
            DeadLetter(kind, *_names(member), int(at_ms))
            for flat in replies
            for member, at_ms in zip(flat[::2], flat[1::2], strict=True)
        ]
        return sorted(letters, key=lambda letter: (letter.at_ms, letter.site, letter.id))[:limit]

    async def count_dead(self, kind: str) -> int:
        """How many dead letters of a kind there are."""
        lanes = range(self._client.lanes)
        counts = await asyncio.gather(*(self._client.call("ZCARD", self._keys.dead(lane, kind)) for lane in lanes))
        return sum(counts)

    async def replay(self, letter: DeadLetter) -> bool:
        """Due now, with all its tries before it again. False: it is no dead letter (any more)."""
        work = Work(letter.kind, letter.site, letter.id)
        return bool(await self._client.run(REPLAY_WORK, self._of(work), [work.member]))

    async def _claim(self, lane: int, kind: str, take: int, lease_s: float, max_tries: int) -> list[Work]:
        keys = [self._keys.waiting(lane, kind), self._keys.tries(lane, kind), self._keys.dead(lane, kind)]
        token = secrets.token_hex(8)
        flat = await self._client.run(CLAIM_WORK, keys, [token, round(lease_s * 1000), take, max_tries])
        works = []
        for member, tries in zip(flat[::2], flat[1::2], strict=True):
            if tries:
                works.append(Work(kind, *_names(member), token=token, tries=tries))
            else:
                _tell_of_dead_letter(kind, *_names(member))
        return works

    def _of(self, work: Work) -> list[str]:
        lane = self._keys.lane(work.site, work.id)
        return [
            self._keys.waiting(lane, work.kind),
            self._keys.tries(lane, work.kind),
            self._keys.dead(lane, work.kind),
        ]


def _tell_of_dead_letter(kind: str, site: str, comment_id: str) -> None:
    metrics.DEAD_LETTERS.labels(kind).inc()
    _log.error("dead_letter", kind=kind, of=site, comment=comment_id)


def _names(member: bytes) -> tuple[str, str]:
    """Site and comment id of an item."""
    site, _, comment_id = member.decode().partition("\0")
    return site, comment_id

"""One command on its way: the words, who waits for the reply, and until when."""

from typing import Any, Protocol, TypeAlias

import hiredis

from moderator import metrics
from moderator.errors import OutcomeUnknown, StoreUnavailable

Word: TypeAlias = str | bytes | int | float

READS = frozenset(
    {
        *("GET", "MGET", "STRLEN", "GETRANGE", "EXISTS", "TTL", "PTTL", "TYPE", "HGET", "HMGET", "HGETALL", "HLEN"),
        *("HEXISTS", "HKEYS", "HVALS", "HSCAN", "SCARD", "SISMEMBER", "SMISMEMBER", "SMEMBERS", "SSCAN", "ZCARD"),
        *("ZCOUNT", "ZSCORE", "ZMSCORE", "ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYSCORE", "ZRANK", "ZSCAN"),
        *("LLEN", "LRANGE", "SCAN", "PING", "ECHO", "INFO", "TIME", "DBSIZE", "CLUSTER", "MEMORY", "OBJECT"),
    }
)
"""Commands that change nothing: when their answer is lost, nothing is unknown. All others count as writes."""

KEYLESS = frozenset(
    {
        *("PING", "ECHO", "INFO", "TIME", "DBSIZE", "SCAN", "CLUSTER", "CONFIG", "SCRIPT", "WAIT", "CLIENT"),
        *("SHUTDOWN", "FUNCTION"),
    }
)
"""Commands that name no key; any node may answer."""

_KEY_AT = {"EVAL": 3, "EVALSHA": 3, "EVAL_RO": 3, "EVALSHA_RO": 3, "FCALL": 3, "OBJECT": 2, "MEMORY": 2}


class Refused(Exception):
    """The server's own error reply. `code` is its first word, `detail` the rest; never shown to callers as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code, _, self.detail = message.partition(" ")


class Receiver(Protocol):
    """Whatever takes one reply of a connection, in the order of sending."""

    deadline: float

    def settle(self, reply: Any) -> None: ...
    def lose(self, why: str) -> None: ...


class Answer(Protocol):
    """Where a command's reply goes, or the `StoreError` that came instead: a future, or a place in a `Round`."""

    def done(self) -> bool: ...
    def set_result(self, result: Any, /) -> None: ...
    def set_exception(self, exception: Exception, /) -> None: ...


class Command:
    """Packed once, by its caller, so that what cannot be packed harms nobody else.

    `deadline` is on the loop's clock, in seconds. `answer` gets the reply; a `Refused` is a reply too. Who waits for
    it may be cancelled at any time: the command is not, once it was sent. `asking`: a slot on the move sent it to its
    node, which takes it only behind an ASKING.

    Raises:
        TypeError, UnicodeEncodeError: a word that is no text, bytes or number. A program error.
    """

    __slots__ = ("answer", "asking", "confirmation", "deadline", "packed", "writes")

    def __init__(self, words: tuple[Word, ...], *, writes: bool, deadline: float, answer: Answer) -> None:
        self.packed = pack(words)
        self.writes = writes
        self.deadline = deadline
        self.answer = answer
        self.confirmation: Confirmation | None = None
        self.asking = False

    def settle(self, reply: Any) -> None:
        """The reply came."""
        if self.confirmation is not None:
            self.confirmation.hold(self, reply)
        elif not self.answer.done():
            self.answer.set_result(reply)

    def lose(self, why: str) -> None:
        """It was sent and the reply will not come."""
        if not self.answer.done():
            metrics.REDIS_ERRORS.labels("lost").inc()
            self.answer.set_exception(OutcomeUnknown(why) if self.writes else StoreUnavailable(why))

    def refuse(self, why: str) -> None:
        """It was not sent."""
        if not self.answer.done():
            metrics.REDIS_ERRORS.labels("refused").inc()
            self.answer.set_exception(StoreUnavailable(why))


class Discarded:
    """Takes the reply to a command that only prepares the next one (ASKING)."""

    deadline = float("inf")

    def settle(self, reply: Any) -> None:
        """The command behind it gets its own reply, which tells all."""

    def lose(self, why: str) -> None:
        """The command behind it is lost as well and says so."""


class Confirmation:
    """`WAIT` behind a batch: holds the replies of its writes back until enough replicas have them."""

    __slots__ = ("_held", "_needed", "deadline")

    def __init__(self, needed: int, deadline: float) -> None:
        self._needed = needed
        self._held: list[tuple[Command, Any]] = []
        self.deadline = deadline

    def hold(self, command: Command, reply: Any) -> None:
        self._held.append((command, reply))

    def settle(self, reply: Any) -> None:
        enough = isinstance(reply, int) and reply >= self._needed
        for command, held in self._held:
            command.confirmation = None
            # A refused command changed nothing, so there is nothing to confirm.
            if enough or isinstance(held, Refused):
                command.settle(held)
            elif not command.answer.done():
                command.answer.set_exception(OutcomeUnknown("too few replicas confirmed the write in time"))

    def lose(self, why: str) -> None:
        for command, _ in self._held:
            command.lose(why)


def pack(words: tuple[Word, ...]) -> bytes:
    """The words in the server's protocol."""
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type, no-untyped-call, unused-ignore]
    return packed


def key_of(words: tuple[Word, ...]) -> bytes | None:
    """The key that says where a command belongs, None where it names none."""
    name = str(words[0]).upper()
    at = _KEY_AT.get(name, 1)
    if name in KEYLESS or len(words) <= at:
        return None
    key = words[at]
    return key if isinstance(key, bytes) else str(key).encode()

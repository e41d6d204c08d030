"""Time, taken from one place so that tests can set it.

Wall clock (`now`) is for what is stored, monotonic (`ticks`) for durations. Leases and due times
come from the Redis server's clock, never from here.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The wall clock, in UTC, cut to milliseconds: the precision of every stored time."""
    return from_ms(now_ms())


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def from_ms(ms: int) -> datetime:
    """The UTC time `ms` milliseconds after the epoch."""
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


def to_ms(at: datetime) -> int:
    """Milliseconds since the epoch of an aware time."""
    return round(at.timestamp() * 1000)


def ticks() -> float:
    """Seconds on the monotonic clock; only differences mean anything."""
    return time.monotonic()

"""What each of the server's error replies means: try again, look elsewhere, or tell the caller."""

from moderator.errors import StoreError, StoreUnavailable
from moderator.store.command import Refused

AGAIN = frozenset({"TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "BUSY"})
"""Nothing was done and soon it may be: slots on the move, a failover, a server that reads its data, a long script."""

_NOTHING_DONE = {
    "OOM": ("Redis is at its memory limit", "store_full"),
    "READONLY": ("Redis is a read-only replica", "store_unavailable"),
    "NOREPLICAS": ("Redis has too few replicas to accept writes", "store_unavailable"),
    "MISCONF": ("Redis cannot write to its disk and refuses writes", "store_unavailable"),
    "NOAUTH": ("Redis asks for a password", "store_unavailable"),
    "NOPERM": ("the Redis user may not do this", "store_unavailable"),
}


def error_of(refused: Refused) -> StoreError:
    """The exception for a reply that no further try mends. Arguments that the server repeats are cut off."""
    if refused.code in _NOTHING_DONE:
        detail, code = _NOTHING_DONE[refused.code]
        return StoreUnavailable(detail, code=code)
    if refused.code in AGAIN:
        return StoreUnavailable(f"Redis was not ready in time: {refused.code}")
    detail = refused.detail.split(", with args")[0][:200]
    return StoreError(f"Redis refused a command: {refused.code} {detail}")


def place(refused: Refused) -> tuple[int, str, int]:
    """Slot, host and port of a MOVED or ASK: `3999 127.0.0.1:6381`. The host may be empty: the one that was asked."""
    number, _, where = refused.detail.partition(" ")
    host, _, port = where.rpartition(":")
    return int(number), host.strip("[]"), int(port)

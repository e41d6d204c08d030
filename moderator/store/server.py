"""What a server says of itself, and whether this service may rely on it."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from moderator.errors import SettingsError, StoreUnavailable
from moderator.store.address import Address
from moderator.store.wire import dial_raw, exchange

Durability: TypeAlias = Literal["process", "disk", "replica"]

OLDEST = (7, 0)
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Facts:
    """From INFO. `limit_bytes` 0: no memory limit. `loaded_ratio`: how much of the data is read, 1 when it serves."""

    version: tuple[int, int]
    process: int
    cluster: bool
    policy: str
    used_bytes: int
    limit_bytes: int
    append_only: bool
    loaded_ratio: float
    replicas: int

    @classmethod
    def parse(cls, info: bytes) -> Self:
        lines = (line.partition(":") for line in info.decode("utf-8", "replace").splitlines())
        fields = {name: value for name, _, value in lines}
        major, minor = (fields.get("redis_version", "0.0") + ".0").split(".")[:2]
        loading = fields.get("loading") == "1"
        return cls(
            version=(int(major), int(minor)),
            process=int(fields.get("process_id", 0)),
            cluster=fields.get("cluster_enabled") == "1",
            policy=fields.get("maxmemory_policy", "unknown"),
            used_bytes=int(fields.get("used_memory", 0)),
            limit_bytes=int(fields.get("maxmemory", 0)),
            append_only=fields.get("aof_enabled") == "1",
            loaded_ratio=float(fields.get("loading_loaded_perc", 0)) / 100 if loading else 1.0,
            replicas=int(fields.get("connected_slaves", 0)),
        )

    @property
    def memory_ratio(self) -> float:
        """Used of allowed memory; 0 where there is no limit."""
        return self.used_bytes / self.limit_bytes if self.limit_bytes else 0.0


FORGETS = (
    "Redis keeps no append-only file: when it dies, comments acknowledged since its last snapshot are lost; "
    "set appendonly yes there, or have a replica and set MODERATOR_DURABILITY=replica"
)
"""What an operator is told where `forgets` is true."""


def forgets(nodes: Iterable[Facts], durability: Durability) -> bool:
    """Whether a node that dies takes acknowledged comments with it: no append-only file, and no replica has them.

    For durability process this is told and not refused: a store that others run may allow nothing else.
    """
    return durability != "replica" and not all(node.append_only for node in nodes)


async def facts(address: Address, timeout_s: float) -> Facts:
    """Ask a server on a connection of its own; answers while it loads, too.

    Raises:
        StoreUnavailable, SettingsError: as `dial`.
    """
    wire = await dial_raw(address, timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            (info,) = await exchange(wire, [("INFO",)])
    except TimeoutError:
        raise StoreUnavailable(f"no answer from Redis at {address} within {timeout_s:g} s") from None
    finally:
        wire.abort("done")
    if not isinstance(info, bytes) or b"redis_version:" not in info:
        raise StoreUnavailable(f"what answers at {address} is no Redis")
    return Facts.parse(info)


async def loaded(address: Address, timeout_s: float, progress: Callable[[float], None]) -> Facts:
    """Wait while the server reads its data, however long, telling `progress` the ratio read.

    Raises:
        StoreUnavailable, SettingsError: as `facts`.
    """
    while (found := await facts(address, timeout_s)).loaded_ratio < 1:
        progress(found.loaded_ratio)
        await asyncio.sleep(_POLL_S)
    return found


async def check(address: Address, found: Facts, durability: Durability, timeout_s: float) -> None:
    """Refuse a server on which a promise of this service would be a lie.

    Raises:
        SettingsError: too old; may evict; or does not give the durability that is set.
    """
    if found.version < OLDEST:
        shown = ".".join(map(str, found.version))
        raise SettingsError(
            f"Redis at {address} is version {shown}; this service needs Redis 7.0 or Valkey 7.2, or newer"
        )
    if found.policy != "noeviction":
        raise SettingsError(
            f"Redis at {address} has maxmemory-policy {found.policy} and would throw comments away; "
            "set maxmemory-policy noeviction"
        )
    if durability == "replica" and found.replicas == 0:
        raise SettingsError(f"durability replica needs a replica, and Redis at {address} has none connected")
    if durability == "disk":
        await _check_fsync(address, found, timeout_s)


async def _check_fsync(address: Address, found: Facts, timeout_s: float) -> None:
    wire = await dial_raw(address, timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            (reply,) = await exchange(wire, [("CONFIG", "GET", "appendfsync")])
    except (StoreUnavailable, SettingsError, TimeoutError):
        raise SettingsError(
            f"durability disk needs CONFIG GET appendfsync, which Redis at {address} does not answer"
        ) from None
    finally:
        wire.abort("done")
    if not found.append_only or reply[1:] != [b"always"]:
        raise SettingsError(
            f"durability disk needs appendonly yes and appendfsync always, which Redis at {address} has not"
        )

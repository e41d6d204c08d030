"""Bundles on their way to other processes and machines: one value each, at most 16 MB, checked when it comes back.

A bundle is data of a trained model (`scoring/bundle.py` packs and verifies it); here it is bytes with a digest, and a
manifest of the caller's type, so that listing moves no arrays.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from moderator.errors import BundleError
from moderator.store.client import Client
from moderator.store.scripts import Script

M = TypeVar("M")

PUBLISH = Script("publish")

MAX_BYTES = 16 * 1024 * 1024
_TIMEOUT_MS = 30_000  # 16 MB, over a network too
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Published(Generic[M]):
    """What is known of a bundle without fetching it. `digest`: SHA-256 of the packed bytes, hexadecimal."""

    id: str
    digest: str
    size_bytes: int
    manifest: M


AllPublished: TypeAlias = list[Published[M]]


class Bundles(Generic[M]):
    """The published bundles of the deployment; `manifest` is the type of their manifests."""

    def __init__(self, client: Client, manifest: type[M]) -> None:
        self._client = client
        self._keys = client.keys
        self._decoder = msgspec.json.Decoder(manifest)

    async def publish(self, bundle_id: str, packed: bytes, manifest: M) -> None:
        """Put a bundle where all find it; the same again changes nothing.

        Raises:
            BundleError: too large, a name that cannot be one, or another bundle has this id.
        """
        if not _ID.fullmatch(bundle_id):
            raise BundleError("A bundle's id is 1 to 100 letters, digits, dots, dashes and underscores.")
        if len(packed) > MAX_BYTES:
            raise BundleError(f"The packed bundle has {len(packed)} bytes; at most {MAX_BYTES} can be published.")
        names = [self._keys.bundles(), self._keys.bundle_info(bundle_id), self._keys.bundle(bundle_id)]
        args = (bundle_id, hashlib.sha256(packed).hexdigest(), msgspec.json.encode(manifest), packed)
        if not await self._client.run(PUBLISH, names, args, timeout_ms=_TIMEOUT_MS):
            raise BundleError(f"Another bundle is published as {bundle_id}; a bundle never changes: take another id.")

    async def fetch(self, bundle_id: str) -> bytes | None:
        """The packed bundle as it was published; None: there is none.

        Raises:
            BundleError: what is stored is not what was published.
        """
        if not _ID.fullmatch(bundle_id):
            return None
        packed, digest = await asyncio.gather(
            self._client.call("GET", self._keys.bundle(bundle_id), timeout_ms=_TIMEOUT_MS),
            self._client.call("HGET", self._keys.bundle_info(bundle_id), "digest", timeout_ms=_TIMEOUT_MS),
        )
        if packed is None or digest is None:
            return None
        if hashlib.sha256(packed).hexdigest() != digest.decode():
            raise BundleError(f"Bundle {bundle_id} in the store is damaged: publish it again under another id.")
        return bytes(packed)

    async def list(self) -> AllPublished[M]:
        """All of them, the last published first."""
        ids = [each.decode() for each in await self._client.call("ZREVRANGE", self._keys.bundles(), 0, -1)]
        infos = await asyncio.gather(
            *(self._client.call("HMGET", self._keys.bundle_info(each), "digest", "bytes", "manifest") for each in ids)
        )
        return [self._published(bundle_id, info) for bundle_id, info in zip(ids, infos, strict=True)]

    def _published(self, bundle_id: str, info: Any) -> Published[M]:
        digest, size_bytes, manifest = info
        return Published(bundle_id, digest.decode(), int(size_bytes), self._decoder.decode(manifest))

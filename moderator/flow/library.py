"""The bundles on this machine: the default one, and those fetched from the store and kept in the data folder."""

import asyncio
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Literal

from moderator.errors import NotFound
from moderator.scoring.bundle import Bundle, Manifest, pack, unpack
from moderator.scoring.scorer import Scorer
from moderator.store.bundles import Bundles


class Library:
    """Loads each bundle once a process; folders are named by bundle id and never change."""

    def __init__(
        self, bundles: Bundles[Manifest], *, default: Path, folder: Path, views: Literal["all", "surface"]
    ) -> None:
        self._bundles = bundles
        self._default = default
        self._folder = folder
        self._views = views
        self._scorers: dict[str, Scorer] = {}
        self._default_id: str | None = None

    @property
    def warm(self) -> bool:
        """Whether the default bundle is loaded and has scored its test vectors."""
        return self._default_id is not None

    @cached_property
    def default_bundle(self) -> Bundle:
        """The default bundle: the champion of a site with no serving record."""
        return Bundle.load(self._default)

    @property
    def default_folder(self) -> Path:
        """Where the default bundle lies."""
        return self._default

    def default(self) -> Scorer:
        """The scorer of the default bundle; blocks while it loads.

        Raises:
            BundleError: it cannot be served.
        """
        if self._default_id is None:
            scorer = Scorer(self.default_bundle, self._views)
            self._scorers[scorer.id] = scorer
            self._default_id = scorer.id
        return self._scorers[self._default_id]

    def load(self, bundle_id: str, folder: Path) -> Scorer:
        """The scorer of a bundle in `folder`; blocks while it loads, then is at hand.

        Raises:
            BundleError: it cannot be served.
        """
        if bundle_id not in self._scorers:
            self._scorers[bundle_id] = Scorer(Bundle.load(folder), self._views)
        return self._scorers[bundle_id]

    def keep(self, ids: Collection[str]) -> None:
        """Let go of every scorer but those and the default one."""
        for bundle_id in set(self._scorers) - set(ids) - {self._default_id}:
            del self._scorers[bundle_id]

    async def folder(self, bundle_id: str) -> Path:
        """Where the bundle lies on this machine, fetched from the store if need be.

        Raises:
            NotFound: neither the store nor this machine has it.
            BundleError: what the store holds is not what was published.
        """
        if bundle_id == self.default_bundle.id:
            return self._default
        target = self._folder / bundle_id
        if not await asyncio.to_thread(target.exists):
            packed = await self._bundles.fetch(bundle_id)
            if packed is None:
                raise NotFound(f"There is no bundle {bundle_id} here.")
            await asyncio.to_thread(unpack, packed, target)
        return target

    async def read(self, bundle_id: str) -> Bundle:
        """The bundle, verified; fetched from the store if need be. Raises as `folder`."""
        return await asyncio.to_thread(Bundle.load, await self.folder(bundle_id))

    async def publish(self, folder: Path) -> str:
        """Put a bundle into the store, where every process and machine finds it; the same again changes nothing.

        Raises:
            BundleError: it does not load, or is larger than the store takes.
        """
        bundle = await asyncio.to_thread(Bundle.load, folder)
        await self._bundles.publish(bundle.id, await asyncio.to_thread(pack, folder), bundle.manifest)
        return bundle.id

    async def verify(self, bundle_id: str) -> None:
        """See that the store has the bundle and that it can be served; the default one is published on the way.

        Raises:
            NotFound: there is no such bundle.
            BundleError: it cannot be served.
        """
        if (await self.read(bundle_id)).folder == self._default:
            await self.publish(self._default)

"""Publishing, promoting and rolling back bundles: every change is one compare-and-set of the site's serving record."""

import asyncio
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from moderator.clock import ticks
from moderator.errors import Conflict, NotFound
from moderator.flow.library import Library
from moderator.flow.policies import CHANGED, Policies
from moderator.scoring.bundle import Manifest
from moderator.store.bundles import Bundles
from moderator.store.processes import Processes
from moderator.store.serving import Serving, ServingRecord

# How long a promotion waits for the processes, so that its answer can usually say that all are ready.
_WAIT_S = 5.0
_LOOK_S = 0.1


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A bundle as a person compares it with others: what it is to the site, and all it says of itself."""

    id: str
    role: str
    manifest: Manifest


class ModelDetails(ModelInfo, frozen=True, kw_only=True):
    """The same with what was measured of it, and its card in Markdown."""

    metrics: dict[str, Any]
    card: str


class Promotion(Struct, frozen=True, kw_only=True):
    """The generation that is now in force, and how many live processes serve it, or do not yet."""

    generation: int
    ready: int
    waiting: int


class Models:
    """What a site serves, and what it could."""

    def __init__(
        self,
        *,
        bundles: Bundles[Manifest],
        serving: Serving,
        policies: Policies,
        library: Library,
        processes: Processes,
    ) -> None:
        self._bundles = bundles
        self._serving = serving
        self._policies = policies
        self._library = library
        self._processes = processes

    async def all(self, site: str) -> list[ModelInfo]:
        """Every bundle that can be promoted, newest first; the default one is among them."""
        record = await self._serving.get(site)
        manifests = {bundle.id: bundle.manifest for bundle in await self._bundles.list()}
        default = self._library.default_bundle.manifest
        manifests.setdefault(default.id, default)
        return [
            ModelInfo(id=bundle_id, role=self._role(bundle_id, record), manifest=manifest)
            for bundle_id, manifest in sorted(manifests.items(), key=lambda item: item[1].created_at, reverse=True)
        ]

    async def show(self, site: str, bundle_id: str) -> ModelDetails:
        """One of them, with its metrics and card.

        Raises:
            NotFound: there is no such bundle.
            BundleError: what is stored is not what was published.
        """
        found = next((model for model in await self.all(site) if model.id == bundle_id), None)
        if found is None:
            raise NotFound(f"There is no bundle {bundle_id}.")
        bundle = await self._library.read(bundle_id)
        return ModelDetails(
            **structs.asdict(found),
            metrics=await asyncio.to_thread(bundle.document, "metrics.json"),
            card=await asyncio.to_thread(lambda: bundle.card),
        )

    async def champion(self, site: str) -> tuple[str, Path]:
        """The id of the bundle that decides for the site, and the folder where it lies on this machine."""
        champion = (await self._serving.get(site)).champion
        if champion is None:
            return self._library.default_bundle.id, self._library.default_folder
        return champion, await self._library.folder(champion)

    async def folder(self, bundle_id: str) -> Path:
        """Where a bundle lies on this machine, fetched if need be.

        Raises:
            NotFound: there is no such bundle.
            BundleError: what is stored is not what was published.
        """
        return await self._library.folder(bundle_id)

    async def publish(self, folder: Path) -> str:
        """Put a bundle where it can be promoted, and say its id; it is not live.

        Raises:
            BundleError: it cannot be served.
        """
        return await self._library.publish(folder)

    async def promote(self, site: str, bundle_id: str) -> Promotion:
        """Make a bundle the site's champion; the one that is it already stays, in the generation that it has.

        Raises:
            NotFound: there is no such bundle.
            BundleError: it cannot be served.
            Conflict: `superseded`: somebody changed what is served at the same time.
        """
        await self._library.verify(bundle_id)
        record = await self._record(site)
        if record.champion == bundle_id:
            # Sent again: a new generation would make the champion its own predecessor, and a rollback do nothing.
            return await self._arrived(site, record.generation)
        return await self._put(site, record, record.advanced(champion=bundle_id))

    async def rollback(self, site: str) -> Promotion:
        """Put the previous generation's bundle and policy back into force.

        Raises:
            NotFound: there is no previous generation.
            Conflict: `superseded`.
        """
        record = await self._record(site)
        if record.previous is None:
            raise NotFound("Nothing was in force before: there is nothing to roll back to.")
        return await self._put(site, record, record.rolled_back())

    async def _record(self, site: str) -> ServingRecord:
        """The site's record, the policy it names stored: a rollback must find it."""
        record = await self._serving.get(site)
        await self._policies.text(site, record.policy_version)
        return record

    async def _put(self, site: str, old: ServingRecord, new: ServingRecord) -> Promotion:
        if not await self._serving.compare_and_set(site, old, new):
            raise Conflict(CHANGED, code="superseded")
        until = ticks() + _WAIT_S
        while True:
            promotion = await self._arrived(site, new.generation)
            if promotion.waiting == 0 or ticks() > until:
                return promotion
            await asyncio.sleep(_LOOK_S)

    async def _arrived(self, site: str, generation: int) -> Promotion:
        alive = await self._processes.alive()
        serving = [process.generations.get(site) for process in alive]
        ready = sum(1 for at in serving if at is not None and at >= generation)
        # A process that has not served the site yet reads the record when it first does.
        waiting = sum(1 for at in serving if at is not None and at < generation)
        return Promotion(generation=generation, ready=ready, waiting=waiting)

    def _role(self, bundle_id: str, record: ServingRecord) -> str:
        default = self._library.default_bundle.id
        if bundle_id == (record.champion or default):
            return "champion"
        if record.previous is not None and bundle_id == (record.previous.champion or default):
            return "previous"
        return "candidate"

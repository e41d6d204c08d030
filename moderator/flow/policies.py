"""A site's policy: immutable numbered versions of its document, the one in force named by the serving record."""

from moderator.errors import Conflict, NotFound
from moderator.policy.document import DEFAULT, Policy, parse
from moderator.store.policies import PolicyStore
from moderator.store.serving import Serving

FIRST_VERSION = 1
"""The shipped default as it was when the site was first served: a later release does not change it silently."""


CHANGED = "Somebody changed what is served at the same time; look at it and try again."


class Policies:
    """Reads, checks and puts policies into force."""

    def __init__(self, store: PolicyStore, serving: Serving) -> None:
        self._store = store
        self._serving = serving

    async def text(self, site: str, version: int | None = None) -> tuple[str, str]:
        """The name (`site@version`) and document of a version; of the one in force when none is given.

        Raises:
            NotFound: the site has no such version.
        """
        if version is None:
            version = (await self._serving.get(site)).policy_version
        text = await self._store.get(site, version)
        if text is None and version == FIRST_VERSION:
            text = await self._store.add(site, FIRST_VERSION, DEFAULT)
        if text is None:
            raise NotFound(f"Site {site} has no policy version {version}.")
        return f"{site}@{version}", text

    async def load(self, site: str, version: int) -> tuple[str, Policy]:
        """The name and the parsed document of a version."""
        name, text = await self.text(site, version)
        return name, parse(text)

    async def set(self, site: str, text: str) -> str:
        """Store a new version and put it into force, under a new serving generation; the same again changes nothing.

        Returns:
            its name, `site@version`.

        Raises:
            PolicyError: the document is wrong; nothing was stored.
            Conflict: `superseded`, somebody changed what is in force at the same time.
        """
        parse(text)
        record = await self._serving.get(site)
        await self.text(site, record.policy_version)
        version = await self._store.append(site, text)
        if version == record.policy_version:
            return f"{site}@{version}"
        if not await self._serving.compare_and_set(site, record, record.advanced(policy_version=version)):
            raise Conflict(
                "The site's policy or model changed at the same time; look at it and try again.", code="superseded"
            )
        return f"{site}@{version}"

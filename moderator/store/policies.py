"""The versions of a site's policy document: numbered from 1, never changed, never removed.

Which one is in force stands in the serving record. What a document means is `policy/`'s business; here it is text.
"""

from moderator.store.client import Client
from moderator.store.scripts import Script

APPEND_POLICY = Script("append_policy")


class PolicyStore:
    """The policy documents of each site."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = client.keys

    async def get(self, site: str, version: int) -> str | None:
        """The document of a version; None: the site has no such version."""
        text: bytes | None = await self._client.call("HGET", self._keys.policies(site), version)
        return None if text is None else text.decode()

    async def add(self, site: str, version: int, text: str) -> str:
        """Store a version that is not there, the next one in turn; the document that stands there now, ours or not."""
        await self._client.call("HSETNX", self._keys.policies(site), version, text)
        return await self.get(site, version) or text

    async def append(self, site: str, text: str) -> int:
        """Store the next version, and say its number. The newest document again is the newest version."""
        return int(await self._client.run(APPEND_POLICY, [self._keys.policies(site)], [text]))

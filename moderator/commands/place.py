"""Which site a command acts on."""

from moderator.commands.terminal import WrongUsage
from moderator.errors import Conflict
from moderator.flow.sites import Sites
from moderator.store.client import Client


async def named_site(client: Client, named: str | None) -> str:
    """The site that was named, or the only one.

    Raises:
        NotFound: there is no such site, or none yet.
        WrongUsage: none was named, and there are several.
    """
    sites = Sites(client)
    try:
        return (await (sites.known(named) if named else sites.only())).name
    except Conflict as error:
        raise WrongUsage(error.detail) from None

"""Reading what was recorded; a read decides nothing."""

from datetime import datetime

from moderator.domain import Comment, State
from moderator.errors import Gone, NotFound
from moderator.store.comments import Comments


class Reading:
    """What a site's backend and its people may look up."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments

    async def get(self, site: str, comment_id: str) -> Comment:
        """One comment of the site.

        Raises:
            NotFound: the site has none with this id.
            Gone: it was erased.
        """
        comment = await self._comments.get(site, comment_id)
        if comment is None:
            raise NotFound("This site has no comment with this id.")
        if comment.state is State.ERASED:
            raise Gone("This comment was erased.")
        return comment

    async def page(
        self,
        site: str,
        *,
        state: State | None = None,
        article: str | None = None,
        author: str | None = None,
        since: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> tuple[list[Comment], str | None]:
        """Comments of the site, newest first, and the cursor of the next page (None at the end)."""
        return await self._comments.list(
            site, state=state, article=article, author=author, since=since, cursor=cursor, limit=limit
        )

    async def changes(self, site: str, cursor: str | None, limit: int) -> tuple[list[Comment], str]:
        """Comments that changed after `cursor`, each as it stands now, and the cursor to go on from."""
        return await self._comments.changes(site, cursor, limit)

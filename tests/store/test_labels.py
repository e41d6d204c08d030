from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from moderator.clock import to_ms
from moderator.domain import CaseKind, Comment, State
from moderator.errors import InputError, StoreError
from moderator.store.client import Client
from moderator.store.comments import Change, Comments, Done
from moderator.store.labels import ImportedLabel, Labels

Make = Callable[..., Comment]
SITE = "default"
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
def labels(client: Client) -> Labels:
    return Labels(client)


async def judged(client: Client, make_comment: Make, judge: Make, number: int, minute: int) -> Comment:
    """Comment c-NUMBER, held and then rejected as an insult MINUTE minutes after noon."""
    held = make_comment(number, state=State.HELD, cases=(CaseKind.HELD,))
    new = judge(held, "reject", attributes=("insult",), at=NOON + timedelta(minutes=minute))
    comments = Comments(client)
    assert await comments.change(SITE, [Change(old=None, new=held)]) == [Done()]
    assert await comments.change(SITE, [Change(old=held, new=new)]) == [Done()]
    return new


def imported(number: int, minute: int = 0, **changes: Any) -> ImportedLabel:
    fields: dict[str, Any] = {
        "id": f"i-{number}",
        "text": f"Text number {number}",
        "labels": {"spam": 1},
        "source": "desk",
        "at": NOON + timedelta(minutes=minute),
        "provenance": "import",
    }
    return ImportedLabel(**fields | changes)


async def ids(labels: Labels, **filters: Any) -> list[str]:
    rows, following = await labels.list(SITE, **filters)
    assert following is None
    return [row["id"] for row in rows]


async def test_verdicts_and_imports_are_listed_together_in_the_order_of_when_they_were_said(
    client: Client, labels: Labels, make_comment: Make, judge: Make
) -> None:
    await judged(client, make_comment, judge, 1, minute=30)
    await judged(client, make_comment, judge, 2, minute=10)
    await labels.add_imported(SITE, [imported(1, minute=20), imported(2, minute=40)])

    seen, cursor = [], None
    while True:
        rows, cursor = await labels.list(SITE, cursor=cursor, limit=1)
        seen += [row["id"] for row in rows]
        if cursor is None:
            break

    assert seen == ["c-2", "i-1", "c-1", "i-2"]
    assert await ids(labels, since_ms=to_ms(NOON) + 20 * 60_000) == ["i-1", "c-1", "i-2"]


async def test_an_imported_label_has_the_shape_of_the_export(labels: Labels) -> None:
    await labels.add_imported(SITE, [imported(1, lang="uk", group="a-9", by="olha", why=("held",), p=0.5)])
    rows, _ = await labels.list(SITE)
    assert rows == [
        {
            "id": "i-1",
            "text": "Text number 1",
            "lang": "uk",
            "labels": {"spam": 1},
            "group": "a-9",
            "at": NOON,
            "by": "olha",
            "provenance": "import",
            "why": ["held"],
            "p": 0.5,
        }
    ]


async def test_the_same_id_again_replaces_nothing(labels: Labels) -> None:
    assert await labels.add_imported(SITE, [imported(1)]) == 1
    assert await labels.add_imported(SITE, [imported(1, text="Other", labels={"spam": 0}), imported(2)]) == 1
    rows, _ = await labels.list(SITE)
    assert [(row["id"], row["labels"]) for row in rows] == [("i-1", {"spam": 1}), ("i-2", {"spam": 1})]


async def test_a_label_without_id_gets_one_from_its_content_so_that_a_retry_adds_none(labels: Labels) -> None:
    first, other = imported(1, id=None), imported(1, id=None, labels={"spam": 0})
    assert await labels.add_imported(SITE, [first]) == 1
    assert await labels.add_imported(SITE, [first, other]) == 1


async def test_an_export_imported_where_it_came_from_adds_nothing(
    client: Client, labels: Labels, make_comment: Make, judge: Make
) -> None:
    await judged(client, make_comment, judge, 1, minute=1)
    assert await labels.add_imported(SITE, [imported(1, id="c-1")]) == 0
    assert await ids(labels) == ["c-1"]


async def test_an_undone_verdict_takes_its_label_back(
    client: Client, labels: Labels, make_comment: Make, judge: Make
) -> None:
    comment = await judged(client, make_comment, judge, 1, minute=1)
    verdict = msgspec.structs.replace(comment.verdicts[0], undone_at=NOON + timedelta(hours=1))
    undone = msgspec.structs.replace(comment, sequence=3, state=State.HELD, verdicts=(verdict,))
    assert await Comments(client).change(SITE, [Change(old=comment, new=undone)]) == [Done()]
    assert await ids(labels) == []


async def test_labels_from_outside_are_learned_from_once_their_source_is_admitted(labels: Labels) -> None:
    await labels.add_imported(
        SITE, [imported(1), imported(2, provenance="external", source="akismet"), imported(3, provenance="external")]
    )
    assert await labels.sources(SITE) == {"akismet": False, "desk": False}
    assert await ids(labels, admitted_only=True) == ["i-1"]
    assert len(await ids(labels)) == 3

    await labels.admit(SITE, "akismet")
    await labels.add_imported(SITE, [imported(4, provenance="external", source="akismet")])

    assert await labels.sources(SITE) == {"akismet": True, "desk": False}
    assert sorted(await ids(labels, admitted_only=True)) == ["i-1", "i-2", "i-4"]


async def test_sites_do_not_share_labels(labels: Labels) -> None:
    await labels.add_imported("another", [imported(1)])
    assert await ids(labels) == []


async def test_a_thousand_imports_are_stored_in_pieces(labels: Labels) -> None:
    assert await labels.add_imported(SITE, [imported(n) for n in range(1100)]) == 1100
    rows, following = await labels.list(SITE, limit=1100)
    assert (len(rows), following) == (1100, None)


async def test_a_label_of_a_newer_release_is_refused_by_its_version(client: Client, labels: Labels) -> None:
    await labels.add_imported(SITE, [imported(1)])
    await client.call("SET", client.keys.label(SITE, "i-1"), b"2 \nsecret")
    with pytest.raises(StoreError) as refused:
        await labels.list(SITE)
    assert refused.value.code == "unknown_record_version"
    assert "secret" not in str(refused.value)


async def test_a_made_up_cursor_is_the_caller_s_mistake(labels: Labels) -> None:
    with pytest.raises(InputError):
        await labels.list(SITE, cursor="x")

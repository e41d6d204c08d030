"""Labels from outside: taken in once, checked, used only where an admin admitted their source."""

from typing import Any

from moderator.runtime import Services

SITE = "default"
ROW: dict[str, Any] = {"id": "l-1", "text": "some words", "labels": {"toxicity": 1}}


async def test_an_imported_label_comes_out_as_it_went_in(services: Services) -> None:
    row = ROW | {"lang": "en", "group": "a-1", "by": "anna", "why": ["held"], "p": 0.5}
    assert await services.labels.add(SITE, [row], provenance="import", source="ada") == (1, [])
    ((found,), _) = await services.labels.export(SITE)
    assert {name: found[name] for name in row} == row
    assert found["provenance"] == "import"


async def test_the_same_label_again_is_accepted_and_counts_once(services: Services) -> None:
    for _ in range(2):
        accepted, refused = await services.labels.add(SITE, [ROW], provenance="import", source="ada")
        assert (accepted, refused) == (1, [])
    assert len((await services.labels.export(SITE))[0]) == 1


async def test_a_wrong_row_is_named_and_harms_no_other(services: Services) -> None:
    rows = [ROW, ROW | {"id": "l-2", "labels": {"rudeness": 1}}, ROW | {"id": "l-3", "p": 0.0}, ROW | {"id": "l-4"}]
    accepted, refused = await services.labels.add(SITE, rows, provenance="import", source="ada")
    assert accepted == 2
    assert [(index, error.pointer, error.code) for index, error in refused] == [
        (1, "/labels", "unknown_attribute"),
        (2, "/p", "out_of_range"),
    ]
    assert "rudeness" not in refused[0][1].detail


async def test_training_uses_labels_from_outside_only_once_their_source_is_admitted(services: Services) -> None:
    await services.labels.add(SITE, [ROW], provenance="external", source="backend")
    await services.labels.add(SITE, [ROW | {"id": "l-2"}], provenance="import", source="ada")
    assert [row["id"] for row in await services.labels.lessons(SITE)] == ["l-2"]
    assert await services.labels.sources(SITE) == {"backend": False}
    await services.labels.admit(SITE, "backend")
    assert sorted(row["id"] for row in await services.labels.lessons(SITE)) == ["l-1", "l-2"]


async def test_a_label_without_an_id_sent_twice_is_one_label(services: Services) -> None:
    row = {"text": "some words", "labels": {"spam": 0}}
    for _ in range(2):
        await services.labels.add(SITE, [row], provenance="import", source="ada")
    assert len((await services.labels.export(SITE))[0]) == 1


async def test_pages_hold_every_label_once(services: Services) -> None:
    rows = [ROW | {"id": f"l-{number}"} for number in range(25)]
    await services.labels.add(SITE, rows, provenance="import", source="ada")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = await services.labels.export(SITE, None, cursor, 10)
        seen += [row["id"] for row in page]
        if cursor is None:
            break
    assert sorted(seen) == sorted(row["id"] for row in rows)

"""Labels in and out."""

import json
from typing import Any

from moderator.access import Role
from tests.web_fixture import BAD, GOOD, Service

NDJSON = {"Content-Type": "application/x-ndjson"}


async def export(service: Service, query: str = "") -> tuple[list[dict[str, Any]], str | None]:
    """The labels of a page and the path of the next."""
    response = await service.call("GET", f"/v1/labels{query}")
    assert (response.status, response.content_type) == (200, "application/x-ndjson")
    following = response.headers.get("Link")
    rows = [json.loads(line) for line in (await response.text()).splitlines()]
    return rows, following and following.removeprefix("<").removesuffix('>; rel="next"')


async def send(service: Service, *lines: Any, by: str | None = None) -> dict[str, Any]:
    """The answer to a body of lines, each JSON already or made so."""
    body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    response = await service.call("POST", "/v1/labels", by=by, data=body, headers=NDJSON)
    assert response.status == 200, await response.text()
    answer: dict[str, Any] = await response.json()
    return answer


async def test_a_verdict_comes_out_as_a_label(service: Service) -> None:
    await service.post("c-1", BAD)
    claimed = await (await service.call("POST", "/v1/queue:claim", by=service.admin)).json()
    said = {"lease": claimed["reviews"][0]["lease"], "revision": 1, "outcome": "reject", "attributes": ["insult"]}
    await service.call("POST", "/v1/reviews/c-1:verdict", by=service.admin, json=said)

    ((label,), following) = await export(service)

    assert following is None
    assert label["labels"] == {"insult": 1, "toxicity": 1}
    assert (label["id"], label["text"], label["lang"], label["group"]) == ("c-1", BAD, "en", "a-1")
    assert (label["by"], label["provenance"], label["why"], label["p"]) == ("ada", "verdict", ["held"], 1.0)
    assert label["at"].endswith("Z")


async def test_labels_are_taken_line_by_line_and_bad_lines_named(service: Service) -> None:
    answer = await send(
        service,
        {"text": GOOD, "labels": {"toxicity": 0}},
        "",
        "{broken",
        {"text": " ", "labels": {"toxicity": 0}},
        {"text": GOOD, "labels": {"rude": 1}},
        {"text": GOOD},
        {"text": GOOD, "labels": {"spam": 2}},
        {"text": GOOD, "labels": {"spam": 1}, "mood": 1},
        '{"text": "\\ud800", "labels": {"spam": 1}}',
        {"text": GOOD, "labels": {"spam": 1}, "id": "a/b"},
        {"text": BAD, "labels": {"insult": 1}, "id": "x-1", "group": "a-1", "at": "2026-01-01T00:00:00Z"},
    )
    assert answer["accepted"] == 2
    assert [each["line"] for each in answer["refused"]] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert answer["refused"][0]["code"] == "invalid_json"
    assert BAD not in str(answer)


async def test_a_keys_labels_are_external_and_an_admins_are_imports(service: Service) -> None:
    await send(service, {"text": GOOD, "labels": {"toxicity": 0}, "provenance": "verdict"})
    await send(service, {"text": BAD, "labels": {"insult": 1}}, by=service.admin)
    rows, _ = await export(service)
    assert {row["text"]: row["provenance"] for row in rows} == {GOOD: "external", BAD: "import"}


async def test_what_was_exported_can_be_sent_again(service: Service) -> None:
    await send(service, {"text": GOOD, "labels": {"toxicity": 0}, "lang": "en"})
    rows, _ = await export(service)
    assert await send(service, *rows) == {"accepted": 1, "refused": []}
    assert (await export(service))[0] == rows


async def test_labels_are_paged_with_a_link_that_keeps_the_query(service: Service) -> None:
    await send(service, *({"text": f"text {number}", "labels": {"spam": 1}} for number in range(5)))
    path: str | None = "?limit=2&since=2020-01-01T00:00:00Z"
    seen: list[str] = []
    while path:
        rows, path = await export(service, path.removeprefix("/v1/labels"))
        assert len(rows) <= 2
        seen += [row["text"] for row in rows]
    assert sorted(seen) == [f"text {number}" for number in range(5)]
    assert (await export(service, "?since=2099-01-01T00:00:00Z"))[0] == []


async def test_a_wrong_query_or_content_type_is_refused(service: Service) -> None:
    for query in ("cursor=abc", "since=12", "limit=0", "state=held"):
        assert (await service.call("GET", f"/v1/labels?{query}")).status == 400
    assert (await service.call("POST", "/v1/labels", json={"text": GOOD, "labels": {"spam": 1}})).status == 415


async def test_labels_are_for_admins(service: Service) -> None:
    moderator = await service.person("mo", Role.MODERATOR)
    assert (await service.call("GET", "/v1/labels", by=moderator)).status == 403

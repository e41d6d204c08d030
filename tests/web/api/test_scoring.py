"""Scoring texts without recording anything."""

from typing import Any

import pytest

from moderator.access import Scope
from moderator.flow.sites import Sites
from tests.web_fixture import BAD, GOOD, Service


async def test_texts_are_scored_in_order_and_nothing_is_stored(service: Service) -> None:
    response = await service.call(
        "POST", "/v1/score", json={"items": [{"text": BAD}, {"text": GOOD, "language": "en"}]}
    )
    answer = await response.json()
    assert (response.status, answer["bundle"]) == (200, "2026.1.1")
    bad, good = answer["results"]
    assert (bad["scores"]["insult"] > 0.9, good["scores"]["insult"] < 0.1) == (True, True)
    assert (bad["language"], "spans" in bad) == ("en", False)
    assert (await service.get("/v1/comments"))["comments"] == []


async def test_spans_come_where_they_are_asked_for(service: Service) -> None:
    response = await service.call("POST", "/v1/score", json={"items": [{"text": BAD}, {"text": GOOD}], "spans": True})
    bad, good = (await response.json())["results"]
    assert BAD[bad["spans"][0]["begin"] : bad["spans"][0]["end"]] in {"idiot", "moron"}
    assert good["spans"] == []


async def test_no_texts_have_no_results(service: Service) -> None:
    answer = await (await service.call("POST", "/v1/score", json={"items": []})).json()
    assert answer == {"bundle": "2026.1.1", "results": []}


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"items": [{"text": GOOD}] * 3 + [{"text": "x" * 20_001}]}, "/items/3/text", "too_long"),
        ({"items": [{"text": GOOD}, {"text": "\u2060"}]}, "/items/1/text", "empty"),
        ({"items": [{"text": GOOD}, {"text": "<b> </b>", "format": "html"}]}, "/items/1/text", "empty"),
        ({"items": [{"text": GOOD}, {"text": "\0"}]}, "/items/1/text", "nul"),
        ({"items": [{"text": GOOD, "id": "x"}]}, "/items/0/id", "unknown_field"),
        ({"items": [{"text": GOOD}] * 257}, "/items", "too_many"),
        ({"items": [{"text": GOOD, "language": 5}]}, "/items/0/language", "wrong_type"),
        ({"items": "text"}, "/items", "wrong_type"),
        ({"items": [], "spans": 1}, "/spans", "wrong_type"),
        ({}, "/items", "required"),
    ],
)
async def test_one_bad_item_refuses_the_whole(service: Service, body: dict[str, Any], pointer: str, code: str) -> None:
    response = await service.call("POST", "/v1/score", json=body)
    (error,) = (await response.json())["errors"]
    assert (response.status, error["pointer"], error["code"]) == (422, pointer, code)


async def test_scoring_needs_its_scope(service: Service) -> None:
    key = (await Sites(service.services.client).create_key("default", "reader", [Scope.READ])).raw
    assert (await service.call("POST", "/v1/score", by=key, json={"items": []})).status == 403
    assert (await service.call("POST", "/v1/score", by=service.admin, json={"items": []})).status == 403

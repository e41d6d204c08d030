"""The document says what the code does: it is made of the same table and structs."""

import re
from typing import Any, get_args

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from moderator.domain import ATTRIBUTES
from moderator.settings import Settings
from moderator.web import examples
from moderator.web.inputs import Attribute
from moderator.web.openapi import ANSWER_HEADERS, PROBLEMS, REQUEST_HEADERS, document
from moderator.web.route import Route
from moderator.web.routes import ROUTES
from tests.web_fixture import Service

DOCUMENT: dict[str, Any] = document(ROUTES, Settings())


def test_the_document_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_route_is_in_it_and_nothing_else() -> None:
    documented = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert documented == {(route.method, route.path) for route in ROUTES}


def test_operations_have_ids_of_their_own() -> None:
    ids = [operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_operation_says_who_may_call_and_what_can_go_wrong(route: Any) -> None:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    assert bool(operation["security"]) is (route.access is not None)
    assert ("401" in operation["responses"]) is (route.access is not None)
    assert ("413" in operation["responses"]) is (route.body is not None)
    assert set(re.findall(r"\{(\w+)\}", route.path)) == {
        each["name"] for each in operation["parameters"] if each["in"] == "path"
    }


def test_every_reference_leads_somewhere() -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert names <= DOCUMENT["components"]["schemas"].keys()


def test_header_descriptions_are_all_in_use() -> None:
    asked = {name for route in ROUTES for name in route.headers}
    told = {name for route in ROUTES for answer in route.answers.values() for name in answer.headers}
    assert (asked, told) == (set(REQUEST_HEADERS), set(ANSWER_HEADERS))
    assert {status for route in ROUTES for status in route.problems} <= set(PROBLEMS)


def test_the_attributes_are_the_domains() -> None:
    assert get_args(Attribute) == ATTRIBUTES


def test_the_limits_are_those_that_are_set() -> None:
    set_otherwise = document(ROUTES, Settings(text_limit=123, score_limit=7, batch_limit=9))["components"]["schemas"]
    for schemas, text, scored, batch in (
        (DOCUMENT["components"]["schemas"], 20_000, 256, 500),
        (set_otherwise, 123, 7, 9),
    ):
        for name in ("SubmissionIn", "EditIn", "TextItem", "LabelIn"):
            assert schemas[name]["properties"]["text"]["maxLength"] == text
        assert schemas["ScoreIn"]["properties"]["items"]["maxItems"] == scored
        assert schemas["BatchIn"]["properties"]["comments"]["maxItems"] == batch
        assert schemas["ArticleIn"]["properties"]["id"]["maxLength"] == 500
        assert 200 in [each.get("maxLength") for each in schemas["SubmissionIn"]["properties"]["id"]["anyOf"]]


WITH_EXAMPLES = [route for route in ROUTES if route.body is not None and route.body.example is not None]


@pytest.mark.parametrize("route", WITH_EXAMPLES, ids=lambda route: route.path)
def test_an_example_has_the_shape_that_it_shows_and_all_that_is_needed(route: Route) -> None:
    assert route.body is not None
    msgspec.convert(route.body.example, route.body.shape)
    replies = [answer for answer in route.answers.values() if answer.example is not None]
    assert replies
    for answer in replies:
        assert answer.shape is not None
        assert answer.example is not None
        read = msgspec.convert(answer.example, answer.shape)
        assert msgspec.to_builtins(read) == answer.example


def test_comments_scores_and_verdicts_have_examples() -> None:
    assert [route.path for route in WITH_EXAMPLES] == ["/v1/comments", "/v1/score", "/v1/reviews/{id}:verdict"]


async def test_the_examples_can_be_sent_one_after_the_other(service: Service) -> None:
    assert (await service.call("POST", "/v1/comments", json=examples.COMMENT)).status == 201
    assert (await service.call("POST", "/v1/score", json=examples.SCORE)).status == 200
    claimed = await (await service.call("POST", "/v1/queue:claim", by=service.admin)).json()
    verdict = examples.VERDICT | {"lease": claimed["reviews"][0]["lease"]}
    judged = await service.call("POST", "/v1/reviews/c-1:verdict", by=service.admin, json=verdict)
    assert (await judged.json()).keys() >= examples.JUDGED.keys()


async def test_the_service_shows_it_to_programs_and_people(service: Service) -> None:
    response = await service.http.get("/openapi.json")
    assert (response.status, await response.json()) == (200, DOCUMENT)
    page = await service.http.get("/docs")
    text = await page.text()
    assert page.content_type == "text/html"
    assert "/v1/reviews/{id}:verdict" in text
    assert "&quot;The second time this week.&quot;" in text
    assert "at most 20000 characters" in text
    assert not re.findall(r"""(?:src|href)=['"]?(?:https?:)?//""", text)

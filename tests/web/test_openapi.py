"""The document says what the code does: it is made of the same table and structs."""

import re
from typing import Any, get_args

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from moderator.domain import ATTRIBUTES
from moderator.web.inputs import Attribute
from moderator.web.openapi import ANSWER_HEADERS, PROBLEMS, REQUEST_HEADERS, document
from moderator.web.routes import ROUTES
from tests.web_fixture import Service

DOCUMENT: dict[str, Any] = document(ROUTES)


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


async def test_the_service_shows_it_to_programs_and_people(service: Service) -> None:
    response = await service.http.get("/openapi.json")
    assert (response.status, await response.json()) == (200, DOCUMENT)
    page = await service.http.get("/docs")
    text = await page.text()
    assert page.content_type == "text/html"
    assert "/v1/reviews/{id}:verdict" in text
    assert not re.findall(r"""(?:src|href)=['"]?(?:https?:)?//""", text)

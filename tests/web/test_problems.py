"""Every class of error has its status, its code and its headers; what nobody foresaw says nothing."""

import pytest
from aiohttp import web

from moderator.errors import (
    BundleError,
    Conflict,
    Denied,
    FieldError,
    Gone,
    InputError,
    NotFound,
    OutcomeUnknown,
    Overloaded,
    StoreError,
    StoreUnavailable,
    Unauthenticated,
)
from moderator.web.problems import STATUS, TITLES, Refused, problem_of

FIELD = FieldError("/text", "too_long", "longer than 20000 code points", 20_000)


@pytest.mark.parametrize(
    ("error", "status", "code", "headers"),
    [
        (InputError(FIELD), 422, "invalid", {}),
        (Unauthenticated("no"), 401, "unauthenticated", {"WWW-Authenticate": 'Bearer realm="moderator"'}),
        (Denied("no", code="missing_scope"), 403, "missing_scope", {}),
        (NotFound("no"), 404, "not_found", {}),
        (Conflict("no", code="id_conflict"), 409, "id_conflict", {}),
        (Conflict("no", code="precondition_failed"), 412, "precondition_failed", {}),
        (BundleError("no"), 409, "bundle_refused", {}),
        (Gone("no"), 410, "erased", {}),
        (Overloaded("no", retry_after_s=3), 503, "overloaded", {"Retry-After": "3"}),
        (StoreUnavailable("no"), 503, "store_unavailable", {"Retry-After": "1"}),
        (OutcomeUnknown("no"), 503, "outcome_unknown", {"Retry-After": "1"}),
        (Refused(413, "body_too_large", "no", limit=5), 413, "body_too_large", {}),
        (web.HTTPNotFound(), 404, "not_found", {}),
        (web.HTTPMethodNotAllowed("PATCH", ["PUT", "GET"]), 405, "method_not_allowed", {"Allow": "GET, PUT"}),
        (StoreError("the key is secret"), 500, "internal", {}),
        (ValueError("you idiot"), 500, "internal", {}),
    ],
)
def test_an_error_has_its_status_code_and_headers(
    error: Exception, status: int, code: str, headers: dict[str, str]
) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code, dict(problem.headers)) == (status, code, headers)
    assert "idiot" not in str(problem.document())
    assert "secret" not in str(problem.document())


def test_a_wrong_field_is_told_with_pointer_code_and_limit() -> None:
    document = problem_of(InputError(FIELD)).document()
    assert document["errors"] == [
        {"pointer": "/text", "code": "too_long", "detail": "longer than 20000 code points", "limit": 20_000}
    ]
    assert {"type", "title", "status", "code", "detail"} < document.keys()


def test_wrong_input_of_a_request_without_a_body_is_a_bad_request() -> None:
    problem = problem_of(InputError(FieldError("/cursor", "invalid_cursor", "no cursor of ours")), query_only=True)
    assert (problem.status, problem.code) == (400, "invalid_cursor")


def test_members_beside_the_standard_ones_stand_at_the_top() -> None:
    changed = problem_of(Conflict("no", code="revision_changed", current_revision=4)).document()
    unknown = problem_of(OutcomeUnknown("no", comment_id="c-1")).document()
    assert changed["current_revision"] == 4
    assert unknown["id"] == "c-1"


def test_a_problem_with_a_thousand_errors_names_twenty() -> None:
    assert len(problem_of(InputError(*[FIELD] * 1000)).document()["errors"]) == 20


def test_every_class_of_the_table_has_a_title_for_its_code() -> None:
    assert {each.code for each in STATUS} - {"conflict", "forbidden", "policy_invalid"} <= TITLES.keys()

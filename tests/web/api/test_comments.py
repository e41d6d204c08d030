"""What a site's backend sends, edits, reads and follows."""

import asyncio
import json
from typing import Any

import pytest

from moderator.access import Role, Scope
from moderator.domain import ATTRIBUTES
from moderator.flow.sites import Sites
from tests.web_fixture import BAD, GOOD, Service

COMMENT: dict[str, Any] = {"id": "c-1", "text": BAD, "article": {"id": "a-1"}}


async def test_a_new_comment_is_answered_with_its_decision_and_the_words_behind_it(service: Service) -> None:
    response = await service.call("POST", "/v1/comments", json=COMMENT)
    reply = await response.json()
    assert response.status == 201
    assert response.headers["Location"] == "/v1/comments/c-1"
    assert (reply["state"], reply["visible"], reply["visible_revision"]) == ("held", False, None)
    assert (reply["site"], reply["revision"], reply["sequence"], reply["cases"]) == ("default", 1, 1, ["held"])
    assert (reply["bundle"], reply["policy"], reply["replayed"]) == ("2026.1.1", "default@1", False)
    assert [*reply["scores"]] == [*ATTRIBUTES]
    assert reply["decision"]["outcome"] == "hold"
    assert reply["decision"]["at"].endswith("Z")
    assert reply["decision"]["reasons"][0].keys() >= {"code", "attribute", "score", "threshold", "detail"}
    span = reply["spans"][0]
    assert BAD[span["begin"] : span["end"]] in {"idiot", "moron"}


async def test_an_approved_comment_has_no_spans_unless_they_are_asked_for(service: Service) -> None:
    assert "spans" not in await service.post("c-1")
    assert (await service.get("/v1/comments/c-1")).keys().isdisjoint({"spans"})
    asked = await service.call("POST", "/v1/comments?spans=true", json=COMMENT | {"id": "c-2", "text": GOOD})
    assert (await asked.json())["spans"] == []
    assert "spans" in await service.get("/v1/comments/c-2?spans=true")


async def test_the_same_id_with_the_same_content_is_answered_with_the_first_reply_whatever_followed(
    service: Service,
) -> None:
    first = await service.post("c-1", BAD)
    edited = await service.call("PUT", "/v1/comments/c-1", json={"text": GOOD, "by": "author"})
    assert (await edited.json())["state"] == "approved"

    again = await service.call("POST", "/v1/comments", json=COMMENT | {"metadata": {"retry": 1}})

    assert again.status == 200
    assert await again.json() == first | {"replayed": True}
    assert (await service.get("/v1/comments/c-1"))["state"] == "approved"


async def test_the_same_id_with_other_content_is_a_conflict(service: Service) -> None:
    await service.post("c-1")
    response = await service.call("POST", "/v1/comments", json=COMMENT)
    assert (response.status, (await response.json())["code"]) == (409, "id_conflict")


async def test_an_idempotency_key_stands_for_the_id(service: Service) -> None:
    body = {"text": GOOD, "article": {"id": "a-1"}}
    keyed = {"Idempotency-Key": "order 42"}
    first = await (await service.call("POST", "/v1/comments", json=body, headers=keyed)).json()
    again = await (await service.call("POST", "/v1/comments", json=body, headers=keyed)).json()
    other = await (await service.call("POST", "/v1/comments", json=body)).json()
    assert first["id"] == again["id"] != other["id"]
    assert again["replayed"]


async def test_unknown_fields_of_a_submission_are_ignored_and_named(service: Service) -> None:
    body = COMMENT | {"mood": "bad", "author": {"id": "u-1", "karma": 3}}
    response = await service.call("POST", "/v1/comments", json=body)
    assert response.status == 201
    assert response.headers["Warning-Fields"] == "author.karma, mood"


async def test_a_comment_can_be_taken_now_and_decided_later(service: Service) -> None:
    response = await service.call("POST", "/v1/comments", json=COMMENT, headers={"Prefer": "respond-async"})
    assert (response.status, await response.json()) == (202, {"id": "c-1", "state": "pending"})
    assert (await service.get("/v1/comments/c-1"))["decision"] is None


async def test_a_comment_decided_elsewhere_keeps_that_decision(service: Service) -> None:
    decided = {"outcome": "reject", "at": "2025-01-01T00:00:00Z", "by": "old system"}
    reply = await service.post("c-1", GOOD, decided=decided)
    assert (reply["state"], reply["cases"], reply["decision"]["at"]) == ("rejected", [], "2025-01-01T00:00:00.000Z")


async def test_a_batch_answers_each_in_order_and_one_bad_comment_harms_no_other(service: Service) -> None:
    comments = [
        COMMENT,
        COMMENT | {"id": "c-2", "text": " "},
        {"id": "c-3"},
        "no comment",
        COMMENT | {"id": "c-4", "text": "\ud800"},
        COMMENT | {"id": "c-5", "text": GOOD, "mood": 1},
    ]
    body = json.dumps({"comments": comments})
    response = await service.call("POST", "/v1/comments:batch", data=body, headers={"Content-Type": "application/json"})
    results = (await response.json())["results"]
    assert response.status == 200
    assert response.headers["Warning-Fields"] == "mood"
    assert [each.get("state") or each["status"] for each in results] == ["held", 422, 422, 422, 422, "approved"]
    assert [each["errors"][0]["pointer"] for each in results[1:5]] == ["/text", "/text", "", "/text"]


async def test_the_same_comment_twice_in_one_batch_is_recorded_once(service: Service) -> None:
    response = await service.call("POST", "/v1/comments:batch", json={"comments": [COMMENT, COMMENT]})
    results = (await response.json())["results"]
    assert [each["replayed"] for each in results] == [False, True]
    assert [each["sequence"] for each in results] == [1, 1]


async def test_comments_of_a_batch_without_ids_get_one_each_from_the_idempotency_key(service: Service) -> None:
    body = {"comments": [{"text": GOOD, "article": {"id": "a-1"}}] * 2}
    send: dict[str, Any] = {"json": body, "headers": {"Idempotency-Key": "k"}}
    first = (await (await service.call("POST", "/v1/comments:batch", **send)).json())["results"]
    again = (await (await service.call("POST", "/v1/comments:batch", **send)).json())["results"]
    assert first[0]["id"] != first[1]["id"]
    assert [each["id"] for each in again] == [each["id"] for each in first]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"comments": [{}] * 501}, "/comments", "too_many"),
        ({"comments": {}}, "/comments", "wrong_type"),
        ({"comments": [], "more": 1}, "/more", "unknown_field"),
        ([], "", "wrong_type"),
    ],
)
async def test_a_body_that_is_no_batch_is_refused_whole(service: Service, body: Any, pointer: str, code: str) -> None:
    response = await service.call("POST", "/v1/comments:batch", json=body)
    (error,) = (await response.json())["errors"]
    assert (response.status, error["pointer"], error["code"]) == (422, pointer, code)


async def test_a_comment_is_shown_with_its_text_context_revisions_and_history(service: Service) -> None:
    author = {"id": "u-1", "name": "Ann", "email": "ann@example.org", "ip": "192.0.2.1"}
    await service.post("c-1", BAD, author=author, parent_id="c-0")
    await service.call("PUT", "/v1/comments/c-1", json={"text": GOOD, "by": "author"})

    response = await service.call("GET", "/v1/comments/c-1")
    comment = await response.json()

    assert response.headers["ETag"] == '"2"'
    assert (comment["text"], comment["parent_id"], comment["article"]["id"]) == (GOOD, "c-0", "a-1")
    assert comment["author"]["email"] == "ann@example.org"
    assert [each["text"] for each in comment["revisions"]] == [BAD, GOOD]
    assert {each["action"] for each in comment["history"]} >= {"decided", "edited"}
    assert comment["reports"] == []


async def test_email_and_address_are_for_keys_and_seniors(service: Service) -> None:
    await service.post("c-1", author={"id": "u-1", "email": "ann@example.org", "ip": "192.0.2.1"})
    moderator = await service.person("mo", Role.MODERATOR)
    senior = await service.person("sue", Role.SENIOR)
    assert "email" not in (await service.get("/v1/comments/c-1", by=moderator))["author"]
    assert "ip" not in (await service.get("/v1/comments", by=moderator))["comments"][0]["author"]
    assert (await service.get("/v1/comments/c-1", by=senior))["author"]["ip"] == "192.0.2.1"


async def test_another_sites_comment_is_not_there(service: Service) -> None:
    await service.post("c-1")
    other = (await Sites(service.services.client).create("other")).raw
    response = await service.call("GET", "/v1/comments/c-1", by=other)
    assert response.status == 404
    assert (await service.get("/v1/comments", by=other))["comments"] == []


@pytest.mark.parametrize("path", ["/v1/comments/c-2", "/v1/comments/a%2Fb", "/v1/comments/%00", "/v1/comments/%FF"])
async def test_what_is_not_there_is_not_found(service: Service, path: str) -> None:
    response = await service.call("GET", path)
    assert (response.status, (await response.json())["code"]) == (404, "not_found")


async def test_ids_with_every_allowed_character_are_found_again(service: Service) -> None:
    for comment_id in ("a:verdict", "~@.x", "-", "x" * 200):
        await service.post(comment_id)
        assert (await service.get(f"/v1/comments/{comment_id}"))["id"] == comment_id


async def test_comments_are_listed_newest_first_page_by_page(service: Service) -> None:
    for number in range(5):
        await service.post(f"c-{number}", f"idiot {number}" if number % 2 else f"Agreed {number}")
    page = await service.get("/v1/comments?limit=3")
    rest = await service.get(f"/v1/comments?limit=3&cursor={page['next']}")
    assert [each["id"] for each in page["comments"] + rest["comments"]] == ["c-4", "c-3", "c-2", "c-1", "c-0"]
    assert rest["next"] is None
    held = await service.get("/v1/comments?state=held&article=a-1")
    assert [each["id"] for each in held["comments"]] == ["c-3", "c-1"]


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("limit=201", "/limit", "out_of_range"),
        ("limit=0", "/limit", "out_of_range"),
        ("limit=ten", "/limit", "wrong_type"),
        ("limit=1&limit=2", "/limit", "duplicate_key"),
        ("state=lost", "/state", "not_allowed"),
        ("state=null", "/state", "not_allowed"),
        ("since=yesterday", "/since", "invalid_time"),
        ("since=12", "/since", "invalid_time"),
        ("cursor=abc", "/cursor", "invalid_cursor"),
        ("cursor=", "/cursor", "empty"),
        ("article=%00", "/article", "nul"),
        ("order=oldest", "/order", "unknown_field"),
    ],
)
async def test_a_wrong_query_is_a_bad_request_that_names_the_parameter(
    service: Service, query: str, pointer: str, code: str
) -> None:
    response = await service.call("GET", f"/v1/comments?{query}")
    problem = await response.json()
    assert (response.status, response.content_type) == (400, "application/problem+json")
    assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (pointer, code)


async def test_an_edit_is_a_new_revision_decided_again(service: Service) -> None:
    await service.post("c-1", GOOD)
    response = await service.call("PUT", "/v1/comments/c-1", json={"text": BAD, "by": "author"})
    reply = await response.json()
    assert (response.status, response.headers["ETag"]) == (200, '"2"')
    assert (reply["state"], reply["revision"], reply["visible_revision"], reply["visible"]) == ("held", 2, 1, True)
    same = await service.call("PUT", "/v1/comments/c-1", json={"text": BAD, "by": "author"})
    assert (await same.json())["replayed"]


async def test_an_edit_of_another_revision_than_the_caller_saw_is_refused(service: Service) -> None:
    await service.post("c-1", GOOD)
    edit: dict[str, Any] = {"json": {"text": BAD, "by": "author"}}
    for tag in ('"2"', 'W/"1"', '"x"'):
        response = await service.call("PUT", "/v1/comments/c-1", **edit, headers={"If-Match": tag})
        assert (response.status, (await response.json())["code"]) == (412, "precondition_failed")
    assert (await service.call("PUT", "/v1/comments/c-1", **edit, headers={"If-Match": '"1"'})).status == 200


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"text": "\u200b"}, "/text", "empty"),
        ({"text": "x" * 20_001}, "/text", "too_long"),
        ({"text": GOOD, "by": "reader"}, "/by", "not_allowed"),
        ({"text": GOOD, "article": {}}, "/article", "unknown_field"),
        ({}, "/text", "required"),
    ],
)
async def test_a_wrong_edit_is_refused(service: Service, body: dict[str, Any], pointer: str, code: str) -> None:
    await service.post("c-1", BAD)
    response = await service.call("PUT", "/v1/comments/c-1", json=body)
    (error,) = (await response.json())["errors"]
    assert (response.status, error["pointer"], error["code"]) == (422, pointer, code)


async def test_an_edit_of_html_must_leave_something_to_see(service: Service) -> None:
    await service.post("c-1", f"<p>{GOOD}</p>", format="html")
    await service.post("c-2", GOOD)
    edit = {"text": "<b> </b>"}
    refused = await service.call("PUT", "/v1/comments/c-1", json=edit)
    assert (refused.status, (await refused.json())["errors"][0]["code"]) == (422, "empty")
    assert (await service.call("PUT", "/v1/comments/c-2", json=edit)).status == 200
    assert (await service.call("PUT", "/v1/comments/c-9", json=edit)).status == 404


async def test_context_that_was_cut_is_told_at_once_and_again(service: Service) -> None:
    long: dict[str, Any] = {"article": {"id": "a-1", "title": "t" * 501}}
    told = [(await service.post("c-1", **long))["cut"], (await service.post("c-1", **long))["cut"]]
    assert told == [["article.title"]] * 2
    assert "cut" not in await service.post("c-2")


async def test_a_wrong_value_is_answered_with_those_that_are_allowed(service: Service) -> None:
    response = await service.call("POST", "/v1/comments", json=COMMENT | {"format": "markdown"})
    (error,) = (await response.json())["errors"]
    assert error["detail"] == "not one of the allowed values: html, plain"
    for state in ("hidden", "null"):
        response = await service.call("GET", f"/v1/comments?state={state}")
        (error,) = (await response.json())["errors"]
        assert error["detail"].endswith(": pending, approved, held, rejected, erased"), state


async def test_a_person_edits_as_moderator_and_opens_no_case(service: Service) -> None:
    await service.post("c-1", GOOD)
    reply = await (await service.call("PUT", "/v1/comments/c-1", by=service.admin, json={"text": BAD})).json()
    assert (reply["state"], reply["cases"], reply["visible_revision"]) == ("approved", [], 2)
    refused = await service.call("PUT", "/v1/comments/c-1", by=service.admin, json={"text": GOOD, "by": "author"})
    assert refused.status == 422


async def test_changes_are_followed_with_a_cursor_that_never_ends(service: Service) -> None:
    await asyncio.gather(*(service.post(f"c-{number}", BAD) for number in range(3)))
    page = await service.get("/v1/changes")
    assert {each["id"] for each in page["changes"]} == {"c-0", "c-1", "c-2"}
    assert all("spans" not in each for each in page["changes"])
    assert (await service.get(f"/v1/changes?cursor={page['next']}"))["changes"] == []
    await service.call("PUT", "/v1/comments/c-1", json={"text": GOOD, "by": "author"})
    after = await service.get(f"/v1/changes?cursor={page['next']}")
    assert [(each["id"], each["sequence"]) for each in after["changes"]] == [("c-1", 2)]
    assert after["next"] != page["next"]
    assert (await service.call("GET", "/v1/changes?cursor=abc")).status == 400


async def test_a_key_without_the_scope_is_refused(service: Service) -> None:
    reader = (await Sites(service.services.client).create_key("default", "reader", [Scope.READ])).raw
    response = await service.call("POST", "/v1/comments", by=reader, json=COMMENT)
    assert (response.status, (await response.json())["code"]) == (403, "missing_scope")
    assert (await service.call("GET", "/v1/comments", by=reader)).status == 200

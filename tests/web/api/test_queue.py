"""People work the queue: claim, verdict, release, extend, escalate, undo."""

from typing import Any

import pytest

from moderator.access import Role
from tests.web_fixture import BAD, GOOD, Service


async def ask(service: Service, path: str, body: Any = None, *, by: str | None = None) -> tuple[int, Any]:
    """Status and JSON of a POST as the admin, or as `by`."""
    response = await service.call("POST", path, by=by or service.admin, json=body)
    return response.status, await response.json()


async def claim_one(service: Service, *, by: str | None = None) -> dict[str, Any]:
    """The first free review."""
    status, answer = await ask(service, "/v1/queue:claim", {"limit": 1}, by=by)
    assert status == 200
    review: dict[str, Any] = answer["reviews"][0]
    return review


async def test_the_queue_shows_what_waits_with_its_counts(service: Service) -> None:
    await service.post("c-1", BAD)
    await service.post("c-2", GOOD)
    page = await service.get("/v1/queue", by=service.admin)
    assert [(each["id"], each["text"], each["cases"]) for each in page["items"]] == [("c-1", BAD, ["held"])]
    assert page["items"][0]["due_at"] == page["oldest_due_at"]
    assert (page["next"], page["counts"]["held"]) == (None, 1)


async def test_the_queue_can_be_filtered_by_each_facet(service: Service) -> None:
    await service.post("c-1", BAD, author={"id": "u-1"})
    for query in ("case=held", "reason=attribute_over_threshold", "attribute=insult", "language=en", "article=a-1"):
        assert len((await service.get(f"/v1/queue?{query}", by=service.admin))["items"]) == 1, query
    for query in ("case=audit", "reason=honeypot", "attribute=spam", "language=uk", "article=a-2", "author=u-2"):
        assert (await service.get(f"/v1/queue?{query}", by=service.admin))["items"] == [], query


@pytest.mark.parametrize("query", ["case=lost", "attribute=rude", "limit=201", "cursor=abc", "state=held"])
async def test_a_wrong_filter_is_a_bad_request(service: Service, query: str) -> None:
    response = await service.call("GET", f"/v1/queue?{query}", by=service.admin)
    assert response.status == 400


async def test_a_claimed_comment_is_nobody_elses(service: Service) -> None:
    await service.post("c-1", BAD)
    other = await service.person("ben", Role.MODERATOR)
    review = await claim_one(service)
    assert (review["id"], review["comment"]["text"], review["expires_at"][-1]) == ("c-1", BAD, "Z")
    assert await ask(service, "/v1/queue:claim", by=other) == (200, {"reviews": []})


async def test_the_queue_tells_who_has_what_in_review(service: Service) -> None:
    for number in (1, 2):
        await service.post(f"c-{number}", BAD, article={"id": f"a-{number}"})
    ben = await service.person("ben", Role.MODERATOR)
    review = await claim_one(service, by=ben)
    items = (await service.get("/v1/queue", by=service.admin))["items"]
    told = {each["id"]: each["review"] for each in items}
    assert told.pop(review["id"]) == {"by": "ben", "expires_at": review["expires_at"]}
    assert list(told.values()) == [None]
    assert review["lease"] not in str(items)


async def test_an_approval_with_attributes_is_refused_and_told_why(service: Service) -> None:
    await service.post("c-1", BAD)
    review = await claim_one(service)
    said = {"lease": review["lease"], "revision": 1, "outcome": "approve", "attributes": ["insult"]}
    status, problem = await ask(service, "/v1/reviews/c-1:verdict", said)
    (error,) = problem["errors"]
    assert (status, error["pointer"], error["code"]) == (422, "/attributes", "not_allowed")
    assert "an approval takes none" in error["detail"]
    assert (await ask(service, "/v1/reviews/c-1:verdict", said | {"attributes": []}))[0] == 200


async def test_verdicts_can_be_read_afterwards_their_notes_by_people_only(service: Service) -> None:
    await service.post("c-1", BAD)
    review = await claim_one(service)
    said = {"lease": review["lease"], "revision": 1, "outcome": "reject"}
    more = {"attributes": ["insult"], "rule": "be kind", "note": "again", "learn": False}
    _, answer = await ask(service, "/v1/reviews/c-1:verdict", said | more)
    (told,) = (await service.get("/v1/comments/c-1", by=service.admin))["verdicts"]
    at = told.pop("at")
    assert at.endswith("Z")
    assert told == {"revision": 1, "outcome": "reject", "by": "ada", "undone_at": None} | more
    (for_keys,) = (await service.get("/v1/comments/c-1"))["verdicts"]
    assert for_keys == told | {"at": at, "note": None}
    await ask(service, "/v1/reviews/c-1:undo", {"undo": answer["undo"]})
    (undone,) = (await service.get("/v1/comments/c-1"))["verdicts"]
    assert undone["undone_at"] >= at


async def test_a_verdict_decides_and_the_same_again_gets_the_same_answer(service: Service) -> None:
    await service.post("c-1", BAD)
    review = await claim_one(service)
    said = {"lease": review["lease"], "revision": 1, "outcome": "reject", "attributes": ["insult"], "note": "rude"}
    status, answer = await ask(service, "/v1/reviews/c-1:verdict", said)
    assert (status, answer["state"], answer["decision"]["by"], answer["cases"]) == (200, "rejected", "moderator", [])
    assert answer["undo"]
    assert await ask(service, "/v1/reviews/c-1:verdict", said) == (200, answer)
    assert (await service.get("/v1/queue", by=service.admin))["items"] == []


async def test_a_verdict_can_be_undone_while_it_stands(service: Service) -> None:
    await service.post("c-1", BAD)
    review = await claim_one(service)
    said = {"lease": review["lease"], "revision": 1, "outcome": "approve"}
    _, answer = await ask(service, "/v1/reviews/c-1:verdict", said)
    status, undone = await ask(service, "/v1/reviews/c-1:undo", {"undo": answer["undo"]})
    assert (status, undone["state"], undone["cases"]) == (200, "held", ["held"])
    await service.call("PUT", "/v1/comments/c-1", json={"text": GOOD, "by": "author"})
    status, problem = await ask(service, "/v1/reviews/c-1:undo", {"undo": "never given"})
    assert (status, problem["code"]) == (409, "superseded")


async def test_a_late_verdict_is_told_that_the_lease_is_lost(service: Service) -> None:
    await service.post("c-1", BAD)
    review = await claim_one(service)
    assert (await ask(service, "/v1/reviews/c-1:release", {"lease": review["lease"]}))[1]["lease"] is None
    said = {"lease": review["lease"], "revision": 1, "outcome": "approve"}
    for path, body in (("verdict", said), ("extend", {"lease": "x"}), ("release", {"lease": "x"})):
        status, problem = await ask(service, f"/v1/reviews/c-1:{path}", body)
        assert (status, problem["code"]) == (409, "lease_lost"), path


async def test_a_verdict_on_an_edited_comment_is_told_the_current_revision(service: Service) -> None:
    await service.post("c-1", BAD)
    review = await claim_one(service)
    await service.call("PUT", "/v1/comments/c-1", json={"text": f"{BAD} Really.", "by": "author"})
    status, problem = await ask(
        service, "/v1/reviews/c-1:verdict", {"lease": review["lease"], "revision": 1, "outcome": "approve"}
    )
    assert (status, problem["code"], problem["current_revision"]) == (409, "revision_changed", 2)


async def test_a_lease_can_be_extended_and_a_comment_escalated_to_a_senior(service: Service) -> None:
    await service.post("c-1", BAD)
    moderator = await service.person("mo", Role.MODERATOR)
    review = await claim_one(service, by=moderator)
    status, lease = await ask(service, "/v1/reviews/c-1:extend", {"lease": review["lease"]}, by=moderator)
    assert (status, lease["lease"]) == (200, review["lease"])
    assert lease["expires_at"] >= review["expires_at"]
    status, comment = await ask(service, "/v1/reviews/c-1:escalate", {"lease": review["lease"]}, by=moderator)
    assert (status, comment["cases"]) == (200, ["held", "escalated"])
    assert (await ask(service, "/v1/queue:claim", {}, by=moderator))[1]["reviews"] == []
    assert (await claim_one(service))["id"] == "c-1"


@pytest.mark.parametrize(
    ("path", "body", "pointer", "code"),
    [
        ("/v1/queue:claim", {"limit": 0}, "/limit", "out_of_range"),
        ("/v1/queue:claim", {"filter": {"mood": "x"}}, "/filter/mood", "unknown_field"),
        ("/v1/queue:claim", {"filter": {"case": "lost"}}, "/filter/case", "not_allowed"),
        ("/v1/reviews/c-1:verdict", {"lease": "x", "revision": 1}, "/outcome", "required"),
        ("/v1/reviews/c-1:verdict", {"lease": "x", "revision": 1, "outcome": "hold"}, "/outcome", "not_allowed"),
        ("/v1/reviews/c-1:verdict", {"lease": "x", "revision": True, "outcome": "reject"}, "/revision", "wrong_type"),
        ("/v1/reviews/c-1:release", {}, "/lease", "required"),
        ("/v1/reviews/c-1:undo", {"lease": "x"}, "/lease", "unknown_field"),
    ],
)
async def test_a_wrong_field_is_named(service: Service, path: str, body: Any, pointer: str, code: str) -> None:
    status, problem = await ask(service, path, body)
    assert (status, problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (422, pointer, code)


async def test_the_queue_is_for_people(service: Service) -> None:
    response = await service.call("GET", "/v1/queue")
    assert (response.status, (await response.json())["code"]) == (403, "missing_scope")
    assert (await service.call("GET", "/v1/queue?site=elsewhere", by=service.admin)).status == 403
    stranger = await service.person("eve", Role.ADMIN, "elsewhere")
    assert (await service.call("GET", "/v1/queue?site=default", by=stranger)).status == 403


async def test_a_review_of_a_comment_that_is_not_there_is_not_found(service: Service) -> None:
    said = {"lease": "x", "revision": 1, "outcome": "approve"}
    assert (await ask(service, "/v1/reviews/c-9:verdict", said))[0] == 404
    assert (await ask(service, "/v1/reviews/..%2F:verdict", said))[0] == 404

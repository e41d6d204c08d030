"""The life of a comment, from a reader's click to a label: one server, one story, in the words of the API.

Read it from top to bottom. The site's backend speaks with its key, Mo and Sam with their personal tokens.
"""

from typing import Any

from msgspec import json

from moderator.access import Role
from tests.web_fixture import Service

CLEAN = "I read the budget twice and think the road should wait a year."
INSULT = "You are an idiot, and your road leads nowhere."
CAMPAIGN = "My cousin earns nine thousand a month from home since she found this page, ask me how"


async def test_the_life_of_a_comment(service: Service) -> None:
    mo, sam = await service.person("mo", Role.MODERATOR), await service.person("sam", Role.SENIOR)
    backend = None  # the site's key, which the fixture sends unless told otherwise

    async def send(method: str, path: str, body: Any = None, *, by: str | None, **headers: str) -> tuple[int, Any]:
        response = await service.call(method, path, by=by, json=body, headers=headers)
        return response.status, json.decode(await response.read())

    # 1. Given a site that takes no audit sample, so that nothing in this story is chance.
    _, text = await service.services.policies.text("default")
    policy = await service.services.policies.set("default", text.replace("rate = 0.01", "rate = 0.0"))
    await service.services.live.refresh()

    # 2. When a reader writes something decent, then it is on the page at once, and the reply says who decided and why.
    decent = {"id": "c-1", "text": CLEAN, "article": {"id": "a-9"}, "author": {"id": "u-1"}}
    status, first = await send("POST", "/v1/comments", decent, by=backend)
    assert status == 201
    assert (first["state"], first["visible"], first["visible_revision"], first["cases"]) == ("approved", True, 1, [])
    assert (first["revision"], first["sequence"], first["replayed"]) == (1, 1, False)
    assert (first["decision"]["outcome"], first["decision"]["by"]) == ("approve", "model")
    assert [reason["code"] for reason in first["decision"]["reasons"]] == ["clean"]
    assert (first["language"], first["bundle"], first["policy"]) == ("en", "2026.1.1", policy)

    # 3. When another insults him, then the comment waits for a person, with the score, the threshold and the word.
    rude = {"id": "c-2", "text": INSULT, "article": {"id": "a-9"}, "author": {"id": "u-2"}, "parent_id": "c-1"}
    status, reply = await send("POST", "/v1/comments", rude, by=backend)
    assert (status, reply["state"], reply["visible"], reply["cases"]) == (201, "held", False, ["held"])
    reasons = {reason.get("attribute"): reason for reason in reply["decision"]["reasons"]}
    assert reasons["insult"]["code"] == "attribute_over_threshold"
    assert reasons["insult"]["score"] == reply["scores"]["insult"] >= reasons["insult"]["threshold"]
    assert "idiot" in {INSULT[span["begin"] : span["end"]] for span in reply["spans"]}

    # 4. When one text arrives from many authors under many articles, then from the fourth copy on it is a campaign.
    copies = [
        {"id": f"c-{n}", "text": CAMPAIGN, "article": {"id": f"a-{n}"}, "author": {"id": f"u-{n}"}} for n in range(3, 8)
    ]
    states = []
    for copy in copies:
        _, reply = await send("POST", "/v1/comments", copy, by=backend)
        states.append(reply["state"])
    assert states == ["approved", "approved", "approved", "held", "held"]
    assert [reason["code"] for reason in reply["decision"]["reasons"]] == ["near_duplicate"]
    assert {"near_duplicate": 4}.items() <= {signal["code"]: signal["value"] for signal in reply["signals"]}.items()

    # 5. When the backend did not hear the answer and sends the same again, then it gets the first reply, and the
    #    comment exists once.
    assert await send("POST", "/v1/comments", decent, by=backend) == (200, first | {"replayed": True})

    # 6. When it uses the id for something else, then it is told so, and nothing changes.
    status, problem = await send("POST", "/v1/comments", decent | {"text": "Something else."}, by=backend)
    assert (status, problem["code"]) == (409, "id_conflict")

    # 7. When the first reader edits the comment into an insult, then the edit waits, and the page goes on showing
    #    what was approved.
    edit = {"text": f"{CLEAN} You idiot.", "by": "author"}
    status, reply = await send("PUT", "/v1/comments/c-1", edit, by=backend, **{"If-Match": '"1"'})
    assert (status, reply["revision"], reply["sequence"], reply["state"]) == (200, 2, 2, "held")
    assert (reply["visible"], reply["visible_revision"]) == (True, 1)
    #    And an edit of a wording that is no longer the latest is refused.
    status, problem = await send("PUT", "/v1/comments/c-1", edit | {"text": "x"}, by=backend, **{"If-Match": '"1"'})
    assert (status, problem["code"]) == (412, "precondition_failed")

    # 8. Then the backend can list what is held, newest first, and read all changes once; the cursor it keeps.
    _, page = await send("GET", "/v1/comments?state=held", by=backend)
    assert [comment["id"] for comment in page["comments"]] == ["c-7", "c-6", "c-2", "c-1"]
    assert page["next"] is None
    _, news = await send("GET", "/v1/changes?limit=200", by=backend)
    assert {each["id"]: each["sequence"] for each in news["changes"]} == {"c-1": 2} | {f"c-{n}": 1 for n in range(2, 8)}
    seen = news["next"]

    # 9. When Mo claims what is held for an insult, then it is hers for a while, and Sam is offered only the rest.
    _, queue = await send("GET", "/v1/queue", by=mo)
    assert {comment["id"] for comment in queue["items"]} == {"c-1", "c-2", "c-6", "c-7"}
    assert queue["counts"]["held"] == 4
    _, claimed = await send("POST", "/v1/queue:claim", {"limit": 10, "filter": {"attribute": "insult"}}, by=mo)
    hers = {review["id"]: review for review in claimed["reviews"]}
    assert hers.keys() == {"c-1", "c-2"}
    _, claimed = await send("POST", "/v1/queue:claim", {"limit": 10}, by=sam)
    his = {review["id"]: review for review in claimed["reviews"]}
    assert his.keys() == {"c-6", "c-7"}

    # 10. When Mo rejects the insult and names what it is, then it is decided by a moderator and off the page.
    rejection = {
        "lease": hers["c-2"]["lease"],
        "revision": 1,
        "outcome": "reject",
        "attributes": ["insult"],
        "rule": "2. Attack arguments, not people",
        "note": "Second time this week.",
    }
    status, verdict = await send("POST", "/v1/reviews/c-2:verdict", rejection, by=mo)
    assert (status, verdict["state"], verdict["visible"], verdict["cases"]) == (200, "rejected", False, [])
    assert (verdict["decision"]["outcome"], verdict["decision"]["by"]) == ("reject", "moderator")
    #     And sent again, because the answer was lost, it is the same verdict with the same answer.
    assert await send("POST", "/v1/reviews/c-2:verdict", rejection, by=mo) == (200, verdict)

    # 11. When she approves the edit, then the page shows it.
    approval = {"lease": hers["c-1"]["lease"], "revision": 2, "outcome": "approve"}
    _, approved = await send("POST", "/v1/reviews/c-1:verdict", approval, by=mo)
    assert (approved["state"], approved["visible_revision"]) == ("approved", 2)
    #     When she sees her mistake and undoes it, then all is as it was: the edit waits, the first wording shows.
    status, undone = await send("POST", "/v1/reviews/c-1:undo", {"undo": approved["undo"]}, by=mo)
    assert (status, undone["state"], undone["visible_revision"], undone["cases"]) == (200, "held", 1, ["held"])
    #     And sent again, because the answer was lost, it is undone once.
    assert await send("POST", "/v1/reviews/c-1:undo", {"undo": approved["undo"]}, by=mo) == (200, undone)

    # 12. When Sam rejects one copy as spam, and its author rewrites the other before he gets to it, then his verdict on
    #     what he saw is refused, for it is not what stands there now.
    spam = {"lease": his["c-6"]["lease"], "revision": 1, "outcome": "reject", "attributes": ["spam"]}
    _, verdict = await send("POST", "/v1/reviews/c-6:verdict", spam, by=sam)
    assert verdict["state"] == "rejected"
    await send("PUT", "/v1/comments/c-7", {"text": f"{CAMPAIGN}!!", "by": "author"}, by=backend)
    late = spam | {"lease": his["c-7"]["lease"]}
    status, problem = await send("POST", "/v1/reviews/c-7:verdict", late, by=sam)
    assert (status, problem["code"], problem["current_revision"]) == (409, "revision_changed", 2)

    # 13. Then the verdicts that stand come out as labels, with text, article, who, and why it had reached a person.
    exported = await service.call("GET", "/v1/labels")
    labels = {row["id"]: row for row in map(json.decode, (await exported.read()).splitlines())}
    assert labels.keys() == {"c-2", "c-6"}
    assert (labels["c-2"]["text"], labels["c-2"]["labels"]) == (INSULT, {"insult": 1, "toxicity": 1})
    assert (labels["c-6"]["text"], labels["c-6"]["labels"]) == (CAMPAIGN, {"spam": 1})
    for label, article, who in ((labels["c-2"], "a-9", "mo"), (labels["c-6"], "a-6", "sam")):
        assert (label["group"], label["by"], label["provenance"], label["lang"]) == (article, who, "verdict", "en")
        assert (label["why"], label["p"]) == (["held"], 1.0)

    # 14. Then the backend, which asks from where it had read to, hears what people decided, as it now stands.
    _, news = await send("GET", f"/v1/changes?cursor={seen}&limit=200", by=backend)
    heard = {each["id"]: (each["state"], each["visible_revision"], each["decision"]["by"]) for each in news["changes"]}
    assert heard == {
        "c-1": ("held", 1, "model"),
        "c-2": ("rejected", None, "moderator"),
        "c-6": ("rejected", None, "moderator"),
        "c-7": ("held", None, "rule"),
    }
    assert (await send("GET", f"/v1/changes?cursor={news['next']}", by=backend))[1]["changes"] == []

    # 15. And the record of a comment tells its whole life: each wording, who did what, and when.
    _, record = await send("GET", "/v1/comments/c-1", by=backend)
    assert [revision["text"] for revision in record["revisions"]] == [CLEAN, edit["text"]]
    assert [(event["action"], event["actor"], event["outcome"]) for event in record["history"]] == [
        ("received", "author", None),
        ("decided", "model", "approve"),
        ("edited", "author", None),
        ("decided", "model", "hold"),
        ("verdict", "mo", "approve"),
        ("undone", "mo", None),
    ]

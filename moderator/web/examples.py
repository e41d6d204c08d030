"""Requests and replies that `/openapi.json` and `/docs` show. A test sends the requests and reads the replies."""

from typing import Any

Json = dict[str, Any]

_SCORES = {
    "toxicity": 0.81,
    "severe_toxicity": 0.1,
    "obscene": 0.2,
    "threat": 0.0,
    "insult": 0.83,
    "identity_attack": 0.0,
    "spam": 0.01,
}
_SPANS = [{"begin": 11, "end": 16, "attribute": "insult", "weight": 1.9}]

COMMENT: Json = {
    "id": "c-1",
    "text": "You are an idiot, get lost!",
    "article": {"id": "a-9", "url": "https://news.example/a-9", "title": "The road waits a year", "language": "en"},
    "author": {"id": "u-7", "name": "Ann", "role": "reader"},
    "submitted_at": "2026-11-25T15:28:58Z",
}

REPLY: Json = {
    "id": "c-1",
    "site": "default",
    "revision": 1,
    "sequence": 1,
    "state": "held",
    "visible": False,
    "visible_revision": None,
    "cases": ["held"],
    "decision": {
        "outcome": "hold",
        "by": "model",
        "at": "2026-11-25T15:29:00.007Z",
        "reasons": [
            {
                "code": "attribute_over_threshold",
                "detail": "The text looks insulting.",
                "outcome": "hold",
                "attribute": "insult",
                "score": 0.83,
                "threshold": 0.7,
            }
        ],
    },
    "scores": _SCORES,
    "language": "en",
    "language_confidence": 0.98,
    "signals": [],
    "bundle": "2026.11.1",
    "policy": "default@1",
    "replayed": False,
    "spans": _SPANS,
}

SCORE: Json = {"items": [{"text": "You are an idiot, get lost!", "language": "en"}], "spans": True}

SCORED: Json = {
    "bundle": "2026.11.1",
    "results": [{"scores": _SCORES, "language": "en", "language_confidence": 0.98, "spans": _SPANS}],
}

VERDICT: Json = {
    "lease": "kq3ZtA0v9sJrX2mW5bYc7g",
    "revision": 1,
    "outcome": "reject",
    "attributes": ["insult"],
    "rule": "Be civil",
    "note": "The second time this week.",
}

JUDGED: Json = (
    REPLY
    | {
        "sequence": 2,
        "state": "rejected",
        "cases": [],
        "decision": {
            "outcome": "reject",
            "by": "moderator",
            "at": "2026-11-25T15:31:12.480Z",
            "reasons": [
                {
                    "code": "verdict",
                    "detail": "A moderator rejected this comment as insult.",
                    "outcome": "reject",
                    "attribute": "insult",
                },
                {
                    "code": "site_rule",
                    "detail": "A moderator rejected this comment under the rule: Be civil",
                    "outcome": "reject",
                },
            ],
        },
    }
    | {
        "text": COMMENT["text"],
        "format": "plain",
        "article": COMMENT["article"] | {"summary": None},
        "author": COMMENT["author"] | {"url": None, "user_agent": None, "registered_at": None},
        "parent_id": None,
        "created_at": "2026-11-25T15:29:00.007Z",
        "submitted_at": "2026-11-25T15:28:58.000Z",
        "metadata": {},
        "cut": [],
        "undo": "p8Xn4LQe1uVtR6yHs0dKzw",
    }
)

"""What holds for every path: who may call, what a body may be, and that bad input harms nothing."""

import asyncio
import gzip
import json
import logging
from io import BytesIO
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from yarl import URL

from moderator.errors import OutcomeUnknown, Overloaded, StoreUnavailable
from moderator.flow.receipts import Receipt
from moderator.flow.sites import Sites
from moderator.web.routes import ROUTES
from tests.web_fixture import GOOD, Service

COMMENT = {"id": "c-1", "text": GOOD, "article": {"id": "a-1"}}
JSON = {"Content-Type": "application/json"}
MIB = 1 << 20


async def problem_of(service: Service, path: str = "/v1/comments", method: str = "POST", **more: Any) -> dict[str, Any]:
    """The problem that a request is answered with; the service answers the next request as ever."""
    response = await service.call(method, path, **more)
    assert response.content_type == "application/problem+json", await response.text()
    problem: dict[str, Any] = await response.json()
    assert problem["status"] == response.status
    assert problem.keys() >= {"type", "title", "code", "detail"}
    assert (await service.call("GET", "/v1/comments")).status == 200
    return problem


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer mk_unknown", "Basic eDp5", "mk_x", "Bearer ё"]
)
async def test_without_a_known_key_nothing_is_answered(service: Service, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for route in ROUTES:
        path = route.path.replace("{id}", "x")
        response = await service.http.request(route.method, path, headers=headers, data=b"{")
        if route.access is not None:
            assert (response.status, (await response.json())["code"]) == (401, "unauthenticated"), path
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_revoked_key_is_unknown(service: Service) -> None:
    sites = Sites(service.services.client)
    made = await sites.create_key("default", "temporary", [])
    await sites.revoke("default", "temporary")
    assert (await service.call("GET", "/v1/comments", by=made.raw)).status == 401


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v2/comments", "/v1/comments/", "/v1/webhooks", "/v1/comments/c-1/reports"]
)
async def test_what_is_not_built_is_not_found(service: Service, path: str) -> None:
    assert (await problem_of(service, path, "GET"))["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/comments/c-1", "GET, HEAD, PUT"),
        ("PUT", "/v1/comments", "GET, HEAD, POST"),
        ("GET", "/v1/score", "POST"),
        ("GET", "/v1/comments:batch", "POST"),
        ("POST", "/livez", "GET, HEAD"),
        ("PATCH", "/v1/reviews/c-1:verdict", "POST"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(service: Service, method: str, path: str, allowed: str) -> None:
    response = await service.call(method, path)
    assert (response.status, response.headers["Allow"]) == (405, allowed)
    assert (await response.json())["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""]
)
async def test_another_content_type_is_refused(service: Service, content_type: str) -> None:
    problem = await problem_of(service, data=json.dumps(COMMENT).encode(), headers={"Content-Type": content_type})
    assert (problem["status"], problem["code"]) == (415, "unsupported_media_type")


async def test_json_with_its_charset_named_is_taken(service: Service) -> None:
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    response = await service.call("POST", "/v1/comments", data=json.dumps(COMMENT), headers=headers)
    assert response.status == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"", "invalid_json"),
        (b'{"text": "\xff"}', "invalid_utf8"),
        (b'{"text": "a", "text": "b"}', "duplicate_key"),
        (b'{"text": NaN}', "not_finite"),
        (b"[" * 100_000, "too_deep"),
        (b'{"metadata": ' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
    ],
)
async def test_a_body_that_is_not_strict_json_is_a_bad_request(service: Service, body: bytes, code: str) -> None:
    problem = await problem_of(service, data=body, headers=JSON)
    assert (problem["status"], problem["code"]) == (400, code)


@pytest.mark.parametrize(
    ("path", "limit", "content_type"),
    [
        ("/v1/comments", MIB, "application/json"),
        ("/v1/comments:batch", 32 * MIB, "application/json"),
        ("/v1/score", 32 * MIB, "application/json"),
        ("/v1/labels", 32 * MIB, "application/x-ndjson"),
    ],
)
async def test_a_body_over_its_limit_is_refused_with_the_limit(
    service: Service, path: str, limit: int, content_type: str
) -> None:
    body = b'{"text": "' + b"x" * limit + b'"}'
    problem = await problem_of(service, path, data=BytesIO(body), headers={"Content-Type": content_type})
    assert (problem["status"], problem["code"], problem["limit"]) == (413, "body_too_large", limit)


async def test_a_body_whose_length_is_not_told_is_counted_as_it_comes(service: Service) -> None:
    sent = 0

    async def chunks() -> Any:
        nonlocal sent
        for _ in range(10):
            sent += 1
            yield b" " * (MIB // 4)
            await asyncio.sleep(0)

    problem = await problem_of(service, data=chunks(), headers=JSON)
    assert (problem["status"], problem["code"]) == (413, "body_too_large")


async def test_a_body_is_counted_after_decompression(service: Service) -> None:
    bomb = gzip.compress(b" " * (10 * MIB))
    problem = await problem_of(service, data=bomb, headers=JSON | {"Content-Encoding": "gzip"})
    assert problem["code"] == "body_too_large"
    small = gzip.compress(json.dumps(COMMENT).encode())
    response = await service.call("POST", "/v1/comments", data=small, headers=JSON | {"Content-Encoding": "gzip"})
    assert response.status == 201


async def test_a_body_that_does_not_decompress_is_a_bad_request(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    problem = await problem_of(service, data=b"no gzip at all", headers=JSON | {"Content-Encoding": "gzip"})
    assert (problem["status"], problem["code"]) == (400, "invalid_body")
    cut = gzip.compress(json.dumps(COMMENT).encode())[:-12]
    response = await service.call("POST", "/v1/comments", data=cut, headers=JSON | {"Content-Encoding": "gzip"})
    assert response.status == 400
    assert not caplog.records


async def test_a_body_of_exactly_the_limit_is_taken(service: Service) -> None:
    text = json.dumps(COMMENT | {"metadata": {"fill": ""}}).encode()
    body = text.replace(b'"fill": ""', b'"fill": "' + b"x" * (MIB - len(text)) + b'"')
    assert len(body) == MIB
    response = await service.call("POST", "/v1/comments", data=BytesIO(body), headers=JSON)
    assert response.status == 201


async def test_a_caller_that_hangs_up_in_the_middle_changes_nothing_for_others(service: Service) -> None:
    server = service.http.server
    assert isinstance(server, TestServer)
    assert server.port is not None
    head = (
        "POST /v1/comments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        f"Authorization: Bearer {service.key}\r\n\r\n"
    )
    for rest in ("", '{"text": "ab'):
        _, writer = await asyncio.open_connection(server.host, server.port)
        writer.write((head + rest).encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert (await service.post("c-1"))["state"] == "approved"


async def test_no_problem_and_no_log_line_repeats_a_comment(
    service: Service, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "xyzzy plugh"
    bodies: list[dict[str, Any]] = [
        COMMENT | {"text": secret * 5000},
        COMMENT | {"text": f"{secret}\0"},
        COMMENT | {"format": secret},
        COMMENT | {"author": {"role": secret}},
        COMMENT | {"submitted_at": secret},
        COMMENT | {"id": secret},
        COMMENT | {"parent_id": secret},
    ]
    with caplog.at_level(logging.DEBUG):
        for body in bodies:
            assert secret not in json.dumps(await problem_of(service, json=body))
        bad = f'{{"{secret}": 1, "{secret}": 2}}'
        assert secret not in json.dumps(await problem_of(service, data=bad, headers=JSON))
    assert secret not in caplog.text
    assert secret not in capsys.readouterr().err


async def test_a_request_id_is_taken_or_made_and_always_returned(service: Service) -> None:
    for path in ("/v1/comments", "/nowhere", "/livez"):
        given = await service.call("GET", path, headers={"X-Request-Id": "shop-1"})
        assert given.headers["X-Request-Id"] == "shop-1"
        made = await service.call("GET", path)
        assert len(made.headers["X-Request-Id"]) == 24


async def test_what_nobody_foresaw_is_a_500_without_details_and_a_log_line_without_the_message(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> Receipt:
        raise RuntimeError("the comment said xyzzy")

    monkeypatch.setattr(service.services.intake, "submit", fail)
    problem = await problem_of(service, json=COMMENT)
    assert (problem["status"], problem["code"]) == (500, "internal")
    assert "xyzzy" not in json.dumps(problem)
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == ["request_failed"]


@pytest.mark.parametrize(
    ("error", "code", "retry_after"),
    [
        (Overloaded("full", retry_after_s=2), "overloaded", "2"),
        (StoreUnavailable("down"), "store_unavailable", "1"),
        (OutcomeUnknown("lost"), "outcome_unknown", "1"),
    ],
)
async def test_what_could_not_be_done_now_says_when_to_try_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str, retry_after: str
) -> None:
    async def fail(*_: object, **__: object) -> Receipt:
        raise error

    monkeypatch.setattr(service.services.intake, "submit", fail)
    response = await service.call("POST", "/v1/comments", json=COMMENT)
    problem = await response.json()
    assert (response.status, problem["code"], response.headers["Retry-After"]) == (503, code, retry_after)
    if code == "outcome_unknown":
        assert problem["id"] == "c-1"
    batch = await (await service.call("POST", "/v1/comments:batch", json={"comments": [COMMENT]})).json()
    assert batch["results"][0]["code"] == code


async def test_head_is_answered_like_get_without_a_body(service: Service) -> None:
    response = await service.call("HEAD", "/v1/comments")
    assert (response.status, await response.read()) == (200, b"")


@pytest.mark.parametrize("path", ["/v1//comments", "/a%0Ab", "/v1/comments/a/b", "/%2F%25"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "PROPFIND"])
async def test_every_path_and_method_that_no_route_knows_is_a_problem(service: Service, method: str, path: str) -> None:
    response = await service.http.request(method, URL(path, encoded=True))
    assert (response.status, (await response.json())["code"]) == (404, "not_found")
    assert "X-Request-Id" in response.headers
    text = await (await service.http.get("/metrics")).text()
    shown = "other" if method == "PROPFIND" else method
    assert f'moderator_requests_total{{method="{shown}",route="none",status="404"}}' in text

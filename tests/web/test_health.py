"""When the process says that it works and that it may be sent work."""

import pytest

from tests.web_fixture import Service


async def health(service: Service, path: str) -> tuple[int, dict[str, object]]:
    response = await service.http.get(path)
    assert response.content_type == "application/health+json"
    return response.status, await response.json()


async def test_a_started_service_lives_and_is_ready_and_needs_no_key(service: Service) -> None:
    for path in ("/livez", "/readyz"):
        status, answer = await health(service, path)
        assert (status, answer["status"], "checks" in answer) == (200, "pass", False)


async def test_verbose_names_each_check(service: Service) -> None:
    for query in ("?verbose", "?verbose=true", "?verbose=1&probe=x"):
        _, answer = await health(service, f"/readyz{query}")
        checks = answer["checks"]
        assert isinstance(checks, dict)
        assert set(checks) == {"batcher", "bundle", "serving", "redis"}
    assert "checks" not in (await health(service, "/readyz?verbose=false"))[1]


async def test_a_stuck_batcher_fails_both(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(service.services.intake), "heartbeat_age_s", 5.1)
    for path in ("/livez", "/readyz"):
        status, answer = await health(service, path)
        assert (status, answer["status"]) == (503, "fail")


async def test_without_redis_it_lives_and_is_not_ready(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.services.client, "healthy", lambda: False)
    assert (await health(service, "/livez"))[0] == 200
    status, answer = await health(service, "/readyz?verbose")
    assert status == 503
    assert answer["checks"]["redis"][0]["status"] == "fail"  # type: ignore[index]


async def test_metrics_count_requests_by_route_and_name_no_path(service: Service) -> None:
    await service.post("c-secret")
    await service.get("/v1/comments/c-secret")
    await service.call("GET", "/nowhere/secret")
    response = await service.http.get("/metrics")
    text = await response.text()
    assert response.content_type == "text/plain"
    assert 'moderator_requests_total{method="GET",route="/v1/comments/{id}",status="200"}' in text
    assert 'route="none",status="404"' in text
    assert "secret" not in text

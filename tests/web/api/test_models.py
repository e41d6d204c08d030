"""Which bundles there are, and which one decides."""

from moderator.access import Role
from tests.web_fixture import Service


async def test_the_bundles_are_listed_with_what_they_say_of_themselves(service: Service) -> None:
    (model,) = (await service.get("/v1/models"))["models"]
    assert (model["id"], model["role"], model["manifest"]["format"]) == ("2026.1.1", "champion", 1)
    shown = await service.get("/v1/models/2026.1.1")
    assert shown == model | {"metrics": {"toxicity": {"auc": 0.9}}, "card": "# A bundle for tests\n"}


async def test_a_bundle_that_is_not_there_is_not_found(service: Service) -> None:
    for path in ("2026.99.1", "..%2F..%2Fetc", ".hidden", "a:b"):
        assert (await service.call("GET", f"/v1/models/{path}")).status in {404, 405}, path
    assert (await service.call("POST", "/v1/models/2026.99.1:promote", by=service.admin)).status == 404


async def test_an_admin_promotes_and_rolls_back(service: Service) -> None:
    response = await service.call("POST", "/v1/models:rollback", by=service.admin)
    assert response.status == 404
    promoted = await service.call("POST", "/v1/models/2026.1.1:promote?site=default", by=service.admin)
    assert (promoted.status, (await promoted.json()).keys()) == (200, {"generation", "ready", "waiting"})
    back = await service.call("POST", "/v1/models:rollback", by=service.admin)
    assert (await back.json())["generation"] > (await promoted.json())["generation"]


async def test_only_an_admin_changes_what_serves(service: Service) -> None:
    senior = await service.person("sue", Role.SENIOR)
    for by in (senior, service.key):
        assert (await service.call("POST", "/v1/models/2026.1.1:promote", by=by)).status == 403
        assert (await service.call("POST", "/v1/models:rollback", by=by)).status == 403

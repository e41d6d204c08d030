"""From headers to a caller, and from a caller and a route's declaration to the site it acts on."""

import pytest

from moderator.access import KeyGrant, Person, Principal, Role, Scope
from moderator.errors import Denied, InputError, Unauthenticated
from moderator.flow.people import People
from moderator.flow.sites import Sites
from moderator.web.auth import Access, admit, bearer, identify, require, require_role
from tests.web_fixture import Service

KEY = KeyGrant(site="news", name="web", scopes=frozenset({Scope.SUBMIT}))
ONE_SITE = Person(name="olena", roles={"news": Role.SENIOR})
TWO_SITES = Person(name="boris", roles={"news": Role.MODERATOR, "sport": Role.ADMIN})
EVERYWHERE = Person(name="desk", roles={"*": Role.ADMIN})
NOWHERE = Person(name="former", roles={})

SUBMIT, QUEUE, ADMIN = require(Scope.SUBMIT), require_role(Role.MODERATOR), require_role(Role.ADMIN)
BOTH = require(Scope.LABELS, role=Role.ADMIN)


class Directory:
    """Knows one key."""

    async def principal(self, raw: str) -> Principal | None:
        return KEY if raw == "mk_known" else None


async def three_sites() -> list[str]:
    return ["news", "sport", "weather"]


async def one_site() -> list[str]:
    return ["news"]


@pytest.mark.parametrize("header", ["Bearer mk_known", "bearer mk_known", "Bearer   mk_known  "])
async def test_a_known_key_is_its_grant(header: str) -> None:
    assert await identify(Directory(), header) == KEY


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic bWtfa25vd24=", "mk_known", "Bearer mk_ключ", "Bearer " + "x" * 201]
)
async def test_without_a_bearer_key_nobody_calls(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        await identify(Directory(), header)


async def test_an_unknown_key_is_refused_without_being_repeated() -> None:
    with pytest.raises(Unauthenticated) as caught:
        await identify(Directory(), "Bearer mk_unknown")
    assert "mk_unknown" not in str(caught.value)


def test_the_credential_is_what_follows_the_scheme() -> None:
    assert bearer("Bearer abc") == "abc"


@pytest.mark.parametrize("requested", [None, "news"])
async def test_a_key_with_the_scope_acts_on_its_site(requested: str | None) -> None:
    assert await admit(KEY, SUBMIT, requested, three_sites) == "news"


@pytest.mark.parametrize("access", [require(Scope.READ), QUEUE, BOTH])
async def test_a_key_without_the_scope_is_told_so(access: Access) -> None:
    with pytest.raises(Denied) as caught:
        await admit(KEY, access, None, three_sites)
    assert caught.value.code == "missing_scope"


async def test_a_key_does_not_act_on_another_site() -> None:
    with pytest.raises(InputError) as caught:
        await admit(KEY, SUBMIT, "sport", three_sites)
    assert caught.value.errors[0].pointer == "/site"


async def test_a_person_of_one_site_need_not_name_it() -> None:
    assert await admit(ONE_SITE, QUEUE, None, three_sites) == "news"
    assert await admit(ONE_SITE, QUEUE, "news", three_sites) == "news"


async def test_a_person_of_several_sites_says_which() -> None:
    assert await admit(TWO_SITES, QUEUE, "sport", three_sites) == "sport"
    for person in (TWO_SITES, EVERYWHERE):
        with pytest.raises(InputError) as caught:
            await admit(person, QUEUE, None, three_sites)
        assert caught.value.errors[0].code == "required"


async def test_a_person_of_all_sites_need_not_name_the_only_one() -> None:
    assert await admit(EVERYWHERE, ADMIN, None, one_site) == "news"


async def test_a_person_of_all_sites_acts_on_any_that_exists() -> None:
    assert await admit(EVERYWHERE, ADMIN, "weather", three_sites) == "weather"
    with pytest.raises(InputError) as caught:
        await admit(EVERYWHERE, ADMIN, "absent", three_sites)
    assert caught.value.errors[0].code == "unknown"


@pytest.mark.parametrize("site", ["weather", "absent"])
async def test_without_a_role_a_site_that_exists_looks_like_one_that_does_not(site: str) -> None:
    with pytest.raises(Denied) as caught:
        await admit(ONE_SITE, QUEUE, site, three_sites)
    assert (caught.value.code, str(caught.value)) == ("missing_role", "You have no role at this site.")


async def test_a_role_that_is_too_low_is_named() -> None:
    with pytest.raises(Denied, match="admin") as caught:
        await admit(ONE_SITE, ADMIN, None, three_sites)
    assert caught.value.code == "missing_role"


async def test_a_person_does_not_call_what_is_for_keys() -> None:
    with pytest.raises(Denied) as caught:
        await admit(EVERYWHERE, SUBMIT, "news", three_sites)
    assert caught.value.code == "missing_scope"


async def test_a_route_may_be_for_both() -> None:
    labels = KeyGrant(site="news", name="export", scopes=frozenset({Scope.LABELS}))
    assert await admit(labels, BOTH, None, three_sites) == "news"
    assert await admit(TWO_SITES, BOTH, "sport", three_sites) == "sport"


async def test_a_person_without_any_role_has_no_site() -> None:
    with pytest.raises(Denied):
        await admit(NOWHERE, QUEUE, None, three_sites)


async def test_over_http_a_person_of_several_sites_is_told_which_parameter_is_missing(service: Service) -> None:
    # Given a person of two sites
    people, sites = People(service.services.client), Sites(service.services.client)
    await sites.create("sport")
    await people.give_role("ada", "sport", Role.MODERATOR)
    # When they ask for a queue without naming one, then it is a wrong query; naming one is enough
    response = await service.call("GET", "/v1/queue", by=service.admin)
    assert response.status == 400
    assert (await response.json())["errors"][0]["pointer"] == "/site"
    assert (await service.call("GET", "/v1/queue?site=sport", by=service.admin)).status == 200


async def test_over_http_nobody_is_challenged(service: Service) -> None:
    response = await service.call("GET", "/v1/queue", by="mk_unknown")
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.content_type == "application/problem+json"

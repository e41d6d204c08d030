"""Roles include each other, and hold at a site or everywhere."""

import pytest

from moderator.access import Person, Role, highest


@pytest.mark.parametrize(
    ("held", "needed", "covers"),
    [
        (Role.MODERATOR, Role.MODERATOR, True),
        (Role.MODERATOR, Role.SENIOR, False),
        (Role.SENIOR, Role.MODERATOR, True),
        (Role.ADMIN, Role.SENIOR, True),
    ],
)
def test_a_role_covers_itself_and_the_ones_below(held: Role, needed: Role, covers: bool) -> None:
    assert held.covers(needed) is covers


def test_of_several_roles_the_highest_counts() -> None:
    assert highest([Role.SENIOR, Role.ADMIN, Role.MODERATOR]) is Role.ADMIN
    assert highest([]) is None


def test_a_role_everywhere_adds_to_the_role_at_a_site() -> None:
    person = Person(name="olena", roles={"news": Role.MODERATOR, "*": Role.SENIOR})
    assert person.role_at("news") is Role.SENIOR
    assert person.role_at("sport") is Role.SENIOR


def test_without_a_role_at_a_site_there_is_none() -> None:
    assert Person(name="olena", roles={"news": Role.ADMIN}).role_at("sport") is None

"""URLs taken apart; what is wrong is said without repeating the password."""

import pytest

from moderator.errors import SettingsError
from moderator.store.address import Address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://cache", Address("cache", 6379)),
        ("redis://10.0.0.1:7000/3", Address("10.0.0.1", 7000, database=3)),
        ("redis://:p%40ss@cache", Address("cache", 6379, password="p@ss")),
        ("redis://me:secret@[::1]:6380/0", Address("::1", 6380, user="me", password="secret")),
        ("unix:///run/my%20redis.sock", Address(path="/run/my redis.sock")),
        ("unix://:secret@/run/redis.sock?db=2", Address(path="/run/redis.sock", password="secret", database=2)),
    ],
)
def test_a_url_is_taken_apart(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize(
    "url", ["", "cache:6379", "http://cache", "redis://", "unix://", "redis://c:port", "redis://c/x"]
)
def test_what_is_no_url_is_one_sentence_that_does_not_repeat_it(url: str) -> None:
    with pytest.raises(SettingsError, match="the Redis URL is not understood"):
        Address.parse(url)
    with pytest.raises(SettingsError) as refused:
        Address.parse("redis://me:secret@host:port")
    assert "secret" not in str(refused.value)


def test_a_password_shows_nowhere() -> None:
    address = Address.parse("rediss://me:secret@cache")
    assert "secret" not in f"{address!r} {address}"
    assert address.tls is not None


def test_a_unix_sockets_url_names_the_same_socket() -> None:
    address = Address(path="/data/my 100% own/server.sock")
    assert Address.parse(address.url()) == address

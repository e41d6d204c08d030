import pytest

from moderator.domain import Outcome
from moderator.policy.lists import EntryError, Hit, Lists, NamedList


def compiled(**lists: NamedList) -> Lists:
    return Lists.compile(lists)


def test_a_hit_names_the_list_and_the_sites_own_entry() -> None:
    lists = compiled(ads=NamedList(outcome="reject", words=["casino*"]))
    assert lists.hits(["CASINOS here"], None, []) == (Hit("ads", "words", "casino*", Outcome.REJECT),)


def test_raw_and_normalised_text_are_both_read_and_a_hit_counts_once() -> None:
    lists = compiled(ads=NamedList(outcome="hold", words=["casino", "c4sino"]))
    hits = lists.hits(["c4sino", "casino casino"], None, [])
    assert [hit.entry for hit in hits] == ["c4sino", "casino"]


def test_words_that_a_list_allows_are_not_seen_by_the_others() -> None:
    lists = compiled(
        bad=NamedList(outcome="hold", words=["dick", "royal flush"]),
        fine=NamedList(outcome="allow", words=["Dick Cheney", "*royal*"]),
    )
    assert lists.hits(["I met Dick Cheney"], None, []) == ()
    assert lists.hits(["royal flush"], None, []) == ()
    assert [hit.entry for hit in lists.hits(["Dick Cheney is a dick"], None, [])] == ["dick"]


@pytest.mark.parametrize("ip", ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::1"])
def test_an_address_is_found_in_its_network(ip: str) -> None:
    lists = compiled(abuse=NamedList(outcome="reject", addresses=["203.0.113.0/24", "2001:db8::/32"]))
    assert len(lists.hits([], ip, [])) == 1


@pytest.mark.parametrize("ip", ["203.0.114.9", "2001:db9::1", "unknown", "", "0", None])
def test_an_address_outside_or_none_at_all_is_not(ip: str | None) -> None:
    lists = compiled(abuse=NamedList(outcome="reject", addresses=["203.0.113.0/24", "2001:db8::/32"]))
    assert lists.hits([], ip, []) == ()


def test_an_allowed_address_is_an_exception_to_its_network() -> None:
    lists = compiled(
        abuse=NamedList(outcome="reject", addresses=["203.0.113.0/24"]),
        office=NamedList(outcome="allow", addresses=["203.0.113.9"]),
    )
    assert lists.hits([], "203.0.113.9", []) == ()
    assert len(lists.hits([], "203.0.113.8", [])) == 1


def test_a_host_covers_its_subdomains_and_is_the_same_in_any_script() -> None:
    lists = compiled(ads=NamedList(outcome="hold", hosts=["bad.example", "привет.рф"]))
    assert [hit.entry for hit in lists.hits([], None, ["www.bad.example"])] == ["bad.example"]
    assert [hit.entry for hit in lists.hits([], None, ["xn--b1agh1afp.xn--p1ai"])] == ["привет.рф"]
    assert lists.hits([], None, ["notbad.example", "example"]) == ()


def test_allowed_hosts_are_no_links_to_speak_of() -> None:
    lists = compiled(
        ours=NamedList(outcome="allow", hosts=["news.example"]), all=NamedList(outcome="hold", hosts=["news.example"])
    )
    assert lists.unlisted(["www.news.example", "other.example"]) == ("other.example",)
    assert lists.hits([], None, ["www.news.example"]) == ()


def test_lists_that_read_no_words_say_so() -> None:
    assert not compiled(office=NamedList(outcome="hold", addresses=["203.0.113.9"])).reads_words
    assert compiled(ads=NamedList(outcome="hold", words=["x"])).reads_words


def test_a_useless_entry_is_named() -> None:
    with pytest.raises(EntryError) as raised:
        compiled(ads=NamedList(outcome="hold", words=["fine", "***"]))
    assert raised.value.key == "lists.ads.words[1]"

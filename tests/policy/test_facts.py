from moderator.domain import Author, Scored
from moderator.policy.document import parse
from moderator.policy.facts import Facts, facts, signals

POLICY = parse(
    """
    version = 1
    lists.ads = {outcome = "hold", words = ["casino"]}
    lists.us = {outcome = "allow", hosts = ["us.example"]}
    """
)


def test_facts_hold_what_was_found_in_the_text_and_never_the_text() -> None:
    known = facts(
        POLICY,
        text='<a href="http://bad.example">c a s i n o</a> http://us.example',
        format="html",
        plain="c a s i n o http://us.example",
        normal="casino http://us.example",
        author=Author(id="u-1", name="Nobody", email="nobody@example.org", role="staff"),
        honeypot="filled",
        scored=Scored(scores={}, language="en", language_confidence=1, bundle="b", obfuscation=6),
        author_comments=1,
    )
    assert known.link_hosts == ("bad.example",)
    assert [hit.entry for hit in known.hits] == ["casino"]
    assert (known.honeypot, known.role, known.author_known, known.obfuscation) == (True, "staff", True, 6)
    assert "Nobody" not in repr(known)
    assert "c a s i n o" not in repr(known)


def test_a_honeypot_of_white_space_is_not_filled() -> None:
    assert not facts(POLICY, text="x", honeypot=" \t\n").honeypot


def test_facts_that_say_nothing_are_no_signals() -> None:
    assert signals(Facts()) == ()
    assert signals(Facts(author_known=True, author_comments=100)) == ()


def test_each_fact_that_says_something_is_a_signal_with_its_value_and_a_sentence() -> None:
    known = facts(
        POLICY,
        text="casino http://a.example http://a.example http://b.example",
        author=Author(id="u-1"),
        near_duplicates=3,
        scored=Scored(scores={}, language="en", language_confidence=1, bundle="b", obfuscation=1),
    )
    said = {signal.code: (signal.value, signal.detail) for signal in signals(known)}
    assert said == {
        "links": (3, "The comment holds 3 links to 2 sites."),
        "near_duplicate": (3, "Nearly the same text stands in 3 other comments of the last days."),
        "author_comments": (0, "The author is new here, with no earlier comment."),
        "list_word": (1, "On the site's lists: ads."),
        "obfuscation": (1, "Disguised writing: 1 character put right before scoring."),
    }

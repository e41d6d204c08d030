from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert, to_builtins

from moderator.domain import ATTRIBUTES, CaseKind, Outcome
from moderator.errors import PolicyError
from moderator.policy.document import DEFAULT, LENGTH_MAX, Policy, parse, patience_s


def test_the_default_document_can_be_read_and_says_what_the_readme_promises() -> None:
    policy = parse(DEFAULT)
    assert policy.mode == "enforce"
    assert set(policy.thresholds) == set(ATTRIBUTES)
    assert all(threshold.reject is None for threshold in policy.thresholds.values())
    assert policy.rules.first_comments is not None
    assert not policy.rules.first_comments.enabled
    assert policy.failure.outcome is Outcome.HOLD
    assert policy.audit.rate == 0.01


def test_the_default_document_survives_the_way_to_plain_data_and_back() -> None:
    policy = parse(DEFAULT)
    assert convert(to_builtins(policy), Policy) == policy


def test_the_default_document_names_every_key_there_is() -> None:
    """Whoever changes a policy starts from this text: what it does not show nobody finds."""
    shown = to_builtins(parse(DEFAULT))
    for table in ("failure", "audit"):
        assert f"[{table}]" in DEFAULT
    for rule, fields in shown["rules"].items():
        assert f"[rules.{rule}]" in DEFAULT
        body = DEFAULT.split(f"[rules.{rule}]")[1].split("\n[")[0]
        assert [field for field in fields if field != "enabled" and f"\n{field} =" not in body] == []
    assert set(shown["queue"]["patience_s"]) == {kind.value for kind in CaseKind}


def test_the_commented_examples_of_the_default_document_are_valid() -> None:
    lines = DEFAULT.splitlines()
    first = lines.index("# [lists.gambling]")
    examples = []
    for line in lines[first:]:
        if not line.startswith("#"):
            break
        examples.append(line.removeprefix("#").strip())
    policy = parse("version = 1\n" + "\n".join(examples))
    assert set(policy.lists) == {"gambling", "ours", "abuse"}


def test_what_a_document_does_not_say_does_not_happen() -> None:
    policy = parse("version = 1")
    assert policy.thresholds == {}
    assert policy.rules.honeypot is None
    assert policy.rules.links is None
    # But what people set by hand counts in every document.
    assert policy.rules.author_standing.blocked == "reject"
    assert policy.rules.article_mode.closed == "reject"


def test_every_kind_of_case_has_a_patience() -> None:
    policy = parse(DEFAULT)
    assert all(patience_s(policy, kind) > 0 for kind in CaseKind)


MISTAKES = [
    # broken TOML: a line, and no key that could be named
    ("version = 1\nmode = enforce", 2, None),
    ("version = 1\nversion = 1", 2, None),
    ("version = 1\n\n[rules\n", 3, None),
    ("version = 1\nmode = 'enf", 2, None),
    (f"version = {'9' * 5000}", 1, None),
    # the document
    ("", 1, "version"),
    ("# a comment\nversion = 2", 2, "version"),
    ("version = '1'", 1, "version"),
    ("version = 1\nmodus = 'observe'", 2, "modus"),
    ("version = 1\nmode = 'off'", 2, "mode"),
    # thresholds
    ("version = 1\nthresholds = 0.5", 2, "thresholds"),
    ("version = 1\n[thresholds]\ninsult = 0.5", 3, "thresholds.insult"),
    ("version = 1\n[thresholds.anger]\nhold = 0.5", 2, "thresholds.anger"),
    ("version = 1\n[thresholds.insult]\nreject = 0.5", 2, "thresholds.insult.hold"),
    ("version = 1\n[thresholds.insult]\nhold = 1.1", 3, "thresholds.insult.hold"),
    ("version = 1\n[thresholds.insult]\nhold = -0.1", 3, "thresholds.insult.hold"),
    ("version = 1\n[thresholds.insult]\nhold = nan", 3, "thresholds.insult.hold"),
    ("version = 1\n[thresholds.insult]\nhold = true", 3, "thresholds.insult.hold"),
    ("version = 1\n[thresholds.insult]\nhold = 1979-05-27", 3, "thresholds.insult.hold"),
    ("version = 1\n[thresholds.insult]\nhold = 0.9\nreject = 0.8", 4, "thresholds.insult.reject"),
    ("version = 1\n[thresholds.spam]\nhold = 0.9\n[thresholds.insult]\nhold = 2", 5, "thresholds.insult.hold"),
    ("version = 1\n[thresholds.insult]\nhold = 0.9\nholt = 0.9", 4, "thresholds.insult.holt"),
    ("version = 1\n[thresholds]\nspam.hold = 0.5\ninsult . hold = 7", 4, "thresholds.insult.hold"),
    (
        "version = 1\n[thresholds]\nspam = {hold = 0.5}\ninsult = {hold = 0.6, reject = 7}",
        4,
        "thresholds.insult.reject",
    ),
    ("version = 1\n[[thresholds.insult]]\nhold = 0.5", 2, "thresholds.insult"),
    # the rest
    ("version = 1\n[prevalence]\nspam = 0", 3, "prevalence.spam"),
    ("version = 1\n[prevalence]\nham = 0.5", 3, "prevalence.ham"),
    ("version = 1\n[failure]\noutcome = 'ignore'", 3, "failure.outcome"),
    ("version = 1\n[audit]\nrate = 2", 3, "audit.rate"),
    ("version = 1\n[audit]\nrate = inf", 3, "audit.rate"),
    ("version = 1\n[queue]\npatience_s.held = -1", 3, "queue.patience_s.held"),
    ("version = 1\n[queue.patience_s]\nheld = 1.5", 3, "queue.patience_s.held"),
    ("version = 1\n[queue.boost_s]\nseverity = 'much'", 3, "queue.boost_s.severity"),
    ("version = 1\n[rules.magic]\nenabled = true", 2, "rules.magic"),
    ("version = 1\n[rules.links]\nmax = -1", 3, "rules.links.max"),
    ("version = 1\n[rules.near_duplicate]\ncount = 0", 3, "rules.near_duplicate.count"),
    ("version = 1\n[rules.first_comments]\n\n# how many\ncount = 0", 5, "rules.first_comments.count"),
    ("version = 1\n[rules.honeypot]\noutcome = 'approve'", 3, "rules.honeypot.outcome"),
    ("version = 1\n[rules.staff]\noutcome = 'hold'", 3, "rules.staff.outcome"),
    ("version = 1\n[rules.links]\nenabled = 1", 3, "rules.links.enabled"),
    # lists
    ("version = 1\n[lists.ads]\nwords = ['x']", 2, "lists.ads.outcome"),
    ("version = 1\n[lists.ads]\noutcome = 'ban'", 3, "lists.ads.outcome"),
    ("version = 1\n[lists.ads]\noutcome = 'hold'\nwords = 'x'", 4, "lists.ads.words"),
    ("version = 1\n[lists.ads]\noutcome = 'hold'\nwords = [\n'x', # '='\n3]", 6, "lists.ads.words[1]"),
    ("version = 1\n[lists.ads]\noutcome = 'hold'\nwords = [\n  'x',\n  '* *',\n]", 6, "lists.ads.words[1]"),
    ("version = 1\n[lists.'my ads']\noutcome = 'hold'\nwords = ['']", 4, 'lists."my ads".words[0]'),
    ("version = 1\n[lists.'a\"b']\nwords = []", 2, 'lists."a"b".outcome'),
    ("version = 1\n[lists.ads]\noutcome = 'hold'\naddresses = ['10.0.0.1/8']", 4, "lists.ads.addresses[0]"),
    ("version = 1\n[lists.ads]\noutcome = 'hold'\nhosts = ['a.example', 'http://b.example/']", 4, "lists.ads.hosts[1]"),
]


@pytest.mark.parametrize(("text", "line", "key"), MISTAKES, ids=[str(key) for _, _, key in MISTAKES])
def test_a_mistake_is_named_by_line_and_key(text: str, line: int, key: str | None) -> None:
    with pytest.raises(PolicyError) as raised:
        parse(text)
    assert (raised.value.line, raised.value.key) == (line, key)
    assert f"line {line}" in str(raised.value)


def test_a_word_that_is_no_choice_is_answered_with_the_choices() -> None:
    with pytest.raises(PolicyError, match=r'must be "hold" or "reject"$'):
        parse("version = 1\n[rules.links]\noutcome = 'delete'")


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000, "version = 1\na" + ".a" * 5000 + " = 1", "#" * (LENGTH_MAX + 1)],
    ids=["brackets", "dots", "long"],
)
def test_a_document_made_to_exhaust_the_reader_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        parse(text)


@given(st.text(max_size=200) | st.text(alphabet="[]{}=.,'\"#\n ab1", max_size=60))
def test_whatever_is_sent_is_either_a_policy_or_a_policy_error(text: str) -> None:
    for document in (text, "version = 1\n" + text, "version = 1\n[rules.links]\n" + text):
        line = 1
        try:
            parse(document)
        except PolicyError as error:
            line = error.line or 1
        assert 1 <= line <= document.count("\n") + 1


def test_the_default_document_ships_with_the_package() -> None:
    import moderator.policy  # noqa: PLC0415 - the package's place is what is tested

    assert (Path(next(iter(moderator.policy.__path__))) / "default.toml").read_text(encoding="utf-8") == DEFAULT

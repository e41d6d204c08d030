"""The policy document: what a site wants, as TOML, read into one frozen record.

What a document does not say does not happen: an attribute without thresholds is scored and shown, a rule without its
section is off. Only what people set by hand (an author's standing, an article's mode) counts in every document, and
plain numbers have the defaults that stand here. A stored document so means the same after an upgrade.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from math import isfinite
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_type_hints

from msgspec import Meta, Struct, ValidationError, convert

from moderator.domain import ATTRIBUTES, CaseKind, Outcome
from moderator.errors import PolicyError
from moderator.policy.lines import dotted, line_of
from moderator.policy.lists import EntryError, Lists, NamedList

VERSION = 1
"""The document format that this program reads."""

DEFAULT = files(__package__).joinpath("default.toml").read_text(encoding="utf-8")
"""The document of a site that has set none."""

LENGTH_MAX = 1_000_000
"""Characters of a document: some 50,000 list entries."""

Share = Annotated[float, Meta(ge=0, le=1)]
Prevalence = Annotated[float, Meta(gt=0, lt=1)]
Seconds = Annotated[int, Meta(ge=0, le=31_536_000)]
AtLeast0 = Annotated[int, Meta(ge=0, le=1_000_000)]
AtLeast1 = Annotated[int, Meta(ge=1, le=1_000_000)]
Stern = Literal["hold", "reject"]
"""What a rule may ask for; a rule that should ask for nothing is switched off."""


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the document: a key that is not known is a mistake, never ignored."""


class Threshold(Part, frozen=True):
    """From which score on an attribute holds and rejects, at the reference prevalence; 1 means never."""

    hold: Share
    reject: Share | None = None


class Failure(Part, frozen=True):
    """What happens to a comment that could not be scored."""

    outcome: Outcome = Outcome.HOLD


class Audit(Part, frozen=True):
    """`rate`: the share of automatic decisions that a person sees without having been asked."""

    rate: Share = 0.01


class Rule(Part, frozen=True):
    """What every rule with a switch has."""

    enabled: bool = True
    outcome: Stern = "hold"


class Honeypot(Rule, frozen=True):
    """The form's invisible field was filled in."""


class NearDuplicate(Rule, frozen=True):
    """At least `count` other comments say nearly the same (the index remembers one to two days).

    Copies by the same author weigh `same_author_weight` each, unless the author is new: has fewer than `new_author`
    earlier comments.
    """

    count: AtLeast1 = 2
    same_author_weight: Share = 0.5
    new_author: AtLeast0 = 5


class LinkCount(Rule, frozen=True):
    """More than `max` links; hosts on an `allow` list do not count."""

    max: AtLeast0 = 2


class FirstComments(Rule, frozen=True):
    """The first `count` comments of an author; a comment without an author's id always counts as a first one."""

    count: AtLeast1 = 1


class Staff(Part, frozen=True):
    """The site's own people: only a rule that rejects stops them, never a score, never a rule that holds."""

    enabled: bool = True


class AuthorStanding(Part, frozen=True):
    """What blocking an author does; premoderation always holds."""

    blocked: Stern = "reject"


class ArticleMode(Part, frozen=True):
    """What closing an article does; premoderation always holds."""

    closed: Stern = "reject"


class Rules(Part, frozen=True):
    """The rules with a switch are off (None) unless they are written down."""

    honeypot: Honeypot | None = None
    near_duplicate: NearDuplicate | None = None
    links: LinkCount | None = None
    first_comments: FirstComments | None = None
    staff: Staff | None = None
    author_standing: AuthorStanding = AuthorStanding()
    article_mode: ArticleMode = ArticleMode()


class Patience(Part, frozen=True):
    """Seconds that a case may wait, by kind: names as in `CaseKind`."""

    held: Seconds = 3_600
    reported: Seconds = 1_800
    appealed: Seconds = 86_400
    audit: Seconds = 259_200
    escalated: Seconds = 900
    edited: Seconds = 3_600


class Boost(Part, frozen=True):
    """Seconds by which a case is due earlier; `decide.due_ms` says for what."""

    severity: Seconds = 1_800
    reach: Seconds = 1_200
    report: Seconds = 300


class Queue(Part, frozen=True):
    """How the queue is ordered."""

    patience_s: Patience = Patience()
    boost_s: Boost = Boost()


class Policy(Part, frozen=True, dict=True):
    """A site's whole policy."""

    version: Literal[1]
    mode: Literal["enforce", "observe"] = "enforce"
    prevalence: dict[str, Prevalence] = {}
    thresholds: dict[str, Threshold] = {}
    failure: Failure = Failure()
    rules: Rules = Rules()
    lists: dict[str, NamedList] = {}
    audit: Audit = Audit()
    queue: Queue = Queue()

    @cached_property
    def compiled(self) -> Lists:
        """The lists, made ready for matching; once a document, by `parse`."""
        return Lists.compile(self.lists)


def parse(text: str) -> Policy:
    """The policy that `text` describes.

    Raises:
        PolicyError: with line and dotted key of the first mistake: broken TOML (which has no key), an unknown key,
            a missing one (the line is its table's), a wrong type, a value out of range, a list entry that cannot match.
    """
    raw = _toml(text)
    try:
        return _policy(raw)
    except _Mistake as mistake:
        raise PolicyError(mistake.detail, line=line_of(text, mistake.key), key=mistake.key) from None
    except RecursionError:  # a key of a thousand dots nests as deep as a thousand tables
        raise PolicyError("the document is nested too deeply") from None


class _Mistake(Exception):
    def __init__(self, key: str, detail: str) -> None:
        super().__init__(detail)
        self.key, self.detail = key, detail


def _toml(text: str) -> dict[str, Any]:
    if len(text) > LENGTH_MAX:
        raise PolicyError(f"the document is longer than {LENGTH_MAX} characters")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise PolicyError("the document is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError is one; a number of thousands of digits raises a bare one
        message, _, place = str(error).partition(" (at ")
        found = re.match(r"line (\d+)", place)
        line = int(found[1]) if found else text.count("\n", 0, len(text.rstrip())) + 1
        raise PolicyError(f"not valid TOML: {message}", line=line) from None


def _policy(raw: dict[str, Any]) -> Policy:
    _check_numbers(raw, "")
    if raw.get("version", VERSION) != VERSION:
        raise _Mistake("version", f"this program reads documents of version {VERSION}")
    # msgspec names no key inside a table whose keys are free, so those are read entry by entry first.
    _check_entries(raw, "prevalence", Prevalence, ATTRIBUTES)
    _check_entries(raw, "thresholds", Threshold, ATTRIBUTES)
    _check_entries(raw, "lists", NamedList)
    policy: Policy = _convert(raw, Policy, "")
    for name, threshold in policy.thresholds.items():
        if threshold.reject is not None and threshold.reject < threshold.hold:
            raise _Mistake(f"thresholds.{name}.reject", "reject must not be below hold")
    try:
        _ = policy.compiled
    except EntryError as error:
        raise _Mistake(error.key, str(error)) from None
    return policy


def _check_numbers(value: Any, key: str) -> None:
    """Refuse `nan` and `inf`, which TOML has and which pass every comparison or none."""
    for name, item in _items(value):
        _check_numbers(item, dotted(key, name) if isinstance(name, str) else f"{key}[{name}]")
    if isinstance(value, float) and not isfinite(value):
        raise _Mistake(key, "must be an ordinary number")


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _check_entries(raw: Mapping[str, Any], table: str, kind: Any, names: tuple[str, ...] | None = None) -> None:
    entries = raw.get(table, {})
    if not isinstance(entries, dict):
        raise _Mistake(table, "must be a table")
    for name, value in entries.items():
        key = dotted(table, name)
        if names is not None and name not in names:
            raise _Mistake(key, f"no such attribute; there are {', '.join(names)}")
        _convert(value, kind, key)


_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*?)`)?$", re.DOTALL)
_FIELD = re.compile(r"^Object (?P<what>contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL)


def _convert(value: Any, kind: Any, key: str) -> Any:
    try:
        return convert(value, kind)
    except ValidationError as error:
        found = _PATH.match(str(error))
        what, path = (found["what"], found["path"] or "") if found else (str(error), "")
        key = (key + path).removeprefix(".")
        field = _FIELD.match(what)
        if what.startswith("Invalid enum value"):
            raise _Mistake(key, f"must be {_choices(kind, path)}") from None
        if field is None:
            raise _Mistake(key, _plain(what)) from None
        detail = "no such key" if field["what"].startswith("contains") else "is missing"
        raise _Mistake(dotted(key, field["name"]), detail) from None


_TYPES = {"`object`": "a table", "`array`": "a list", "`float`": "a number", "`int`": "a whole number", "`str`": "text"}


def _plain(what: str) -> str:
    """A message of msgspec's in the words of TOML."""
    for name, words in _TYPES.items():
        what = what.replace(name, words)
    return what[:1].lower() + what[1:].replace("`", "")


def _choices(kind: Any, path: str) -> str:
    """What may stand at `path` inside `kind`, where only certain words may."""
    for name in path.split(".")[1:]:
        kind = get_type_hints(kind)[name]
        parts = [part for part in get_args(kind) if part is not NoneType]
        kind = parts[0] if len(parts) == 1 else kind
    return " or ".join(f'"{choice}"' for choice in (get_args(kind) or kind))


def patience_s(policy: Policy, kind: CaseKind) -> int:
    """Seconds that a case of this kind may wait."""
    seconds: int = getattr(policy.queue.patience_s, kind.value)
    return seconds

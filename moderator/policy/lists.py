"""A site's lists: words, addresses, hosts, made ready once and matched in time linear in the text.

An entry of `words` is one or several words. It matches whole words without regard to case, punctuation between words,
or ё for е. `*` stands for any letters of one word: `casino*`, `*coin`, `*bet*`. No entry is a regular expression, so no
entry can be slow. `addresses` are IP addresses or networks, `hosts` match links to that host and its subdomains.

A list with outcome `allow` holds exceptions: words that the other lists do not see, addresses and hosts that they do
not match, and links that are not counted. It never outweighs a score.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated, Literal

from msgspec import Meta, Struct

from moderator.domain import Outcome
from moderator.policy.lines import dotted
from moderator.policy.links import host
from moderator.policy.words import Words, tokens

Kind = Literal["words", "addresses", "hosts"]
Entries = Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=10_000)]

_HOST = re.compile(r"[^\s/:@*]+\.[^\s/:@*.]+")


class NamedList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One list of the document."""

    outcome: Literal["hold", "reject", "allow"]
    words: Entries = []
    addresses: Entries = []
    hosts: Entries = []


class Hit(Struct, frozen=True):
    """A list that matched: its name, and the site's own entry, never the comment's text."""

    name: str
    kind: Kind
    entry: str
    outcome: Outcome


class EntryError(ValueError):
    """An entry that could never match, or would match everything. `key` names it: `lists.NAME.words[3]`."""

    def __init__(self, key: str, detail: str) -> None:
        super().__init__(detail)
        self.key = key


class Lists:
    """All lists of one policy, made ready.

    `reads_words` is False where no list looks at words: a text then need not be normalised for `hits`.
    """

    def __init__(self) -> None:
        self._words: Words[Hit] = Words()
        self._allowed_words: Words[None] = Words()
        self._networks: dict[tuple[int, int], dict[int, list[Hit]]] = {}
        self._allowed_networks: dict[tuple[int, int], dict[int, list[Hit]]] = {}
        self._hosts: dict[str, list[Hit]] = {}
        self._allowed_hosts: set[str] = set()
        self.reads_words = False

    @classmethod
    def compile(cls, lists: Mapping[str, NamedList]) -> "Lists":
        """The lists of a document, by name.

        Raises:
            EntryError: an entry is no word, address or host, or there are too many of a costly kind.
        """
        compiled = cls()
        for name, entries in lists.items():
            outcome = Outcome.APPROVE if entries.outcome == "allow" else Outcome(entries.outcome)
            for kind, add in compiled._adders().items():
                for index, entry in enumerate(getattr(entries, kind)):
                    try:
                        add(entry, Hit(name, kind, entry, outcome))
                    except ValueError as error:
                        raise EntryError(f"{dotted('lists', name)}.{kind}[{index}]", str(error)) from None
        return compiled

    def _adders(self) -> dict[Kind, Callable[[str, Hit], None]]:
        return {"words": self._add_words, "addresses": self._add_network, "hosts": self._add_host}

    def _add_words(self, entry: str, hit: Hit) -> None:
        if hit.outcome is Outcome.APPROVE:
            self._allowed_words.add(entry, None)
        else:
            self._words.add(entry, hit)
            self.reads_words = True

    def _add_network(self, entry: str, hit: Hit) -> None:
        try:
            network = ip_network(entry)
        except ValueError:
            raise ValueError("must be an IP address or a network such as 203.0.113.0/24, host bits zero") from None
        table = self._allowed_networks if hit.outcome is Outcome.APPROVE else self._networks
        shift = network.max_prefixlen - network.prefixlen
        hits = table.setdefault((network.version, shift), {})
        hits.setdefault(int(network.network_address) >> shift, []).append(hit)

    def _add_host(self, entry: str, hit: Hit) -> None:
        if not _HOST.fullmatch(entry):
            raise ValueError("must be the name of a host such as example.org, which covers its subdomains too")
        name = host(f"//{entry}")
        if hit.outcome is Outcome.APPROVE:
            self._allowed_hosts.add(name)
        else:
            self._hosts.setdefault(name, []).append(hit)

    def hits(self, texts: Iterable[str], ip: str | None, hosts: Iterable[str]) -> tuple[Hit, ...]:
        """The entries that match any of these texts, the address, or the hosts of the links; each once, in order."""
        found: dict[Hit, None] = {}
        if self.reads_words:
            for words in dict.fromkeys(tuple(tokens(text)) for text in texts):
                found |= dict.fromkeys(hit for _, _, hit in self._words.find(self._seen(words)))
        if self._networks and ip is not None:
            found |= dict.fromkeys(self._address_hits(ip))
        if self._hosts:
            names = (parent for name in self.unlisted(hosts) for parent in _parents(name))
            found |= dict.fromkeys(hit for name in names for hit in self._hosts.get(name, ()))
        return tuple(found)

    def unlisted(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Those hosts that no list allows."""
        if not self._allowed_hosts:
            return tuple(hosts)
        return tuple(name for name in hosts if self._allowed_hosts.isdisjoint(_parents(name)))

    def _seen(self, words: Sequence[str]) -> Sequence[str]:
        """The words with what a list allows blotted out, which parts phrases as well."""
        blotted = list(words)
        for begin, end, _ in self._allowed_words.find(words):
            blotted[begin:end] = [""] * (end - begin)
        return blotted

    def _address_hits(self, ip: str) -> Iterator[Hit]:
        try:
            address = ip_address(ip)
        except ValueError:
            return  # what a backend sends as an address need not be one
        if address.version == 6 and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if not any(_in(self._allowed_networks, address)):
            yield from _in(self._networks, address)


def _in(table: Mapping[tuple[int, int], Mapping[int, list[Hit]]], address: IPv4Address | IPv6Address) -> Iterator[Hit]:
    for (version, shift), hits in table.items():
        if version == address.version:
            yield from hits.get(int(address) >> shift, ())


def _parents(name: str) -> Iterator[str]:
    """`a.example.org`, `example.org`, `org`."""
    while name:
        yield name
        name = name.partition(".")[2]

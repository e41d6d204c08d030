"""The schema: every key of this service is born here.

A key is `PREFIX:{TAG}:THING…`. The braces hold the hash tag, so all keys with one tag lie on one node, and a script
touches one tag only. Text of users never forms a bare key: comment ids are checked at the door, ids of articles and
authors and other free values are hashed (`digest`). `SCHEMA` tells each key's life; the methods of `Keys` make them.
"""

import hashlib
from binascii import crc_hqx
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

FACETS = ("case", "reason", "attribute", "language", "article", "author")
"""What the queue can be filtered by; each value has a sorted set of its own."""

_HASHED_FACETS = frozenset({"article", "author"})
SIGNAL_TAGS = 64
"""Over so many hash tags the signals of sites spread: a format, like the number of lanes."""

_DIGESTS = 16_384
"""Digests remembered: articles and authors come again and again."""


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the schema. `personal`: holds readers' text or personal data, so erasure must know it."""

    template: str
    type: Literal["string", "hash", "zset", "set"]
    owner: str
    what: str
    ttl: str = "none"
    personal: bool = False


SCHEMA: dict[str, Key] = {
    # The deployment
    "meta": Key("meta", "hash", "meta", "schema number, lanes, deployment id"),
    # A lane: everything that one change of one comment touches. {lNN}: lane = crc16(site, comment id) mod lanes
    "comment": Key("{lNN}:comment:SITE:ID", "string", "comments", "the record, or its tombstone", personal=True),
    "state": Key("{lNN}:state:SITE:STATE", "zset", "comments", "id → created ms, of the comments in a state"),
    "changes": Key("{lNN}:changes:SITE", "zset", "comments", "id → position of its last change"),
    "position": Key("{lNN}:position:SITE", "string", "comments", "counter of the lane's changes"),
    "queue": Key("{lNN}:queue:SITE", "zset", "queue", "id → earliest due ms of its open cases"),
    "facet": Key("{lNN}:queue:SITE:FACET:VALUE", "zset", "queue", "the same, for one value of one facet"),
    "leases": Key("{lNN}:leases:SITE", "zset", "queue", "id → ms at which its review's lease ends"),
    "holders": Key("{lNN}:holders:SITE", "hash", "queue", "id → token and name of who holds the lease"),
    "waiting": Key("{lNN}:waiting:KIND", "zset", "waiting", "site and id → due ms, or its lease's end"),
    "tries": Key("{lNN}:tries:KIND", "hash", "waiting", "site and id → token and tries"),
    "dead": Key("{lNN}:dead:KIND", "zset", "waiting", "site and id → ms at which it was given up"),
    "labels": Key("{lNN}:labels:SITE", "zset", "labels", "comment id → ms of the last verdict that teaches"),
    "imported": Key("{lNN}:imported:SITE", "zset", "labels", "imported label's id → ms"),
    "label": Key("{lNN}:label:SITE:ID", "string", "labels", "an imported label", personal=True),
    # Signals: written before the record, so they may name a comment that does not exist. {dNN}: crc16(site) mod 64.
    # Near-duplicates of a site are on one slot, so that one script sees all of them; the site's articles and authors
    # are there too, so that the same script reads them: one command a comment instead of three, for a tenth of its
    # memory that does not spread over a cluster.
    "near": Key("{dNN}:near:SITE:DAY:SHARD", "hash", "signals", "band and value → newest 64 sketches", ttl="2 days"),
    "article": Key("{dNN}:article:SITE:HASH", "zset", "signals", "comment id → ms, of an article"),
    "author": Key("{dNN}:author:SITE:HASH", "zset", "signals", "comment id → ms, of an author"),
    # {accounts}: sites, keys, people; small, and changed together
    "accounts": Key("{accounts}:KIND[:NAME]", "hash", "accounts", "sites, keys, users, tokens; secrets hashed"),
    "processes": Key("processes", "hash", "processes", "process id → when it was last seen, what it serves"),
    # {sSITE}: what one site is served with
    "serving": Key("{sSITE}:serving", "string", "serving", "generation, champion, shadow, policy version"),
    "sources": Key("{sSITE}:sources", "hash", "labels", "source of labels from outside → seen or admitted"),
    "policies": Key("{sSITE}:policies", "hash", "policies", "version → policy text; never changed, only added to"),
    # {bundles}: models on their way to other machines
    "bundles": Key("{bundles}:index", "zset", "bundles", "bundle id → published ms"),
    "bundle": Key("{bundles}:bundle:ID", "string", "bundles", "a packed bundle, at most 16 MB"),
    "bundle_info": Key("{bundles}:info:ID", "hash", "bundles", "a published bundle's digest and description"),
}


@lru_cache(_DIGESTS)
def digest(value: str) -> str:
    """16 hexadecimal digits that stand for a free value (an author's or article's id) in a key's name."""
    return hashlib.blake2b(value.encode(), digest_size=8).hexdigest()


def lane(site: str, comment_id: str, lanes: int) -> int:
    """The lane of a comment, from its id alone: a retry always meets its first try."""
    return crc_hqx(f"{site}\0{comment_id}".encode(), 0) % lanes


def slot(key: bytes) -> int:
    """The cluster's hash slot of a key, 0 to 16383."""
    begin = key.find(b"{")
    if begin >= 0:
        end = key.find(b"}", begin + 1)
        if end > begin + 1:
            key = key[begin + 1 : end]
    return crc_hqx(key, 0) % 16384


class SignalKeys:
    """The keys of one site's signals, all on the site's slot; made for a batch, to make what they share once."""

    __slots__ = ("_article", "_author", "_near")

    def __init__(self, prefix: str, site: str) -> None:
        tag = f"{prefix}:{{d{crc_hqx(site.encode(), 0) % SIGNAL_TAGS:02}}}"
        self._near = f"{tag}:near:{site}:"
        self._article = f"{tag}:article:{site}:"
        self._author = f"{tag}:author:{site}:"

    def near(self, day: int, shards: Iterable[str]) -> list[str]:
        """For each shard its key of `day` (days since the epoch), then its key of the day before."""
        today, yesterday = f"{self._near}{day}:", f"{self._near}{day - 1}:"
        names = []
        for shard in shards:
            names.append(f"{today}{shard}")
            names.append(f"{yesterday}{shard}")
        return names

    def article(self, article_id: str) -> str:
        return self._article + digest(article_id)

    def author(self, author_id: str) -> str:
        return self._author + digest(author_id)


class Keys:
    """Makes keys for one deployment: `prefix` in front of each, `lanes` as fixed at first start."""

    __slots__ = ("_at", "lanes", "prefix")

    def __init__(self, prefix: str, lanes: int) -> None:
        self.prefix = prefix
        self.lanes = lanes
        self._at = tuple(f"{prefix}:{{l{number:02}}}" for number in range(lanes))
        """Prefix and tag of each lane."""

    def lane(self, site: str, comment_id: str) -> int:
        return lane(site, comment_id, self.lanes)

    def meta(self) -> str:
        return f"{self.prefix}:meta"

    # A lane

    def comment(self, site: str, comment_id: str) -> str:
        return self.record(self.lane(site, comment_id), site, comment_id)

    def record(self, lane: int, site: str, comment_id: str) -> str:
        """The comment's key, for who knows its lane."""
        return f"{self._at[lane]}:comment:{site}:{comment_id}"

    def label(self, site: str, label_id: str) -> str:
        return f"{self._at[self.lane(site, label_id)]}:label:{site}:{label_id}"

    def state(self, lane: int, site: str, state: str) -> str:
        return f"{self._at[lane]}:state:{site}:{state}"

    def changes(self, lane: int, site: str) -> str:
        return f"{self._at[lane]}:changes:{site}"

    def position(self, lane: int, site: str) -> str:
        return f"{self._at[lane]}:position:{site}"

    def queue(self, lane: int, site: str) -> str:
        return f"{self._at[lane]}:queue:{site}"

    def facet(self, lane: int, site: str, facet: str, value: str) -> str:
        """One of `FACETS`; the values of article and author, which are anybody's text, are hashed here."""
        shown = digest(value) if facet in _HASHED_FACETS else value
        return f"{self._at[lane]}:queue:{site}:{facet}:{shown}"

    def leases(self, lane: int, site: str) -> str:
        return f"{self._at[lane]}:leases:{site}"

    def holders(self, lane: int, site: str) -> str:
        return f"{self._at[lane]}:holders:{site}"

    def labels(self, lane: int, site: str) -> str:
        return f"{self._at[lane]}:labels:{site}"

    def imported(self, lane: int, site: str) -> str:
        return f"{self._at[lane]}:imported:{site}"

    def index(self, lane: int, site: str, name: str) -> str:
        """The set of one of `indexes.entries`' names: the site's name goes in after the first word."""
        thing, _, value = name.partition(":")
        return f"{self._at[lane]}:{thing}:{site}:{value}" if value else f"{self._at[lane]}:{thing}:{site}"

    def waiting(self, lane: int, kind: str) -> str:
        return f"{self._at[lane]}:waiting:{kind}"

    def tries(self, lane: int, kind: str) -> str:
        return f"{self._at[lane]}:tries:{kind}"

    def dead(self, lane: int, kind: str) -> str:
        return f"{self._at[lane]}:dead:{kind}"

    # Signals

    def near(self, site: str, day: int, shard: str) -> str:
        """`day` counts days since the epoch."""
        return SignalKeys(self.prefix, site).near(day, (shard,))[0]

    def article(self, site: str, article_id: str) -> str:
        return SignalKeys(self.prefix, site).article(article_id)

    def author(self, site: str, author_id: str) -> str:
        return SignalKeys(self.prefix, site).author(author_id)

    # The rest

    def accounts(self, kind: str, name: str | None = None) -> str:
        """`kind` is accounts' own word (sites, key, user …), `name` a checked name or the hash of a secret."""
        return f"{self.prefix}:{{accounts}}:{kind}" + (f":{name}" if name is not None else "")

    def processes(self) -> str:
        return f"{self.prefix}:processes"

    def serving(self, site: str) -> str:
        return f"{self.prefix}:{{s{site}}}:serving"

    def sources(self, site: str) -> str:
        return f"{self.prefix}:{{s{site}}}:sources"

    def policies(self, site: str) -> str:
        return f"{self.prefix}:{{s{site}}}:policies"

    def bundles(self) -> str:
        return f"{self.prefix}:{{bundles}}:index"

    def bundle(self, bundle_id: str) -> str:
        return f"{self.prefix}:{{bundles}}:bundle:{bundle_id}"

    def bundle_info(self, bundle_id: str) -> str:
        return f"{self.prefix}:{{bundles}}:info:{bundle_id}"

r"""A comment as the bytes under its key: a header that scripts can read, then MessagePack.

    1 <sequence> <content digest>\n<mark><msgpack of domain.Comment>

The decision in force is most often the latest revision's; then the mark is `=` and it is stored once, which saves a
tenth of the record; else the mark is `.`.

The header's first word is the record's version. Within a version a struct may gain fields at its end with defaults;
anything else needs the next number, a reader for it in `_READERS`, and a release that reads both before one that
writes the new one.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b

import msgspec

from moderator.domain import Comment, Submission
from moderator.errors import StoreError

VERSION = 1

_SAME, _OWN = b"=", b"."
_ENCODER = msgspec.msgpack.Encoder()
_DECODER_1 = msgspec.msgpack.Decoder(Comment)


def encode(comment: Comment) -> bytes:
    """The record's body. `lua/change.lua` puts the header before it, for it alone knows the digest that stays."""
    decision = comment.decision
    if decision is not None and comment.revisions and comment.latest.decision == decision:
        return _SAME + _ENCODER.encode(msgspec.structs.replace(comment, decision=None))
    return _OWN + _ENCODER.encode(comment)


def decode(value: bytes) -> Comment:
    """The comment of a stored value.

    Raises:
        StoreError: of a version that this release does not read (code `unknown_record_version`), or damaged
            (`damaged_record`). The message never holds the value.
    """
    header, _, body = value.partition(b"\n")
    version = header.partition(b" ")[0]
    reader = _READERS.get(version)
    if reader is None:
        shown = version.decode("ascii", "replace") if version.isdigit() else "?"
        raise StoreError(
            f"a record has version {shown}, this release reads {VERSION}: run the release that wrote it",
            code="unknown_record_version",
        )
    try:
        return reader(body)
    except (msgspec.DecodeError, UnicodeDecodeError, IndexError):
        # `from None`: the decoder's message may quote what the comment holds.
        raise StoreError("a record of a known version cannot be read", code="damaged_record") from None


def stored_digest(value: bytes) -> str:
    """The content digest in a stored value's header: it stays what it was even when the text has been erased."""
    return value.partition(b"\n")[0].rpartition(b" ")[2].decode()


def content_digest(content: Comment | Submission) -> str:
    """16 hex digits over what makes a retry the same submission: text, format, article, author and parent id.

    Of a comment it is the first wording that counts, so that a retry meets its first try whatever edits followed.
    """
    text = content.revisions[0].text if isinstance(content, Comment) else content.text
    author = content.author.id if content.author is not None else None
    parts = (text, content.format, content.article.id, author, content.parent_id)
    # Length first: ("ab", "c") and ("a", "bc") differ, and so do an absent field and an empty one.
    whole = "".join(["-" if part is None else f"{len(part)}:{part}" for part in parts])
    return blake2b(whole.encode(), digest_size=8).hexdigest()


def _read_1(body: bytes) -> Comment:
    comment = _DECODER_1.decode(memoryview(body)[1:])
    if body[:1] == _SAME:
        return msgspec.structs.replace(comment, decision=comment.latest.decision)
    return comment


_READERS: Mapping[bytes, Callable[[bytes], Comment]] = {b"1": _read_1}
"""Version → reader. This release writes the highest."""

"""Where in a TOML text a key stands: tomllib gives no lines for values, and a mistake without its line is a search.

The text has been parsed by tomllib before, so this reads only what it needs: table headers, keys, and the items of
arrays; strings and comments are stepped over.
"""

import re
from collections.abc import Iterator

_PIECE = re.compile(
    r'''
      (?P<skip> \#[^\n]* | [ \t\r]+ )
    | (?P<text> """(?:[^\\]|\\.)*?"""(?!") | \'\'\'.*?\'\'\'(?!\') | "(?:[^"\\\n]|\\.)*" | '[^'\n]*' )
    | (?P<bare> [A-Za-z0-9_+-]+ )
    | (?P<sign> . )
    ''',
    re.VERBOSE | re.DOTALL,
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dotted(table: str, name: str) -> str:
    """`table.name`, with the name quoted where TOML would have to."""
    name = name if _BARE.fullmatch(name) else f'"{name}"'
    return f"{table}.{name}" if table else name


def line_of(text: str, key: str) -> int:
    """The 1-based line on which the dotted `key` stands (items of arrays as `key[3]`).

    For a key that is missing it is the line of the nearest table that should hold it, and 1 for the document itself.
    """
    lines = dict(reversed(list(_places(text))))  # of several mentions the first counts
    while key and key not in lines:
        key = _parent(key)
    return lines.get(key, 1)


_LAST = re.compile(r'(?:\[\d+\]|\.?"[^"]*"|\.?[^."\[\]]+)$')


def _parent(key: str) -> str:
    """The key without its last part, or without all of them where a quotation mark in a name hides where it begins."""
    shorter = _LAST.sub("", key)
    return shorter if shorter != key else ""


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Every key and array item in the order of the text, with its line."""
    reader = _Reader()
    line = 1
    for match in _PIECE.finditer(text):
        if match.lastgroup != "skip":
            yield from ((key, line) for key in reader.read(match[0], match.lastgroup == "text"))
        line += match[0].count("\n")


class _Reader:
    """What has been read so far: the table in force, and the arrays and inline tables that are open.

    `_open` holds, from the outside in, the key of each open array (with the index of its next item) or inline table
    (with None). `_path` is the key being read or whose value is being read.
    """

    def __init__(self) -> None:
        self._table = ""
        self._open: list[tuple[str, int | None]] = []
        self._path = ""
        self._state = "start"

    def read(self, piece: str, is_text: bool) -> Iterator[str]:
        """Take one piece; the keys that begin with it."""
        if self._state == "header":
            yield from self._header(piece, is_text)
        elif self._state in ("start", "key"):
            yield from self._key(piece, is_text)
        else:
            yield from self._value(piece, is_text)

    def _header(self, piece: str, is_text: bool) -> Iterator[str]:
        if piece == "\n":
            self._table, self._state = self._path, "start"
        elif piece not in "[].":
            self._path = dotted(self._path, _name(piece, is_text))
            yield self._path

    def _key(self, piece: str, is_text: bool) -> Iterator[str]:
        if piece == "[" and not self._open and self._state == "start":
            self._path, self._state = "", "header"
        elif piece == "}" and self._open and self._state == "start":
            self._close()
        elif piece == "=":
            self._state = "value"
        elif piece not in "\n.,":
            if self._state == "start":
                self._path, self._state = self._open[-1][0] if self._open else self._table, "key"
            self._path = dotted(self._path, _name(piece, is_text))
            yield self._path

    def _value(self, piece: str, is_text: bool) -> Iterator[str]:
        key, index = self._open[-1] if self._open else ("", None)
        sign = "" if is_text else piece
        if sign == "\n":
            if not self._open:
                self._state = "start"
        elif sign == ",":
            if index is None:
                self._state = "start"
            else:
                self._open[-1] = (key, index + 1)
        elif sign in ("]", "}"):
            self._close()
        else:
            if index is not None:
                self._path = f"{key}[{index}]"
                yield self._path
            if sign == "[":
                self._open.append((self._path, 0))
            elif sign == "{":
                self._open.append((self._path, None))
                self._state = "start"

    def _close(self) -> None:
        self._open.pop()
        self._state = "value"


def _name(piece: str, is_text: bool) -> str:
    return piece[1:-1] if is_text else piece

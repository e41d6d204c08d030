"""A server of our own in the data folder: started, adopted, minded, stopped.

Two locks (`folder.py`) keep it one: the service's says who may start a server, the server's own, which it inherits,
says whether one lives. A server outlives a `kill -9` of its service; the next start finds its lock taken and adopts
it. A server that died is started again on the same socket and file, and clients find it by themselves.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from moderator import clock, log, metrics
from moderator.errors import ModeratorError, SettingsError, StoreError, StoreUnavailable
from moderator.store import flush
from moderator.store.address import Address
from moderator.store.binary import find_binary
from moderator.store.folder import DataFolder, Held, Role
from moderator.store.launch import fsync, last_words, launch
from moderator.store.server import Durability, Facts, facts
from moderator.store.wire import dial_raw, exchange

_ANSWER_S = 1.0
_START_S = 15.0
_STOP_S = 10.0
_COMMAND_S = 10.0
_SHORT_S, _LONG_S = 0.005, 0.05
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STABLE_S = 0.1, 5.0, 30.0

_log = log.logger(__name__)


class EmbeddedServer:
    """`start`, then `supervise` in a task, then `stop`. `restarts` counts how often it had to be started again."""

    def __init__(
        self,
        folder: Path,
        *,
        binary: Path | None = None,
        durability: Durability = "process",
        role: Role = "service",
    ) -> None:
        self.restarts = 0
        self._folder = DataFolder(folder.absolute())
        self._setting = binary
        self._durability: Durability = durability
        self._role: Role = role
        self._address = Address()
        self._binary: Path | None = None
        self._held: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._step: asyncio.Task[bool] | None = None

    async def start(self) -> str:
        """Start the server, or adopt the one that lives, and give its URL. It may still be reading its data.

        Raises:
            Held: the folder is in use by another instance.
            SettingsError: the folder or the binary is unfit, or the server does not start; one sentence.
        """
        await asyncio.to_thread(self._folder.prepare)
        try:
            await self._hold()
            self._address = Address(path=str(await asyncio.to_thread(self._folder.socket, make=True)))
            await self._ensure()
        except BaseException:
            await self.stop()
            raise
        return self.url

    @property
    def url(self) -> str:
        """The same for the server's whole life; known once it was started."""
        return self._address.url()

    async def supervise(self) -> None:
        """Runs for ever: flushes the server's file, and starts the server again when it is gone."""
        async with asyncio.TaskGroup() as group:
            group.create_task(flush.forever(self._folder.path / "appendonlydir"))
            group.create_task(self._revive())

    async def _revive(self) -> None:
        """Start the server whenever it is gone, with backoff while it does not stay."""
        pause_s = 0.0
        while True:
            since = clock.ticks()
            await self._gone()
            lived_s = clock.ticks() - since
            pause_s = _FIRST_PAUSE_S if lived_s > _STABLE_S else min(pause_s * 2 or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
            _log.error("embedded_server_lost", lived_s=round(lived_s, 1), pause_s=pause_s)
            await asyncio.sleep(pause_s)
            try:
                await self._ensure()
            except ModeratorError as error:
                _log.error("embedded_server_not_restarted", why=error.detail)
                continue
            self.restarts += 1
            metrics.SERVER_RESTARTS.inc()
            _log.warning("embedded_server_restarted", restarts=self.restarts)

    async def stop(self) -> None:
        """Stop the server and wait until it is gone, then free the folder. `supervise` must not run any more."""
        if self._step is not None:
            await asyncio.wait({self._step})
        if self._held is None:
            return
        try:
            if self._address.path and await self._end():
                await asyncio.to_thread(self._folder.forget_socket)
        finally:
            os.close(self._held)
            self._held = None

    async def _ensure(self) -> None:
        """Make sure that exactly one server lives and answers."""
        end = clock.ticks() + _START_S
        while not await self._uncut(self._launch):
            if (found := await self._answers()) is not None:
                await self._adopt(found)
                return
            if clock.ticks() > end:
                raise SettingsError(
                    f"a server that was left in the data folder {self._folder.path} holds it and does not answer"
                )
            await asyncio.sleep(_LONG_S)
        await self._ready()

    async def _hold(self) -> None:
        """Take the folder. A command is short, so its end is waited for; a service's is not."""
        end = clock.ticks() + _COMMAND_S
        services = 0
        while True:
            try:
                await self._uncut(self._take)
            except Held as held:
                services += held.role == "service"
                if services > 1 or clock.ticks() > end:
                    raise
                await asyncio.sleep(_LONG_S)
            else:
                return

    async def _uncut(self, step: Callable[[], bool]) -> bool:
        """Run what takes a lock in a thread, to its end: whoever is cancelled meanwhile, `stop` knows of it."""
        self._step = asyncio.create_task(asyncio.to_thread(step))
        return await asyncio.shield(self._step)

    def _take(self) -> bool:
        self._held = self._folder.hold(self._role)
        return True

    def _launch(self) -> bool:
        """Start a server, unless one lives."""
        if (lock := self._folder.server_lock()) is None:
            return False
        try:
            if self._process is not None:
                self._process.wait()  # It is dead, for its lock was free: only its exit code is still to be read.
            self._binary = self._binary or find_binary(self._setting)
            socket = Path(self._address.path)
            self._process = launch(self._binary, self._folder, socket, self._durability, lock)
        finally:
            os.close(lock)
        return True

    async def _ready(self) -> None:
        end = clock.ticks() + _START_S
        while await self._answers() is None:
            if self._process is not None and self._process.poll() is not None:
                words = await asyncio.to_thread(last_words, self._folder)
                raise SettingsError(f"the embedded server did not start: {words}")
            if clock.ticks() > end:
                raise SettingsError(f"the embedded server does not answer; see {self._folder.path}/server.log")
            await asyncio.sleep(_SHORT_S)

    async def _adopt(self, found: Facts) -> None:
        """Take over a server that an earlier service started, perhaps with another durability."""
        _log.info("embedded_server_adopted", process=found.process)
        wire = await dial_raw(self._address, _ANSWER_S)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await exchange(wire, [("CONFIG", "SET", "appendfsync", fsync(self._durability))])
        except (TimeoutError, StoreError) as error:
            raise SettingsError(f"the server that was left in {self._folder.path} cannot be adopted: {error}") from None
        finally:
            wire.abort("done")

    async def _answers(self) -> Facts | None:
        try:
            return await facts(self._address, _ANSWER_S)
        except StoreUnavailable:
            return None

    async def _gone(self) -> None:
        """Wait until no server lives: a connection of our own ends, and the lock confirms it."""
        while await self._alive():
            try:
                reader, writer = await asyncio.open_unix_connection(self._address.path)
            except OSError:
                await asyncio.sleep(_LONG_S)
                continue
            try:
                await reader.read(1)
            except OSError:
                continue
            finally:
                writer.close()

    async def _alive(self) -> bool:
        return await asyncio.to_thread(self._folder.server_lives)

    async def _end(self) -> bool:
        """Ask the server to stop, then insist; whether it is gone."""
        found = await self._answers()
        process = found.process if found is not None else self._process.pid if self._process is not None else None
        if not await self._shutdown() and process is not None and await self._alive():
            _signal(process, signal.SIGTERM)  # It does not answer yet.
        for last in (False, True):
            end = clock.ticks() + (_STOP_S if process is not None else 0)
            while await self._alive():
                if clock.ticks() > end:
                    break
                await asyncio.sleep(_SHORT_S)
            else:
                if self._process is not None:
                    await asyncio.to_thread(self._process.wait)
                return True
            if process is not None and not last:
                # Acknowledged writes are with the operating system already: even this loses none.
                _signal(process, signal.SIGKILL)
        _log.error("embedded_server_left_behind", process=process)
        return False

    async def _shutdown(self) -> bool:
        """SHUTDOWN writes the append-only file out, needs no snapshot, waits for nobody; whether it was heard."""
        try:
            wire = await dial_raw(self._address, _ANSWER_S)
        except StoreUnavailable:
            return False
        try:
            async with asyncio.timeout(_STOP_S):
                await exchange(wire, [("SHUTDOWN", "NOSAVE", "NOW", "FORCE")])
        except StoreUnavailable:
            return True  # It closed the connection: that is its answer.
        except (StoreError, TimeoutError):
            return False
        finally:
            wire.abort("done")
        return False


def _signal(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)

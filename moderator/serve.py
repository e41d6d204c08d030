"""The service as processes: one that does everything, or a parent that minds socket and server and lets others serve.

The socket listens before anything else, so that a taken port is one sentence and no work is undone. A parent passes
it on, so a worker that ends loses no connection that was waiting. SIGTERM and SIGINT finish what is in flight; then
the embedded server stops.
"""

import asyncio
import gc
import shutil
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderator import __version__, clock, log, metrics
from moderator.errors import SettingsError
from moderator.flow.first_start import FILE, FirstStart, first_start
from moderator.runtime import Services
from moderator.settings import Settings, share_metrics
from moderator.store.client import Client
from moderator.store.embedded import EmbeddedServer
from moderator.store.server import FORGETS, forgets
from moderator.web.server import BACKLOG, listening
from moderator.workers.loop import forever
from moderator.workers.work import Worker

try:
    import uvloop
except ImportError:
    _new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _new_loop = uvloop.new_event_loop

_LOG = log.logger(__name__)
sys.setswitchinterval(0.0003)
_FOLLOW_S = 1.0
_COLLECT_AFTER_OBJECTS = 20_000
_WORK_S = 0.25
# A worker that fails sooner than this after it was started would only fail again.
_HEALTHY_S = 10.0
_RESTART_S = 1.0
# What a worker has to stop beyond the time that requests in flight are given.
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a parent hands to a worker: its listening socket's descriptor, and the URL of the embedded server.

    A URL that is set is not handed over, because it may hold a password: the worker reads the same settings.
    """

    descriptor: int
    url: str | None


def serve(settings: Settings, *, inherited: Inherited | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 is the exit code of an orderly stop.

    Raises:
        ModeratorError: the service cannot start; the message is one sentence for the operator.
    """
    if inherited is not None:
        return _run(_worker(settings, inherited))
    with bind(settings.host, settings.port) as listener:
        return _run(_alone(settings, listener) if settings.processes == 1 else _parent(settings, listener))


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on the address: whoever calls while the service starts waits for it.

    Listening is what claims a port: two that were only bound could share it until one of them fails later.

    Raises:
        SettingsError: the port is taken, or the address is not this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        with ExitStack() as undone:
            listener = undone.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(BACKLOG)
            undone.pop_all()
            return listener
    except OSError as error:
        reason = error.strerror or "it cannot be used"
        raise SettingsError(
            f"Cannot listen on {host} port {port}: {reason}; set MODERATOR_HOST or MODERATOR_PORT to another."
        ) from error


def url_of(listener: socket.socket) -> str:
    """Where the service is reached, for a person; every address is shown as the local one."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def _run(main: Coroutine[Any, Any, int]) -> int:
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(main)


async def _alone(settings: Settings, listener: socket.socket) -> int:
    stop = _stop_signal()
    async with _store(settings) as url, _services(settings, url) as services:
        await _warn_of_loss(settings, services.client)
        made = await first_start(services.client, settings.data, url_of(listener))
        await _answer(services, listener, stop, ready=lambda: _announce(url_of(listener), settings, made))
    return 0


async def _worker(settings: Settings, inherited: Inherited) -> int:
    stop = _stop_signal()
    _stop_with_parent(stop)
    with socket.socket(fileno=inherited.descriptor) as listener:
        async with _services(settings, inherited.url or settings.redis_url or "") as services:
            await _answer(services, listener, stop, ready=lambda: None)
    return 0


async def _parent(settings: Settings, listener: socket.socket) -> int:
    stop = _stop_signal()
    async with _store(settings) as url, _services(settings, url) as services:
        _share_metrics(settings.data / "metrics")
        await _warn_of_loss(settings, services.client)
        made = await first_start(services.client, settings.data, url_of(listener))
        # What no worker could serve is said here, once, and not by each of them.
        await services.live.start(await services.accounts.site_names())
        before = {process.id for process in await services.processes.alive()}
        announced = asyncio.create_task(
            _when_served(services, before, lambda: _announce(url_of(listener), settings, made))
        )
        embedded = None if settings.redis_url else url
        workers = [asyncio.create_task(_keep(settings, listener, embedded, stop)) for _ in range(settings.processes)]
        codes = await asyncio.gather(*workers)
        announced.cancel()
    return max(codes)


async def _answer(services: Services, listener: socket.socket, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve until `stop`; what is in flight is finished before this returns."""
    await services.start()
    _settle_memory()
    loops = [
        asyncio.create_task(forever("follow", services.live.refresh, pause_s=_FOLLOW_S)),
        asyncio.create_task(forever("work", Worker.of(services).run_once, pause_s=_WORK_S)),
    ]
    try:
        async with listening(services, listener):
            ready()
            await stop.wait()
            _LOG.info("stopping")
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await services.stop(services.settings.shutdown_s)


def _settle_memory() -> None:
    """Leave what was loaded out of garbage collection for good, and collect the rest more rarely.

    A collection walks every object that could be in a cycle; with the defaults that is every few requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER_OBJECTS, 10, 20)


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[str]:
    """The URL of the store: the one that is set, or that of the embedded server, kept alive inside the block."""
    _make_folder(settings.data)
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    server = EmbeddedServer(settings.data, binary=settings.server, durability=settings.durability)
    url = await server.start()
    minding = asyncio.create_task(server.supervise())
    try:
        yield url
    finally:
        minding.cancel()
        await asyncio.gather(minding, return_exceptions=True)
        await server.stop()


@asynccontextmanager
async def _services(settings: Settings, url: str) -> AsyncIterator[Services]:
    client = await Client.connect(
        url, prefix=settings.prefix, timeout_ms=settings.redis_timeout_ms, durability=settings.durability
    )
    try:
        yield Services.build(settings, client)
    finally:
        await client.close()


async def _warn_of_loss(settings: Settings, client: Client) -> None:
    """Say once, before the first comment comes, that the store would lose it."""
    if forgets(await client.info(), settings.durability):
        _LOG.warning("not_durable", durability=settings.durability, why=FORGETS)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The data folder {folder} cannot be made: {error.strerror}; set MODERATOR_DATA to another."
        ) from error


def _share_metrics(folder: Path) -> None:
    """Have the workers add up what they count in an empty `folder`; the parent itself counts nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    share_metrics(folder)


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log.on_loop_error)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def _stop_with_parent(stop: asyncio.Event) -> None:
    """A parent holds the other end of its workers' stdin, and never writes: it ends when the parent does, even killed.

    A worker that lived on would hold the port, and the next start could not take over.
    """
    loop = asyncio.get_running_loop()

    def orphaned() -> None:
        loop.remove_reader(sys.stdin)
        _LOG.error("parent_died")
        stop.set()

    loop.add_reader(sys.stdin, orphaned)


async def _keep(settings: Settings, listener: socket.socket, url: str | None, stop: asyncio.Event) -> int:
    """Keep one worker running until `stop`; a worker that cannot start ends the service with its exit code."""
    while True:
        started = clock.ticks()
        worker = await _spawn(listener, url)
        ended, stopping = asyncio.create_task(worker.wait()), asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            return await _end(worker, settings.shutdown_s + _GRACE_S)
        metrics.forget_process(worker.pid)
        _LOG.error("worker_died", code=worker.returncode)
        # A kill from outside says nothing about the next try.
        refused = worker.returncode is not None and worker.returncode > 0
        if refused and clock.ticks() - started < _HEALTHY_S:
            stop.set()
            return 1
        await asyncio.sleep(_RESTART_S)


async def _spawn(listener: socket.socket, url: str | None) -> Process:
    listener.set_inheritable(True)
    store = () if url is None else ("--store", url)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "moderator", "serve", "--descriptor", str(listener.fileno()), *store,
        pass_fds=(listener.fileno(),),
        stdin=PIPE,
        # A terminal's Ctrl-C goes to the whole group; the parent alone tells its workers to stop.
        start_new_session=True,
    )  # fmt: skip


async def _end(worker: Process, timeout_s: float) -> int:
    if worker.returncode is None:
        worker.terminate()
    try:
        async with asyncio.timeout(timeout_s):
            return await worker.wait()
    except TimeoutError:
        worker.kill()
        return await worker.wait()


async def _when_served(services: Services, before: Collection[str], ready: Callable[[], None]) -> None:
    """Call `ready` once a worker serves; `before`: those that a service which was killed has left in the list."""
    while True:
        if any(process.id not in before for process in await services.processes.alive()):
            ready()
            return
        await asyncio.sleep(0.05)


def _announce(url: str, settings: Settings, made: FirstStart | None) -> None:
    """Tell whoever started the service where it is and how to try it; secrets are shown at the first start only."""
    lines = [f"moderator {__version__} listens on {url}"]
    kept = settings.data / FILE
    if made is None and kept.exists():
        lines.append(f"Key and sign-in of the first start: {kept}")
    if made is not None:
        lines += [
            "",
            f"  key       {made.key}",
            f"  sign-in   {made.user} / {made.password}",
            f"  token     {made.token}",
            "",
            f"They are kept in {kept} and not shown again. Try it:",
            "",
            f"  curl -s {url}/v1/comments -H 'Authorization: Bearer {made.key}' \\",
            "    -H 'Content-Type: application/json' \\",
            """    -d '{"article": {"id": "a-1"}, "text": "You are all idiots, get lost!"}'""",
            "",
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()

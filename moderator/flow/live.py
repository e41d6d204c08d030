"""What decides for each site in this process, and how it is replaced.

Every second the site's serving record is read; when its generation moved, the bundle is fetched, verified and warmed
beside the running one, the policy is parsed, and both are swapped in one assignment. Whatever fails keeps the old
pair, says so, and turns the process unready after `BEHIND_S`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from moderator import metrics
from moderator.clock import ticks
from moderator.domain import Scored, Span
from moderator.errors import ModeratorError
from moderator.flow.assessment import Active
from moderator.flow.library import Library
from moderator.flow.policies import Policies
from moderator.log import logger
from moderator.scoring.scorer import Scorer, TextIn
from moderator.store.processes import Processes
from moderator.store.serving import Serving, ServingRecord

P = ParamSpec("P")
R = TypeVar("R")

BEHIND_S = 60.0
"""A process that cannot follow the serving record for this long is not ready."""

# One slice of stateless scoring, about 30 ms with the encoder and 5 without: comments on their way get their turn.
_SLICE_CODE_POINTS = {"all": 2_500, "surface": 16_000}
_LOG = logger(__name__)


@dataclass(frozen=True, slots=True)
class Lag:
    """A site that could not follow its record: since when (monotonic), and the code of what went wrong."""

    since: float
    code: str


class Live:
    """The active bundle and policy of every site that this process has served."""

    def __init__(
        self,
        *,
        serving: Serving,
        policies: Policies,
        library: Library,
        processes: Processes,
        executor: Executor,
        salt: bytes,
    ) -> None:
        self._serving = serving
        self._policies = policies
        self._library = library
        self._processes = processes
        self._executor = executor
        self._salt = salt
        self._active: dict[str, Active] = {}
        self._lags: dict[str, Lag] = {}
        self._loading: dict[str, asyncio.Lock] = {}

    @property
    def sites(self) -> Mapping[str, Active]:
        """What is active, by site."""
        return MappingProxyType(self._active)

    @property
    def lags(self) -> Mapping[str, Lag]:
        """The sites whose record this process could not follow."""
        return MappingProxyType(self._lags)

    @property
    def ready(self) -> bool:
        """Whether a bundle is warm and no site has been behind its record for `BEHIND_S`."""
        return self._library.warm and all(ticks() - lag.since < BEHIND_S for lag in self._lags.values())

    async def start(self, sites: Sequence[str]) -> None:
        """Warm the default bundle and load every site.

        Raises:
            BundleError: a bundle that should serve cannot; the service must not start.
        """
        await self._off_loop(self._library.default)
        for site in sites:
            await self._load(site)

    async def current(self, site: str) -> Active:
        """What decides for the site; loaded at the first call."""
        active = self._active.get(site)
        return active if active is not None else await self._load(site)

    async def refresh(self) -> int:
        """Load what moved since the last look at the sites' records, and tell the others where this process stands.

        Returns 0: there is never more to do at once.
        """
        await asyncio.gather(*(self._follow(site) for site in list(self._active)))
        await self._processes.announce({site: active.generation for site, active in self._active.items()})
        return 0

    async def _follow(self, site: str) -> None:
        try:
            record = await self._serving.get(site)
            if record.generation != self._active[site].generation:
                await self._load(site)
            self._lags.pop(site, None)
        except ModeratorError as error:
            metrics.FALLBACKS.labels("serving_behind").inc()
            if site not in self._lags:
                self._lags[site] = Lag(ticks(), error.code)
                _LOG.error("serving_behind", error=error, of=site)

    async def score(self, site: str, texts: Sequence[TextIn], *, spans: bool) -> list[tuple[Scored, tuple[Span, ...]]]:
        """Score texts without recording anything; spans are made when asked for.

        Raises:
            ScoringError: one of the texts cannot be scored.
        """
        active = await self.current(site)
        results: list[tuple[Scored, tuple[Span, ...]]] = []
        for piece in _slices(texts, _SLICE_CODE_POINTS[active.scorer.views]):
            results += await self._off_loop(_score, active.scorer, piece, spans)
        return results

    async def _load(self, site: str) -> Active:
        async with self._loading.setdefault(site, asyncio.Lock()):
            record = await self._serving.get(site)
            active = self._active.get(site)
            if active is not None and active.generation == record.generation:
                return active
            scorer = await self._scorer(record)
            name, policy = await self._policies.load(site, record.policy_version)
            active = Active(
                scorer=scorer, policy=policy, policy_name=name, generation=record.generation, salt=self._salt
            )
            self._active[site] = active
            self._library.keep({a.scorer.id for a in self._active.values()})
            metrics.activate(site, scorer.id, name)
            _LOG.info("serving_swapped", of=site, bundle=scorer.id, policy=name, generation=record.generation)
            return active

    async def _scorer(self, record: ServingRecord) -> Scorer:
        if record.champion is None:
            return await self._off_loop(self._library.default)
        folder = await self._library.folder(record.champion)
        return await self._off_loop(self._library.load, record.champion, folder)

    async def _off_loop(self, function: Callable[P, R], *args: P.args, **_: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)


def _slices(texts: Sequence[TextIn], limit: int) -> list[list[TextIn]]:
    slices: list[list[TextIn]] = []
    code_points = limit
    for text in texts:
        if code_points >= limit:
            slices.append([])
            code_points = 0
        slices[-1].append(text)
        code_points += len(text.text)
    return slices


def _score(scorer: Scorer, texts: Sequence[TextIn], spans: bool) -> list[tuple[Scored, tuple[Span, ...]]]:
    scored = scorer.score(texts)
    if not spans:
        return [(one, ()) for one in scored]
    return [(one, scorer.explain(text, one)) for text, one in zip(texts, scored, strict=True)]

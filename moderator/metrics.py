"""What the service counts, in Prometheus' words. Every name starts with `moderator_`; times are seconds.

Labels come from closed sets (routes, outcomes, codes) or from administrators (site, bundle, policy), never from
readers or clients: no comment text, no id, no field name. A labelled metric is a `Family`:
`DECIDED.labels("hold", "model").inc()` costs one look-up, for each child is bound once.
With several processes `settings.share_metrics` has run before this module is imported; each process then writes
files, and `render` adds them up.
"""

from collections.abc import Iterable
from itertools import product
from typing import Generic, TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from moderator import __version__
from moderator.domain import By, CaseKind, Outcome
from moderator.settings import metrics_folder

M = TypeVar("M", Counter, Gauge, Histogram)

REGISTRY = CollectorRegistry()
"""Ours alone: nothing that a library registers by itself shows up."""

# A start time for every series doubles the output and is not used by any alert.
disable_created_metrics()

_FAST_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Family(Generic[M]):
    """A labelled metric whose children are bound once. `known` ones are there at zero from the start, for alerts."""

    def __init__(self, metric: M, known: Iterable[tuple[str, ...]] = ()) -> None:
        self.metric: M = metric
        self._children: dict[tuple[str, ...], M] = {}
        for values in known:
            self.labels(*values)

    def labels(self, *values: str) -> M:
        """The child with these label values, in the order in which the metric names its labels."""
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self.metric.labels(*values)
        return child


def _counter(name: str, what: str) -> Counter:
    return Counter(name, what, namespace="moderator", registry=REGISTRY)


def _counters(name: str, what: str, labels: tuple[str, ...], known: Iterable[tuple[str, ...]] = ()) -> Family[Counter]:
    return Family(Counter(name, what, labels, namespace="moderator", registry=REGISTRY), known)


def _gauge(name: str, what: str) -> Gauge:
    return Gauge(name, what, namespace="moderator", registry=REGISTRY, multiprocess_mode="livesum")


def _histogram(name: str, what: str, buckets: Iterable[float] = _FAST_S) -> Histogram:
    return Histogram(name, what, namespace="moderator", registry=REGISTRY, buckets=tuple(buckets))


# HTTP. `route` is the route's template, never the path; `status` the number.
REQUESTS = _counters("requests", "Answered requests", ("route", "method", "status"))
REQUEST_SECONDS: Family[Histogram] = Family(
    Histogram(
        "request_seconds",
        "From the request's head read to its answer written",
        ("route",),
        namespace="moderator",
        registry=REGISTRY,
        buckets=_FAST_S,
    )
)
REFUSED = _counters("refused", "Refused requests by the problem's stable code", ("code",), [("overloaded",)])
UNKNOWN_FIELDS = _counter("unknown_fields", "Submissions with a field that this version does not know")

# Decisions
DECIDED = _counters(
    "decided", "Decisions taken by outcome and by whom", ("outcome", "by"), [*product(list(Outcome), list(By))]
)
REPLAYED = _counter("replayed", "Submissions that had been recorded before")
CASES = _counters("cases_opened", "Cases opened by kind", ("kind",), [(kind,) for kind in CaseKind])
FALLBACKS = _counters(
    "fallbacks",
    "Failures that were worked around, by what failed",
    ("what",),
    [
        ("scoring",),
        ("scoring_batch",),
        ("scoring_deadline",),
        ("explanation",),
        ("normalising",),
        ("policy",),
        ("batch_failed",),
        ("batcher_restarted",),
        ("serving_behind",),
    ],
)

# Intake: the bounded queue and its batches
WAITING = _gauge("queue_waiting", "Comments waiting to be moderated")
WAITED_SECONDS = _histogram("queue_waited_seconds", "From arrival in the queue to the start of its batch")
BATCH_COMMENTS = _histogram("batch_comments", "Comments moderated together", (1, 2, 4, 8, 16, 32, 64, 128, 256))
BATCH_SECONDS = _histogram("batch_seconds", "One batch until it is decided: signals, scores, decisions")
SCORING_SECONDS = _histogram("scoring_seconds", "Scoring one batch")

# Redis
ROUND_TRIPS = _counter("redis_round_trips", "Pipelines sent and answered")
COMMANDS = _counter("redis_commands", "Commands sent")
ROUND_TRIP_SECONDS = _histogram("redis_round_trip_seconds", "From a pipeline sent to its last answer")
REDIS_ERRORS = _counters(
    "redis_errors",
    "Commands not sent (refused), or sent and never answered (lost)",
    ("kind",),
    [("refused",), ("lost",)],
)
SERVER_RESTARTS = _counter("embedded_server_restarts", "Times the embedded server had to be started again")

# Background work and people
WORK = _counters("work", "Background items by kind and result", ("kind", "result"))
DEAD_LETTERS = _counters(
    "dead_letters", "Background items given up after their last try", ("kind",), [("decide",), ("rescore",)]
)
VERDICTS = _counters("verdicts", "Verdicts given by outcome", ("outcome",), [("approve",), ("reject",), ("undo",)])

# What is live
_ACTIVE = Family(
    Gauge(
        "active",
        "1 for the bundle and policy that decide for a site",
        ("site", "bundle", "policy"),
        namespace="moderator",
        registry=REGISTRY,
        multiprocess_mode="livemax",
    )
)
_active_now: dict[str, tuple[str, str, str]] = {}

_BUILD = Gauge(
    "build",
    "1 for the running version",
    ("version",),
    namespace="moderator",
    registry=REGISTRY,
    multiprocess_mode="max",
)
_BUILD.labels(__version__).set(1)


def activate(site: str, bundle: str, policy: str) -> None:
    """Say which bundle and policy now decide for `site`; the former pair stays visible at 0."""
    before, now = _active_now.get(site), (site, bundle, policy)
    if before is not None and before != now:
        _ACTIVE.labels(*before).set(0)
    _ACTIVE.labels(*now).set(1)
    _active_now[site] = now


def render() -> tuple[bytes, str]:
    """All metrics as text, and its content type. Reads files when several processes share their metrics."""
    folder = metrics_folder()
    if folder is None:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    shared = CollectorRegistry()
    MultiProcessCollector(shared, path=str(folder))
    return generate_latest(shared), CONTENT_TYPE_LATEST


def forget_process(pid: int) -> None:
    """Take the gauges of a process that ended out of the sum; its counters stay. For the parent of several."""
    folder = metrics_folder()
    if folder is not None:
        mark_process_dead(pid, path=str(folder))


if metrics_folder() is None:
    # Memory, file descriptors and CPU of this process; with several they would be those of whoever answers.
    ProcessCollector(namespace="moderator", registry=REGISTRY)

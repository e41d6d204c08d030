"""`make bench`: the rows of the budget, as ratios in one run, printed and kept in `results/`."""

import os
import platform
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec

from tests.bench import load, scoring, service
from tests.bench.texts import bodies

SECONDS = 6.0
PAIRS = 3
RESULTS = Path(__file__).parent / "results"

# (what, key of the result, unit, budget, goal): what issue and design ask for.
BUDGET = (
    ("surface view, batch of 64, a text", "surface_batch_64_us", "µs", "≤ 45"),
    ("surface view, alone, a text", "surface_alone_us", "µs", "≤ 120"),
    ("… times faster than HashingVectorizer", "batch_times_faster", "×", "≥ 4, goal 8"),
    ("… through POST /v1/score, 64 texts", "v1_score_times_faster", "×", "≥ 4"),
    ("both views, alone, a text", "both_alone_ms", "ms", "≤ 4"),
    ("both views, in batches, a text", "both_batch_ms", "ms", "≤ 2.5"),
    ("POST /v1/comments, surface, to bare", "surface_to_bare", "", "≥ 0.5, goal 0.75"),
    ("… p99 at half that load", "surface_p99_ms", "ms", "≤ 20"),
    ("POST /v1/comments, both views, to scoring alone", "both_to_scoring", "", "≥ 0.6, goal 0.9"),
    ("… p99 at half that load", "both_p99_ms", "ms", "≤ 60"),
    ("CPU of the service a comment, surface view, all of it", "surface_cpu_us", "µs", "≤ 250 + scoring"),
    ("Redis round trips a comment under load", "round_trips", "", "≤ 2"),
)


def main() -> int:
    """Measure everything and print it; 1 when an answer was not 2xx."""
    found = scoring.surface() | scoring.both()
    errors = 0
    with service.bare() as bare, service.moderator("surface") as ours:
        found |= scoring.through_http(ours)
        ratios, cpu = [], []
        for _ in range(PAIRS):
            theirs = load.most(bare.port, "/v1/comments", bare.key, _bodies(60_000), SECONDS)
            before, trips = ours.cpu_s(), ours.counter("moderator_redis_round_trips_total")
            mine = load.most(ours.port, "/v1/comments", ours.key, _bodies(60_000), SECONDS)
            cpu.append((ours.cpu_s() - before) * 1e6 / (mine.per_s * SECONDS))
            found["round_trips"] = (ours.counter("moderator_redis_round_trips_total") - trips) / (mine.per_s * SECONDS)
            ratios.append(mine.per_s / theirs.per_s)
            errors += mine.errors
            found |= {"bare_per_s": theirs.per_s, "surface_per_s": mine.per_s}
        found |= {"surface_to_bare": median(ratios), "surface_cpu_us": median(cpu)}
        late = load.steady(ours.port, "/v1/comments", ours.key, *_half(found["surface_per_s"]))
        found["surface_p99_ms"] = late.quantile(0.99)
        errors += late.errors
    with service.moderator("all") as ours:
        mine = load.most(ours.port, "/v1/comments", ours.key, _bodies(10_000), SECONDS)
        found |= {"both_http_per_s": mine.per_s, "both_to_scoring": mine.per_s / found["both_per_s"]}
        late = load.steady(ours.port, "/v1/comments", ours.key, *_half(mine.per_s))
        found["both_p99_ms"] = late.quantile(0.99)
        errors += mine.errors + late.errors
    _print(found, errors)
    return 1 if errors else 0


def _bodies(count: int) -> list[bytes]:
    return list(bodies(count, uuid.uuid4().hex[:8]))


def _half(per_s: float) -> tuple[list[bytes], float]:
    """Bodies for `SECONDS` at half the rate, and that rate."""
    return _bodies(int(per_s / 2 * SECONDS)), per_s / 2


def _print(found: dict[str, float], errors: int) -> None:
    now = datetime.now(UTC)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {platform.system()}"
    lines = [
        f"# {now:%Y-%m-%d %H:%M} UTC · {machine} · load from {load.client()}",
        "",
        "| what | measured | budget |",
        "|---|---|---|",
        *(f"| {what} | {found[key]:.2f} {unit} | {budget} |" for what, key, unit, budget in BUDGET if key in found),
        "",
        f"Answers other than 2xx: {errors}.",
    ]
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{now:%Y-%m-%d}.md").write_text(text)
    (RESULTS / f"{now:%Y-%m-%d}.json").write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


if __name__ == "__main__":
    raise SystemExit(main())

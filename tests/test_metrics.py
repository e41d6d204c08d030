"""Metrics: bound once, named alike, summed over processes."""

import re
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from moderator import metrics
from moderator.settings import metrics_folder


def samples() -> dict[str, float]:
    body, _ = metrics.render()
    return {
        "|".join([sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_everything_is_named_moderator_and_has_a_help_text() -> None:
    body, content_type = metrics.render()
    families = list(text_string_to_metric_families(body.decode()))

    assert content_type.startswith("text/plain")
    assert families
    for family in families:
        assert family.name.startswith("moderator_")
        assert family.documentation


def test_a_decision_counts_by_outcome_and_by_whom() -> None:
    before = samples()["moderator_decided_total|by=model|outcome=hold"]

    metrics.DECIDED.labels("hold", "model").inc()

    assert samples()["moderator_decided_total|by=model|outcome=hold"] == before + 1


def test_what_alerts_watch_is_there_at_zero_before_it_first_happens() -> None:
    assert {
        "moderator_fallbacks_total|what=scoring",
        "moderator_redis_errors_total|kind=refused",
        "moderator_refused_total|code=overloaded",
        "moderator_decided_total|by=rule|outcome=reject",
        "moderator_cases_opened_total|kind=appealed",
    } <= samples().keys()


def test_every_fallback_in_the_code_is_known_from_the_start() -> None:
    package = Path(metrics.__file__).parent
    used = {
        what
        for file in package.rglob("*.py")
        for what in re.findall(r"FALLBACKS\.labels\(\s*\"(\w+)\"", file.read_text("utf-8"))
    }
    known = {name.partition("=")[2] for name in samples() if name.startswith("moderator_fallbacks_total|")}

    assert used
    assert used <= known


def test_a_child_is_bound_once() -> None:
    child = metrics.REQUESTS.labels("/v1/comments", "POST", "201")

    assert metrics.REQUESTS.labels("/v1/comments", "POST", "201") is child


def test_the_active_bundle_and_policy_of_a_site_change_in_one_place() -> None:
    metrics.activate("gazette", "2026.11.1", "default@1")
    metrics.activate("gazette", "2026.11.2", "default@2")
    metrics.activate("gazette", "2026.11.2", "default@2")

    found = {name: value for name, value in samples().items() if name.endswith("|site=gazette")}
    assert found == {
        "moderator_active|bundle=2026.11.1|policy=default@1|site=gazette": 0,
        "moderator_active|bundle=2026.11.2|policy=default@2|site=gazette": 1,
    }


def test_the_memory_of_the_process_is_told() -> None:
    assert samples()["moderator_process_resident_memory_bytes"] > 1_000_000
    assert metrics_folder() is None


def test_several_processes_are_added_up(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from moderator.settings import share_metrics;"
        "share_metrics(Path(sys.argv[1]));"
        "from moderator import metrics;"
        "metrics.DECIDED.labels('approve', 'model').inc(3); metrics.WAITING.set(2);"
        "print(metrics.render()[0].decode())"
    )

    for _ in range(2):
        text = subprocess.check_output([sys.executable, "-c", script, str(tmp_path)], text=True)

    assert 'moderator_decided_total{by="model",outcome="approve"} 6.0' in text
    assert "moderator_queue_waiting 4.0" in text


def test_a_process_that_ended_leaves_its_counters_and_takes_its_gauges(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from moderator.settings import share_metrics;"
        "share_metrics(Path(sys.argv[1]));"
        "from moderator import metrics;"
        "metrics.REPLAYED.inc(); metrics.WAITING.set(2);"
        "metrics.forget_process(os.getpid());"
        "print(metrics.render()[0].decode())"
    )

    text = subprocess.check_output([sys.executable, "-c", script, str(tmp_path)], text=True)

    assert "moderator_replayed_total 1.0" in text
    assert "moderator_queue_waiting 2.0" not in text

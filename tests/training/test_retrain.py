"""A site's labels make a better bundle of the champion, or leave it alone."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moderator.errors import TrainingError
from moderator.scoring.bundle import Bundle
from moderator.scoring.scorer import Scorer, TextIn
from moderator.training.correction import Correction, correct
from moderator.training.retrain import Result, held_out_articles, retrain

NOUNS = ("budget", "bridge", "election", "parliament", "harbour", "railway", "tax", "school", "river", "festival")
VERBS = ("opened", "collapsed", "was debated", "cost too much", "divides the town", "surprised us", "comes late")
SLUR = ("turnip", "turnips", "turnipheads")
AT = datetime(2026, 12, 1, tzinfo=UTC)
Retrain = Callable[..., Result]


def sentence(draw: random.Random) -> str:
    return f"The {draw.choice(NOUNS)} {draw.choice(VERBS)} and the {draw.choice(NOUNS)} {draw.choice(VERBS)}"


def labels(count: int, *, seed: int = 1, share: float = 0.3) -> list[dict[str, Any]]:
    """Of a site whose readers call each other turnips, which its moderators do not like."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        toxic = draw.random() < share
        text = f"{sentence(draw)}, you {draw.choice(SLUR)}" if toxic else sentence(draw)
        answers = {"toxicity": 1, "insult": 1} if toxic else {"toxicity": 0, "spam": 0}
        rows.append({"id": f"c{number}", "text": text, "labels": answers, "group": f"a{number % 17}", "p": 1.0})
    return rows


def spoken(count: int, seed: int) -> list[tuple[str, bool]]:
    """Comments and whether moderators reject them: one idiot in three is only quoted, and some scorn has no word."""
    draw = random.Random(seed)
    comments = []
    for _ in range(count):
        kind = draw.random()
        if kind < 0.2:
            comments.append((f"{sentence(draw)}, you {draw.choice(('idiot', 'moron'))}", True))
        elif kind < 0.3:
            comments.append(
                (f"{sentence(draw)}, as in the film about an {draw.choice(('idiot', 'idiot abroad'))}", False)
            )
        else:
            comments.append((sentence(draw), kind < 0.33))
    return comments


def held_labels(folder: Path, comments: list[tuple[str, bool]]) -> list[dict[str, Any]]:
    """Labels as a site gets them: of what the bundle holds all, of what it lets pass one in twenty."""
    scores, rows = toxicity(folder, *(text for text, _ in comments)), []
    for number, ((text, rejected), score) in enumerate(zip(comments, scores, strict=True)):
        if score >= 0.65 or number % 20 == 0:
            p = 1.0 if score >= 0.65 else 0.05
            labels = {"toxicity": int(rejected)}
            rows.append({"id": f"c{number}", "text": text, "labels": labels, "group": f"a{number % 23}", "p": p})
    return rows


@pytest.fixture
def retrained(tiny_bundle: Path, tmp_path: Path) -> Retrain:
    def run(rows: list[dict[str, Any]], name: str = "2026.12.1", **more: Any) -> Result:
        return retrain(tiny_bundle, rows, tmp_path / name, identifier=name, created_at=AT, **more)

    return run


def toxicity(folder: Path, *texts: str) -> list[float]:
    return [scored.scores["toxicity"] for scored in Scorer(Bundle.load(folder)).score([TextIn(t) for t in texts])]


def gap_and_level(scores: list[float]) -> tuple[float, float]:
    """Of two scores the difference and the mean, in logits."""
    first, second = (float(np.log(score / (1 - score))) for score in scores)
    return first - second, (first + second) / 2


def test_it_learns_what_the_champion_did_not_know(retrained: Retrain, tiny_bundle: Path, tmp_path: Path) -> None:
    # Given 300 verdicts on an insult that the champion never heard
    told: list[str] = []
    result = retrained(labels(300), progress=told.append)
    # When both score comments that nobody labelled
    texts = ("He is such a turnip, really", "The ferry opened and the harbour was debated")
    before, after = toxicity(tiny_bundle, *texts), toxicity(tmp_path / "2026.12.1", *texts)
    # Then the candidate tells them apart, on held-out articles too: by a logit at least, about the champion's level
    (told_apart, level), (was_told_apart, old_level) = map(gap_and_level, (after, before))
    assert told_apart > was_told_apart + 1
    assert abs(level - old_level) < 0.5
    gates = {(gate.name, gate.attribute): gate.outcome for gate in result.gates}
    assert gates["ranking", "toxicity"] == "passed"
    assert not result.failed
    assert told


def test_the_bundle_says_where_it_comes_from_and_is_served(retrained: Retrain, tmp_path: Path) -> None:
    result = retrained(labels(120))
    bundle = Bundle.load(tmp_path / "2026.12.1")
    assert (bundle.id, bundle.manifest.parent, result.bundle) == ("2026.12.1", "2026.1.1", "2026.12.1")
    assert bundle.document("metrics.json")["parent"] == "2026.1.1"
    assert "Against the champion" in bundle.card
    Scorer(bundle, "surface")


def test_what_no_label_speaks_of_stays_as_it_was(retrained: Retrain, tiny_bundle: Path, tmp_path: Path) -> None:
    retrained(labels(120))
    old, new = Bundle.load(tiny_bundle).model, Bundle.load(tmp_path / "2026.12.1").model
    assert np.array_equal(old.surface.table[:, 6], new.surface.table[:, 6])
    assert np.array_equal(old.meaning[:, 6], new.meaning[:, 6])


def test_labels_without_any_sense_leave_the_champion_alone(
    retrained: Retrain, tiny_bundle: Path, tmp_path: Path
) -> None:
    # Given verdicts that a coin gave
    draw = random.Random(5)
    rows = [{**row, "text": sentence(draw)} for row in labels(200, share=0.1)]
    result = retrained(rows)
    # Then what was plain stays plain
    texts = ("You are an idiot and a moron", "The parliament votes on the budget tomorrow")
    before, after = toxicity(tiny_bundle, *texts), toxicity(tmp_path / "2026.12.1", *texts)
    assert after[0] - after[1] > 0.7 * (before[0] - before[1])
    assert ("ranking", "passed") not in {(gate.name, gate.outcome) for gate in result.gates}


def test_the_same_labels_give_the_same_bytes(retrained: Retrain, tmp_path: Path) -> None:
    rows = labels(120)
    folders = []
    for parent in ("first", "second"):
        retrained(rows, parent)
        folders.append(Bundle.load(tmp_path / parent).manifest.files)
    assert folders[0]["surface.npy"] == folders[1]["surface.npy"]
    assert folders[0]["meaning.npy"] == folders[1]["meaning.npy"]


def test_what_moderators_reject_is_held_no_less_although_only_held_comments_were_labelled(
    retrained: Retrain, tiny_bundle: Path, tmp_path: Path
) -> None:
    # Given labels of what the champion held, and a few audits
    result = retrained(held_labels(tiny_bundle, spoken(800, seed=3)), holds={"toxicity": 0.65})
    # When both score what nobody labelled
    unseen = spoken(400, seed=4)
    texts, rejected = [text for text, _ in unseen], np.array([answer for _, answer in unseen])
    before, after = (np.array(toxicity(folder, *texts)) >= 0.65 for folder in (tiny_bundle, tmp_path / "2026.12.1"))
    # Then what should be held is, what should not is held less, and the gate has counted the same
    assert (after & rejected).sum() >= (before & rejected).sum()
    assert (after & ~rejected).sum() < (before & ~rejected).sum()
    gate = next(gate for gate in result.gates if gate.name == "held")
    assert gate.outcome == "passed"
    assert gate.numbers["rejected_released"] == 0 < gate.numbers["approved_spared"]


def test_a_candidate_that_lets_rejected_comments_go_fails(
    retrained: Retrain, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a correction whose scores sink
    def sinking(*arguments: Any) -> Correction:
        return replace(correct(*arguments), offset=-6.0)

    monkeypatch.setattr("moderator.training.retrain.correct", sinking)
    # Then the gate says so
    result = retrained(held_labels(tiny_bundle, spoken(800, seed=3)), holds={"toxicity": 0.65})
    assert result.failed
    assert next(gate for gate in result.gates if gate.name == "held").outcome == "failed"


def test_learning_the_same_labels_again_changes_nothing(retrained: Retrain, tiny_bundle: Path, tmp_path: Path) -> None:
    # Given a bundle that learnt from labels
    rows = labels(200)
    retrained(rows, "first")
    # When it is trained again from its own result with the same labels
    result = retrain(
        tmp_path / "first", rows, tmp_path / "second", identifier="second", created_at=AT, root=tiny_bundle
    )
    # Then scores are the same: the correction is of the same bundle, not of itself
    first, second = Bundle.load(tmp_path / "first"), Bundle.load(tmp_path / "second")
    for files in ("surface.npy", "meaning.npy", "calibration.json", "vectors.json"):
        assert first.manifest.files[files] == second.manifest.files[files]
    assert second.manifest.parent == first.manifest.parent == "2026.1.1"
    assert result.metrics["champion"] == "first"


def test_a_correction_is_not_corrected(retrained: Retrain, tmp_path: Path) -> None:
    retrained(labels(120), "first")
    for root in (None, tmp_path / "first"):
        with pytest.raises(TrainingError, match=r"first is a correction of 2026\.1\.1"):
            retrain(tmp_path / "first", labels(120), tmp_path / "x", identifier="x", created_at=AT, root=root)


def test_what_is_left_as_it_is_says_why(retrained: Retrain) -> None:
    told: list[str] = []
    kept = retrained(labels(120), progress=told.append).metrics["kept"]
    assert kept["identity_attack"].startswith("0 yes and ")
    assert "5 of each are needed" in kept["identity_attack"]
    assert "toxicity" not in kept
    assert any("toxicity: choosing how strongly to pull" in line for line in told)


def test_too_few_labels_are_refused_before_anything_is_read(retrained: Retrain, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="39 labels"):
        retrained(labels(39))
    assert not (tmp_path / "2026.12.1").exists()


def test_whole_articles_are_held_out_about_a_quarter() -> None:
    groups = [f"a{n % 20}" for n in range(400)]
    held = held_out_articles(groups)
    assert 0.15 <= held.mean() <= 0.3
    assert not {g for g, h in zip(groups, held, strict=True) if h} & {
        g for g, h in zip(groups, held, strict=True) if not h
    }


def test_of_four_articles_one_is_held_out() -> None:
    groups = ["a"] * 10 + ["b"] * 10 + ["c"] * 10 + ["d"] * 10
    held = held_out_articles(groups)
    assert held.sum() == 10

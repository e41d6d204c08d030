"""A valid bundle with weights made by hand, for every test that needs a scorer and no particular quality.

It knows a few swear words and a few phrases of advertising in English, Russian and Ukrainian; everything else scores
low. Its meaning view is small noise, so that views `all` reads the encoder and decides nothing by it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.scoring import language
from moderator.scoring.bundle import Contents, EncoderRecord, Model, write
from moderator.scoring.calibration import ANY, VIEWS, Calibration
from moderator.scoring.encoding import shared_encoder
from moderator.scoring.meaning import DIMENSIONS, encoder_digest, encoder_name
from moderator.scoring.normalise import prepare
from moderator.scoring.scorer import record_vectors
from moderator.scoring.surface import BUCKETS, CHARACTER_BUCKETS, LANES, occurrences, quantise

BundleWriter: TypeAlias = Callable[[str], Path]

INSULTS = ("idiot", "moron", "scum", "идиот", "дурак", "мразь", "ідіот", "дурень", "покидьок")
OBSCENITIES = ("fuck", "shit", "сука", "хуй", "курва")
THREATS = ("kill you", "убью тебя", "уб'ю тебе")
ADVERTISING = ("casino", "bonus", "buy followers", "казино", "заработок", "бонус", "заробіток", "подписывайтесь")
TOXIC = (*INSULTS, *OBSCENITIES, *THREATS)

VECTORS = (
    ("You are an idiot and a moron.", "en"),
    ("The parliament votes on the budget tomorrow.", "en"),
    ("Какой же ты идиот, сука.", "ru"),
    ("Спасибо за статью, очень интересно.", "ru"),
    ("Який же ти дурень!", "uk"),
    ("Casino bonus for everybody: http://win.example", "en"),
)


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a valid bundle `2026.1.1`; do not write into it."""
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "2026.1.1", "2026.1.1")


@pytest.fixture
def tiny_bundles(tmp_path: Path) -> BundleWriter:
    """Write another valid bundle by id, alike but for its id, in a folder of the test's own."""
    return lambda bundle_id: write_tiny_bundle(tmp_path / "bundles" / bundle_id, bundle_id)


def write_tiny_bundle(folder: Path, bundle_id: str) -> Path:
    model = tiny_model()
    contents = Contents(
        id=bundle_id,
        created_at="2026-01-01T00:00:00Z",
        model=model,
        encoder=EncoderRecord(encoder_name(), encoder_digest()),
        detector=language.name(),
        vectors=record_vectors(model, VECTORS, shared_encoder()),
        curves={
            name: {"thresholds": [0.0, 0.5, 1.0], "tpr": [1.0, 0.8, 0.0], "fpr": [1.0, 0.1, 0.0]} for name in ATTRIBUTES
        },
        metrics={"toxicity": {"auc": 0.9}},
        card="# A bundle for tests\n",
        training={"sources": ["by hand"]},
    )
    write(folder, contents)
    return folder


def tiny_model() -> Model:
    weights = np.zeros((BUCKETS, LANES), np.float32)
    for attribute, phrases in (
        ("toxicity", TOXIC),
        ("insult", INSULTS),
        ("obscene", OBSCENITIES),
        ("threat", THREATS),
        ("spam", ADVERTISING),
    ):
        _teach(weights, attribute, phrases)
    noise = np.random.default_rng(1).normal(0, 0.01, (DIMENSIONS, len(ATTRIBUTES)))
    return Model(quantise(weights), noise.astype(np.float16).astype(np.float32), _calibration())


def _teach(weights: NDArray[np.float32], attribute: str, phrases: Sequence[str]) -> None:
    """Give the words of `phrases` and their longer n-grams weight; of a phrase only what is its own."""
    lane = ATTRIBUTES.index(attribute)
    for phrase in phrases:
        found = occurrences(prepare(phrase).own)
        words = found.buckets >= CHARACTER_BUCKETS
        long = found.ends - found.begins >= 4
        whole = found.ends - found.begins >= min(len(phrase), 7)
        weights[found.buckets[words & whole], lane] = 20.0
        if " " not in phrase:
            weights[found.buckets[~words & long], lane] = 4.0


def _calibration() -> Calibration:
    every = dict.fromkeys(ATTRIBUTES, 1.0)
    return Calibration(
        intercepts=dict.fromkeys(ATTRIBUTES, -3.0),
        meaning_weights={ANY: every, "uk": dict.fromkeys(ATTRIBUTES, 0.0)},
        maps={views: {ANY: dict.fromkeys(ATTRIBUTES, (1.0, 0.0))} for views in VIEWS},
    )

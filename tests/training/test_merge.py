"""A correction survives quantisation, and what it does not touch is not touched."""

from pathlib import Path

import numpy as np

from moderator.scoring.bundle import Bundle
from moderator.training.correction import Correction
from moderator.training.merge import merged


def test_many_small_weights_arrive_although_each_is_below_a_step(tiny_bundle: Path) -> None:
    # Given a correction of ten thousand weights of a third of a step
    champion = Bundle.load(tiny_bundle).model
    step = float(champion.surface.scales[0])
    buckets = np.arange(50_000, 60_000)
    correction = Correction(
        buckets=buckets,
        values=np.full(len(buckets), step / 3),
        meaning=np.zeros(512),
        offset=0.5,
        surface_offset=0.25,
        pull=10.0,
        losses={},
    )
    # When it is merged
    model = merged(champion, {0: correction})
    # Then their sum is what was asked for, and all else is as it was
    change = (model.surface.table[:, 0].astype(int) - champion.surface.table[:, 0]) * step
    assert abs(change[buckets].sum() / (len(buckets) * step / 3) - 1) < 0.05
    assert not np.delete(change, buckets).any()
    assert np.array_equal(model.surface.table[:, 1:], champion.surface.table[:, 1:])
    slope, offset = champion.calibration.maps["all"]["*"]["toxicity"]
    assert model.calibration.maps["all"]["*"]["toxicity"] == (slope, offset + 0.5)
    assert model.calibration.maps["surface"]["*"]["toxicity"][1] == offset + 0.25

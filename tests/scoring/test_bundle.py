"""Bundles: written whole, verified on loading, refused in a sentence, and harmless whatever they hold."""

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moderator.errors import BundleError
from moderator.scoring import bundle
from moderator.scoring.bundle import FILES, Bundle, pack, unpack
from moderator.scoring.scorer import Scorer


@pytest.fixture
def copy(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A bundle that a test may spoil; the large array is a link to the original."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in (*FILES, "manifest.json"):
        if name == "surface.npy":
            (folder / name).symlink_to(tiny_bundle / name)
        else:
            shutil.copy(tiny_bundle / name, folder / name)
    return folder


def sign(folder: Path, **changes: Any) -> None:
    """Write the manifest again so that it fits the files, with `changes`."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name in FILES:
        data = (folder / name).read_bytes()
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))


def edit(folder: Path, name: str, change: Callable[[Any], object]) -> None:
    document = json.loads((folder / name).read_bytes())
    change(document)
    (folder / name).write_text(json.dumps(document))
    sign(folder)


def test_a_bundle_is_read_as_it_was_written(tiny_bundle: Path) -> None:
    loaded = Bundle.load(tiny_bundle)
    assert loaded.id == "2026.1.1"
    assert loaded.manifest.training == {"sources": ["by hand"]}
    assert loaded.document("metrics.json") == {"toxicity": {"auc": 0.9}}
    assert loaded.card == "# A bundle for tests\n"
    assert isinstance(loaded.model.surface.table.base, np.memmap)
    assert not loaded.model.surface.table.flags.writeable


def test_the_same_contents_give_the_same_bytes(tiny_bundle: Path, tiny_bundles: Callable[[str], Path]) -> None:
    again = tiny_bundles("2026.1.1")
    assert all((again / name).read_bytes() == (tiny_bundle / name).read_bytes() for name in (*FILES, "manifest.json"))


def test_a_bundle_is_never_written_over(tiny_bundles: Callable[[str], Path]) -> None:
    tiny_bundles("2026.1.2")
    with pytest.raises(BundleError, match="immutable"):
        tiny_bundles("2026.1.2")


def test_a_bundle_travels_as_one_value(tiny_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    packed = pack(tiny_bundle)
    assert len(packed) <= bundle.MAX_PACKED_BYTES
    arrived = unpack(packed, tmp_path / "there" / "2026.1.1")
    assert arrived.manifest == Bundle.load(tiny_bundle).manifest
    with pytest.raises(BundleError, match="damaged"):
        unpack(packed[:-100], tmp_path / "there" / "cut")
    with pytest.raises(BundleError, match="does not hold"):
        unpack(zlib.compress(msgspec.msgpack.encode({"../x": b"x"})), tmp_path / "there" / "odd")
    assert [folder.name for folder in (tmp_path / "there").iterdir()] == ["2026.1.1"]


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleError, match=name):
        Bundle.load(copy)


@pytest.mark.parametrize("name", ["scales.npy", "meaning.npy", "calibration.json", "vectors.json", "CARD.md"])
def test_a_changed_file_is_named(copy: Path, name: str) -> None:
    with (copy / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(BundleError, match=f"{name} is not what manifest.json says; fetch or train"):
        Bundle.load(copy)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "its format is not 1"),
        ({"features": 99}, "features are of version 99"),
        ({"attributes": ["toxicity"]}, "its attributes are not"),
        ({"id": "../../etc"}, "its id is not"),
        ({"files": {}}, "does not name the files"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_with_the_reason(
    copy: Path, changes: dict[str, Any], says: str
) -> None:
    sign(copy, **changes)
    with pytest.raises(BundleError, match=says):
        Bundle.load(copy)


def test_numbers_that_cannot_be_served_are_refused(copy: Path) -> None:
    edit(copy, "calibration.json", lambda document: document["intercepts"].pop("spam"))
    with pytest.raises(BundleError, match="no numbers for spam"):
        Bundle.load(copy)


def test_an_array_of_another_shape_or_kind_is_refused(copy: Path) -> None:
    np.save(copy / "scales.npy", np.ones(9, np.float32))
    sign(copy)
    with pytest.raises(BundleError, match="no array of float32"):
        Bundle.load(copy)
    np.save(copy / "scales.npy", np.array([{"a": 1}] * 8), allow_pickle=True)
    sign(copy)
    with pytest.raises(BundleError, match="no array of float32"):
        Bundle.load(copy)
    np.save(copy / "scales.npy", np.full(8, np.nan, np.float32))
    sign(copy)
    with pytest.raises(BundleError, match="not finite"):
        Bundle.load(copy)


def test_a_vector_that_scores_otherwise_is_refused_by_the_scorer(copy: Path) -> None:
    edit(copy, "vectors.json", lambda vectors: vectors[2]["scores"]["surface"].__setitem__(0, 0.01))
    loaded = Bundle.load(copy)
    with pytest.raises(BundleError, match=r"test vector 3 of 6 scores otherwise than recorded with views surface"):
        Scorer(loaded, "surface")


def test_another_encoder_is_refused_for_both_views_and_no_matter_for_the_surface(copy: Path) -> None:
    sign(copy, encoder={"name": "another encoder 9", "digest": "0" * 64})
    loaded = Bundle.load(copy)
    with pytest.raises(BundleError, match=r"fitted on another encoder 9.*MODERATOR_VIEWS=surface"):
        Scorer(loaded, "all")
    assert Scorer(loaded, "surface").id == "2026.1.1"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_fuzzed_bundle_is_refused_or_loads_and_nothing_else(copy: Path, data: st.DataObject) -> None:
    # Given a bundle in which one file's bytes were changed, and perhaps a manifest that vouches for them
    name = data.draw(st.sampled_from([name for name in (*FILES, "manifest.json") if name != "surface.npy"]))
    original = (copy / name).read_bytes()
    manifest = (copy / "manifest.json").read_bytes()
    begin = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(begin, min(begin + 40, len(original))))
    patch = data.draw(st.binary(max_size=40) | st.sampled_from([b"NaN", b"1e999", b"[" * 2_000, b'"\\ud800"', b"null"]))
    (copy / name).write_bytes(original[:begin] + patch + original[end:])
    if name != "manifest.json" and data.draw(st.booleans()):
        sign(copy)
    # When it is loaded, then it works or is refused
    with suppress(BundleError):
        Scorer(Bundle.load(copy), "surface")
    (copy / name).write_bytes(original)
    (copy / "manifest.json").write_bytes(manifest)

"""A trained model on disk: a folder of arrays and JSON, named in a manifest with a digest each.

    manifest.json      what it is, what it was trained on, SHA-256 and size of every other file
    surface.npy        int8 (BUCKETS, LANES), memory-mapped: all processes share one copy
    scales.npy         float32 (LANES): a weight is table * scale
    meaning.npy        float16 (512, attributes): the head on the sentence encoder's vectors
    calibration.json   `calibration.Calibration`
    vectors.json       texts with the scores that this model gives them: `Scorer` checks that it still does
    curves.json metrics.json CARD.md      for people and for thresholds by goal; not read while scoring

A bundle is immutable and nothing in it is executable: no pickle, and array files are compared with the header that
they must have rather than parsed. `estimator.joblib`, which training may leave beside these, is not part of it.
"""

import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.lib import format as npy
from numpy.typing import NDArray

from moderator.domain import ATTRIBUTES
from moderator.errors import BundleError
from moderator.scoring.calibration import VIEWS, Calibration
from moderator.scoring.surface import BUCKETS, FEATURES_VERSION, LANES, Weights

FORMAT = 1
MEANING_DIMENSIONS = 512
MAX_PACKED_BYTES = 16 * 1024 * 1024
_MAX_UNPACKED_BYTES = 64 * 1024 * 1024
_MAX_JSON_BYTES = 16 * 1024 * 1024

MANIFEST = "manifest.json"
FILES = (
    "surface.npy",
    "scales.npy",
    "meaning.npy",
    "calibration.json",
    "vectors.json",
    "curves.json",
    "metrics.json",
    "CARD.md",
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AGAIN = "fetch or train the bundle again"
_Read = TypeVar("_Read")


class FileRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file must be."""

    sha256: str
    bytes: int


class EncoderRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """The sentence encoder that the head was fitted on."""

    name: str
    digest: str


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bundle's own description.

    `features` is the `FEATURES_VERSION`; `detector` names the language detector that calibration by language rests
    on; `parent` is the champion that a correction was fitted to; `training` is free.
    """

    format: int
    id: str
    created_at: str
    attributes: tuple[str, ...]
    features: int
    encoder: EncoderRecord
    detector: str
    files: dict[str, FileRecord]
    parent: str | None = None
    training: dict[str, Any] = {}


class Vector(Struct, frozen=True, forbid_unknown_fields=True):
    """A text in a known language and the scores it must get: views → one score an attribute, in their order."""

    text: str
    language: str
    scores: dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Model:
    """All that scoring needs. `meaning` float32 (512, attributes)."""

    surface: Weights
    meaning: NDArray[np.float32]
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What `write` makes a bundle of; everything in it is data of the caller's, the clock included."""

    id: str
    created_at: str
    model: Model
    encoder: EncoderRecord
    detector: str
    vectors: tuple[Vector, ...]
    curves: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""
    parent: str | None = None
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle. Its large array is memory-mapped: the folder must stay while it is used."""

    folder: Path
    manifest: Manifest
    model: Model
    vectors: tuple[Vector, ...]

    @property
    def id(self) -> str:
        """Its version, e.g. `2026.11.1`."""
        return self.manifest.id

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """Read and verify everything but the scores of its vectors, which `Scorer` does: it knows the views.

        Raises:
            BundleError: which file or field is wrong and what to do; nothing else, whatever the folder holds.
        """
        manifest = _manifest(folder)
        for name in FILES:
            _verify(folder, name, manifest)
        calibration = _json(folder, "calibration.json", Calibration)
        if problem := calibration.problem():
            raise _refused(folder, f"calibration.json: {problem}", _AGAIN)
        vectors = _json(folder, "vectors.json", tuple[Vector, ...])
        _check_vectors(folder, vectors)
        weights = Weights(
            _array(folder, "surface.npy", np.int8, (BUCKETS, LANES)),
            np.array(_array(folder, "scales.npy", np.float32, (LANES,))),
        )
        meaning = _array(folder, "meaning.npy", np.float16, (MEANING_DIMENSIONS, len(ATTRIBUTES))).astype(np.float32)
        return cls(folder, manifest, Model(weights, meaning, calibration), vectors)

    def document(self, name: str) -> dict[str, Any]:
        """A JSON file for people, `curves.json` or `metrics.json`, read now.

        Raises:
            BundleError: it is gone or no longer what was verified.
        """
        _verify(self.folder, name, self.manifest)
        return _json(self.folder, name, dict[str, Any])

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return _read(self.folder, "CARD.md").decode(errors="replace")


def write(folder: Path, contents: Contents) -> Manifest:
    """Write a bundle into `folder`, which is made; the same contents give the same bytes.

    The folder appears whole or not at all.

    Raises:
        BundleError: there is something in its place already; bundles are immutable.
    """
    model = contents.model
    files = {
        "surface.npy": _npy(model.surface.table, np.int8),
        "scales.npy": _npy(model.surface.scales, np.float32),
        "meaning.npy": _npy(model.meaning, np.float16),
        "calibration.json": _encoded(model.calibration),
        "vectors.json": _encoded(contents.vectors),
        "curves.json": _encoded(contents.curves),
        "metrics.json": _encoded(contents.metrics),
        "CARD.md": contents.card.encode(),
    }
    manifest = Manifest(
        format=FORMAT,
        id=contents.id,
        created_at=contents.created_at,
        attributes=ATTRIBUTES,
        features=FEATURES_VERSION,
        encoder=contents.encoder,
        detector=contents.detector,
        files={name: FileRecord(hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()},
        parent=contents.parent,
        training=dict(contents.training),
    )
    _place(folder, {**files, MANIFEST: _encoded(manifest)})
    return manifest


def pack(folder: Path) -> bytes:
    """The bundle as one value for other machines: its files, compressed; nothing that lies beside them.

    Raises:
        BundleError: a file is missing, or the value would pass `MAX_PACKED_BYTES`.
    """
    files = {name: _read(folder, name) for name in (MANIFEST, *FILES)}
    packed = zlib.compress(msgspec.msgpack.encode(files), 6)
    if len(packed) > MAX_PACKED_BYTES:
        raise _refused(folder, f"packed it is over {MAX_PACKED_BYTES} bytes", "train a smaller one")
    return packed


def unpack(packed: bytes, folder: Path) -> Bundle:
    """Write what `pack` made into `folder` and load it; the folder appears whole or not at all.

    Raises:
        BundleError: it is not such a value, or not a valid bundle (the folder is then taken away again).
    """
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(packed[:MAX_PACKED_BYTES], _MAX_UNPACKED_BYTES)
        files = msgspec.msgpack.decode(data, type=dict[str, bytes])
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError):
        raise _refused(folder, "the packed value is damaged", "publish the bundle again") from None
    if set(files) != {MANIFEST, *FILES}:
        raise _refused(folder, "the packed value does not hold a bundle's files", "publish the bundle again")
    _place(folder, files)
    try:
        return Bundle.load(folder)
    except BundleError:
        shutil.rmtree(folder)
        raise


def _place(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, data in files.items():
            (made / name).write_bytes(data)
        made.chmod(0o755)
        made.rename(folder)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        if folder.exists():
            raise _refused(folder, "there is a bundle already, and bundles are immutable", "give a new id") from error
        raise


def _refused(folder: Path, what: str, remedy: str) -> BundleError:
    return BundleError(f"bundle {folder.name} refused: {what}; {remedy}")


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be read"
        raise _refused(folder, f"{name}: {reason}", _AGAIN) from None


def _manifest(folder: Path) -> Manifest:
    version = _json(folder, MANIFEST, dict[str, Any]).get("format")
    if version != FORMAT:
        raise _refused(folder, f"its format is not {FORMAT}", "use the release that wrote it, or train again")
    manifest = _json(folder, MANIFEST, Manifest)
    if manifest.features != FEATURES_VERSION:
        raise _refused(
            folder, f"its features are of version {manifest.features}, not {FEATURES_VERSION}", "train it again"
        )
    if manifest.attributes != ATTRIBUTES:
        raise _refused(folder, f"its attributes are not {', '.join(ATTRIBUTES)}", "train it again")
    if not _ID.fullmatch(manifest.id):
        raise _refused(folder, "its id is not 1 to 64 letters, digits, dots, hyphens", _AGAIN)
    if set(manifest.files) != set(FILES):
        raise _refused(folder, "manifest.json does not name the files of a bundle", _AGAIN)
    return manifest


def _verify(folder: Path, name: str, manifest: Manifest) -> None:
    expected = manifest.files[name]
    digest = hashlib.sha256()
    size = 0
    try:
        with (folder / name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
                size += len(block)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be read"
        raise _refused(folder, f"{name}: {reason}", _AGAIN) from None
    if size != expected.bytes or digest.hexdigest() != expected.sha256:
        raise _refused(folder, f"{name} is not what manifest.json says", _AGAIN)


def _json(folder: Path, name: str, kind: type[_Read]) -> _Read:
    data = _read(folder, name)
    if len(data) > _MAX_JSON_BYTES:
        raise _refused(folder, f"{name} is over {_MAX_JSON_BYTES} bytes", _AGAIN)
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise _refused(folder, f"{name}: {error}", _AGAIN) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _refused(folder, f"{name} is not JSON", _AGAIN) from None


def _check_vectors(folder: Path, vectors: tuple[Vector, ...]) -> None:
    complete = all(len(vector.scores.get(views, ())) == len(ATTRIBUTES) for vector in vectors for views in VIEWS)
    if not vectors or not complete:
        raise _refused(folder, "vectors.json does not hold scores for every attribute and both views", _AGAIN)


def _header(kind: type[np.generic], shape: tuple[int, ...]) -> bytes:
    header = BytesIO()
    npy.write_array_header_1_0(
        header, {"descr": npy.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": shape}
    )
    return header.getvalue()


def _array(folder: Path, name: str, kind: type[np.generic], shape: tuple[int, ...]) -> NDArray[Any]:
    """Map an array that must be exactly of this kind and shape; its header is compared, never parsed."""
    header = _header(kind, shape)
    path = folder / name
    size = len(header) + int(np.prod(shape)) * np.dtype(kind).itemsize
    with path.open("rb") as file:
        found = file.read(len(header))
    if found != header or path.stat().st_size != size:
        raise _refused(folder, f"{name} is no array of {np.dtype(kind).name} {shape}", _AGAIN)
    array: NDArray[Any] = np.memmap(path, kind, "r", len(header), shape).view(np.ndarray)
    if not np.isfinite(array if array.size < BUCKETS else 0).all():
        raise _refused(folder, f"{name} holds a number that is not finite", _AGAIN)
    return array


def _npy(array: NDArray[Any], kind: type[np.generic]) -> bytes:
    data = np.ascontiguousarray(array, kind)
    return _header(kind, data.shape) + data.tobytes()


def _encoded(value: Any) -> bytes:
    text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    return text.encode() + b"\n"

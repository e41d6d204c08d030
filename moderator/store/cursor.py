"""Cursors: where a listing goes on. Opaque to callers, checked when they come back.

Two kinds, told apart by the first byte, as base64url without padding:

- a *place* in a listing that is ordered by (milliseconds, id);
- *positions*: how far a reader of changes has come in each lane.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from moderator.errors import FieldError, InputError

_PLACE, _POSITIONS = b"p", b"c"
_MAX_CHARS = 2048
_MS_BYTES = 6  # enough until the year 10889


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The last item that was seen: its order in milliseconds, and its id, which settles ties."""

    ms: int
    id: str


def invalid_cursor() -> InputError:
    return InputError(FieldError("/cursor", "invalid_cursor", "the cursor is not one that this listing gave"))


def encode_place(place: Place) -> str:
    return _text(_PLACE + place.ms.to_bytes(_MS_BYTES, "big") + place.id.encode())


def decode_place(cursor: str | None) -> Place | None:
    """None: from the start.

    Raises:
        InputError: pointer `/cursor`, code `invalid_cursor`.
    """
    if cursor is None:
        return None
    raw = _raw(cursor, _PLACE)
    if len(raw) <= _MS_BYTES:
        raise invalid_cursor()
    try:
        return Place(int.from_bytes(raw[:_MS_BYTES], "big"), raw[_MS_BYTES:].decode())
    except UnicodeDecodeError:
        raise invalid_cursor() from None


def encode_positions(positions: Sequence[int]) -> str:
    """Each as a number of 7 bits a byte, lowest first: 64 lanes of a million comments each are 259 characters."""
    packed = bytearray()
    for position in positions:
        rest = position
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return _text(_POSITIONS + packed)


def decode_positions(cursor: str | None, lanes: int) -> list[int]:
    """One position a lane; None: zeros, from the very first change.

    Raises:
        InputError: pointer `/cursor`, code `invalid_cursor`.
    """
    if cursor is None:
        return [0] * lanes
    positions, value, shift = [], 0, 0
    for byte in _raw(cursor, _POSITIONS):
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            positions.append(value)
            value = shift = 0
    # Positions are counters that start at 1 and are far below 2**53, where a sorted set stops telling integers apart.
    if shift or len(positions) != lanes or max(positions) >= 2**53:
        raise invalid_cursor()
    return positions


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(cursor: str, kind: bytes) -> bytes:
    """What stands behind the kind's byte.

    Raises:
        InputError: not base64url, of another kind, or not in the one spelling that `_text` gives.
    """
    if len(cursor) > _MAX_CHARS or not cursor.isascii():
        raise invalid_cursor()
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise invalid_cursor() from None
    if raw[:1] != kind or _text(raw) != cursor:
        raise invalid_cursor()
    return raw[1:]

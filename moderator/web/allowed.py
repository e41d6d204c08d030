"""Which values a field takes, read from the struct that describes it: ours to tell, whatever the caller sent."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import inspect

KEY, ANY_KEY = "key", "[...]"
"""Steps of msgspec's own: into the keys of a map, and into whichever of its values."""


@lru_cache(maxsize=256)
def allowed_values(shape: Any, steps: tuple[str, ...]) -> tuple[str, ...]:
    """The values that the field at `steps` under `shape` takes, as JSON text has them; none where it takes any.

    A step is a field's name, a place in a list, `KEY` or `ANY_KEY`.
    """
    kinds = [*_parts(inspect.type_info(shape))]
    for step in steps:
        kinds = [part for kind in kinds for inner in _below(kind, step) for part in _parts(inner)]
    return tuple(str(value) for kind in kinds for value in _values(kind))


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    """What a type is made of once its choices and the notes on it are taken apart."""
    if isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _parts(each)
    elif isinstance(kind, inspect.Metadata):
        yield from _parts(kind.type)
    else:
        yield kind


def _below(kind: inspect.Type, step: str) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.StructType):
        yield from (each.type for each in kind.fields if each.encode_name == step)
    elif isinstance(kind, inspect.DictType):
        yield kind.key_type if step == KEY else kind.value_type
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield kind.item_type


def _values(kind: inspect.Type) -> Iterator[object]:
    if isinstance(kind, inspect.LiteralType):
        yield from kind.values
    elif isinstance(kind, inspect.EnumType):
        yield from (each.value for each in kind.cls)

"""Settings convert between typed values and the plain values that files hold."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import tyro

from style3d.regions.region import Region, region_of, region_of_text


def hints(kind: type) -> dict[str, Any]:
    """The annotation of each field of a dataclass, with what is written beside its type."""
    found = get_type_hints(kind, include_extras=True)
    return {field.name: found[field.name] for field in dataclasses.fields(kind)}


def _argument(words: list[str]) -> Region:
    return region_of_text(words[0])


RegionArgument = Annotated[
    Region,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="REGION",
        instance_from_str=_argument,
        is_instance=lambda value: isinstance(value, Region),
        str_from_instance=lambda value: [str(value)],
    ),
]


def plain(value: Any) -> Any:
    """The value as JSON holds it."""
    if isinstance(value, Region):
        return value.values()
    if isinstance(value, Path):
        return str(value)
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def move_paths(value: Any, move: Callable[[Path], Path]) -> Any:
    """The value with ``move`` applied to every path in it."""
    if isinstance(value, Path):
        return move(value)
    if isinstance(value, Region):
        places = {"style": value.style, "mask": value.where.mask}
        style, mask = (None if path is None else move(path) for path in places.values())
        return dataclasses.replace(value, style=style, where=dataclasses.replace(value.where, mask=mask))
    return tuple(move_paths(item, move) for item in value) if isinstance(value, tuple) else value


def as_type(hint: Any, value: Any) -> Any:
    """The plain ``value`` as an annotation wants it.

    Raises:
        ValueError: it does not fit; the message says what was expected.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return as_type(arguments[0], value)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return as_type(next(part for part in arguments if part is not type(None)), value)
    if hint is Region:
        return region_of(value)
    if origin is Literal:
        if value not in arguments:
            raise ValueError("one of " + ", ".join(map(str, arguments)))
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError("a list")
        return tuple(as_type(arguments[0], item) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = str if hint is Path else hint
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise ValueError({str: "text", int: "a whole number", float: "a number", bool: "true or false"}[wanted])
    return Path(value) if hint is Path else value

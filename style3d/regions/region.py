"""A region selects a part of the scene and says what becomes of it."""

from __future__ import annotations

import reprlib
import shlex
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, final

from style3d.errors import Style3DError, unknown_name
from style3d.regions.selector import Where

SHAPES = ("box", "sphere", "depth", "depth_share")
NUMBERS = ("feather", "strength", "brush_size")
PATHS = ("mask", "style")


@final
@dataclass(frozen=True)
class Region:
    """A part of the scene with its own style. Later regions lie over earlier ones.

    Concretely: what the material 'Leather' colours, like gold.jpg at 60 % strength with strokes of 0.1 scene units.
    """

    where: Where = field(default_factory=Where)
    style: Path | None = None  # default: the job's
    strength: float = 1.0  # 0 keeps the original, 1 is the style
    brush_size: float | None = None  # scene units along the style's longer side; default: the job's

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        if not 0 <= self.strength <= 1:
            raise Style3DError("a region's strength is out of range", got=self.strength, expected="0 to 1")
        if self.brush_size is not None and not 0 < self.brush_size < 1e12:
            raise Style3DError("a region's brush-size is out of range", got=self.brush_size, expected="above 0")

    def values(self) -> dict[str, Any]:
        """The region as a file holds it, without what was left out."""
        default, found = Region(), {}
        for owner, base in ((self.where, default.where), (self, default)):
            for item in fields(owner):
                value = getattr(owner, item.name)
                if item.name != "where" and value != getattr(base, item.name):
                    plain = list(value) if isinstance(value, tuple) else value
                    found[item.name] = str(plain) if isinstance(plain, Path) else plain
        return found

    def __str__(self) -> str:
        """The region as it is written on the command line."""
        return shlex.join(f"{key}={_as_text(value)}" for key, value in self.values().items())


def region_of(values: Any) -> Region:
    """The region that plain values describe: ``{"material": "Leather", "style": "gold.jpg", "strength": 0.6}``.

    Raises:
        Style3DError: an unknown key, or a value of another kind.
    """
    if isinstance(values, str):
        return region_of_text(values)
    known = [item.name for owner in (Where, Region) for item in fields(owner) if item.name != "where"]
    if not isinstance(values, dict):
        raise Style3DError("a region must be a list of settings", got=values, expected=f"any of {', '.join(known)}")
    typed: dict[str, Any] = {}
    for key, value in values.items():
        name = str(key).replace("-", "_")
        if name not in known:
            raise unknown_name("setting of a region", str(key), known)
        typed[name] = _as_field(name, value)
    places = {item.name for item in fields(Where)}
    where = Where(**{name: value for name, value in typed.items() if name in places})
    return Region(where, **{name: value for name, value in typed.items() if name not in places})


def region_of_text(text: str) -> Region:
    """The region that a command-line argument describes: ``material=Leather style=gold.jpg strength=0.6``.

    Raises:
        Style3DError: see `region_of`.
    """
    try:
        pairs = [part.partition("=") for part in shlex.split(text)]
    except ValueError as error:
        raise Style3DError(f"the region {text!r} cannot be understood", got=error, hint="check its quotes") from None
    if not pairs or not all(sign for _, sign, _ in pairs):
        hint = "write it like 'material=Leather style=gold.jpg strength=0.6'"
        raise Style3DError(f"the region {text!r} cannot be understood", hint=hint)
    return region_of({key: value for key, _, value in pairs})


def _as_field(name: str, value: Any) -> Any:
    """A value as a field of `Where` or `Region` wants it; numbers may be text."""
    try:
        if name in SHAPES:
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(float(part) for part in parts)
        if name in NUMBERS:
            return float(value)
    except (TypeError, ValueError):
        wanted = "numbers with commas between" if name in SHAPES else "a number"
        got = reprlib.repr(value)
        raise Style3DError(f"a region's {name} cannot be understood", got=got, expected=wanted) from None
    if name == "view" and isinstance(value, int):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise Style3DError(f"a region's {name} cannot be understood", got=reprlib.repr(value), expected="text")
    return Path(value) if name in PATHS else value


def _as_text(value: Any) -> str:
    return ",".join(f"{part:.12g}" for part in value) if isinstance(value, list) else str(value)

"""A selector chooses a part of a scene by name, by mask, by a shape in scene units, or by depth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from style3d.errors import Style3DError


@final
@dataclass(frozen=True)
class Where:
    """What fulfils every condition given; nothing given is the whole scene.

    Concretely: what the material 'Leather' colours, above y = 1.2, fading over the last 0.05 scene units.
    """

    material: str | None = None  # a name, or a pattern of names: "Leather*"
    node: str | None = None
    mesh: str | None = None
    mask: Path | None = None  # an image in texture space, or over a view: white is in, black is out, grey in between
    view: str | None = None  # the view that the mask is drawn over: a photo's name, or a number from 1
    box: tuple[float, ...] = ()  # least x y z, greatest x y z, scene units
    sphere: tuple[float, ...] = ()  # centre x y z and radius, scene units
    depth: tuple[float, ...] = ()  # nearest and farthest from the cameras, along their axes, scene units
    depth_share: tuple[float, ...] = ()  # the same as shares of all that is seen: 0 is the nearest, 1 the farthest
    feather: float = 0.0  # scene units over which the region fades, inwards from its border

    def __post_init__(self) -> None:
        """Refuse shapes that are none."""
        if self.box and (len(self.box) != 6 or any(a >= b for a, b in zip(self.box[:3], self.box[3:], strict=True))):
            raise Style3DError(
                "box needs six numbers, the least before the greatest", got=self.box, expected="x0,y0,z0,x1,y1,z1"
            )
        if self.sphere and (len(self.sphere) != 4 or self.sphere[3] <= 0):
            raise Style3DError("sphere needs x,y,z and a radius above 0", got=self.sphere, expected="x,y,z,radius")
        for name, most in (("depth", math.inf), ("depth_share", 1.0)):
            bounds = getattr(self, name)
            if bounds and (len(bounds) != 2 or not 0 <= bounds[0] < bounds[1] <= most):
                expected = "near,far with near below far" + (" and far at most 1" if most == 1 else "")
                raise Style3DError(f"{name.replace('_', '-')} needs two numbers from 0", got=bounds, expected=expected)
        if self.view is not None and self.mask is None:
            raise Style3DError("view= needs a mask drawn over that view", hint="add mask=IMAGE")
        if not all(map(math.isfinite, (*self.box, *self.sphere, *self.depth, self.feather))) or self.feather < 0:
            raise Style3DError("a region needs finite numbers, and a feather of at least 0")

    def __str__(self) -> str:
        """The conditions as they are written on the command line."""
        names = ("material", "node", "mesh", "mask", "view", "box", "sphere", "depth", "depth_share")
        pairs = ((name, getattr(self, name)) for name in names)
        return " ".join(f"{name}={_text(value)}" for name, value in pairs if value) or "everything"


def _text(value: Any) -> str:
    return ",".join(f"{part:g}" for part in value) if isinstance(value, tuple) else str(value)

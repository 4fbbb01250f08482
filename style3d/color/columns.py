"""Colours in the columns of a table have many names and ranges. One reading of them serves meshes and splats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float64

Array = np.ndarray[Any, Any]
NAMES = (  # the first that a table has counts; each with the name of its opacity
    ("red", "green", "blue", "alpha"),
    ("diffuse_red", "diffuse_green", "diffuse_blue", "diffuse_alpha"),
    ("r", "g", "b", "a"),
    ("Red", "Green", "Blue", "Alpha"),
    ("R", "G", "B", "A"),
    ("color_red", "color_green", "color_blue", "color_alpha"),
    ("scalar_red", "scalar_green", "scalar_blue", "scalar_alpha"),
    ("scalar_R", "scalar_G", "scalar_B", "scalar_A"),
    ("vertex_red", "vertex_green", "vertex_blue", "vertex_alpha"),
    ("ambient_red", "ambient_green", "ambient_blue", "ambient_alpha"),
)


@final
@dataclass(frozen=True)
class ColorColumns:
    """Colours of a table's rows. Concretely: columns diffuse_red, diffuse_green and diffuse_blue of bytes."""

    names: tuple[str, ...]  # of three or four columns
    rgb: Float64[np.ndarray, "rows 3"]  # display-referred, [0, 1]
    alpha: Float64[np.ndarray, "rows"] | None
    full: float  # the number that stands for 1

    def stored_columns(self, rgb: Float64[np.ndarray, "rows 3"], like: Mapping[str, Array]) -> dict[str, Array]:
        """Other colours as the table's columns hold them."""
        found = {}
        for channel, name in enumerate(self.names[:3]):
            kind = like[name].dtype
            values = rgb[:, channel] * self.full
            found[name] = (np.rint(values) if kind.kind in "iu" else values).astype(kind)
        return found


def find_colors(columns: Mapping[str, Array]) -> ColorColumns | None:
    """The colours among columns; None where there are none."""
    for *names, opacity in NAMES:
        if all(name in columns for name in names):
            rgb = np.stack([columns[name].astype(np.float64) for name in names], axis=1)
            full = full_value([columns[name] for name in names])
            alpha = None
            if opacity in columns:
                own = full_value([columns[opacity]])
                alpha = columns[opacity].astype(np.float64) / (full if full > 1 or own == 1 else own)
                alpha = np.nan_to_num(alpha, nan=1.0).clip(0, 1)
                names = [*names, opacity]
            return ColorColumns(tuple(names), np.nan_to_num(rgb / full).clip(0, 1), alpha, full)
    return None


def full_value(columns: Sequence[Array]) -> float:
    """The number that stands for full brightness: by the type of bytes and shorts, by the largest value of others."""
    kinds = {column.dtype for column in columns}
    if all(kind.kind in "iu" and kind.itemsize <= 2 for kind in kinds):
        return 255.0 if max(kind.itemsize for kind in kinds) == 1 else 65535.0
    finite = [column[np.isfinite(column)] for column in columns]
    largest = max((float(column.max()) for column in finite if len(column)), default=1.0)
    if all(kind.kind == "f" for kind in kinds):
        return 1.0 if largest <= 1.5 else (255.0 if largest <= 255 else 65535.0)
    return 255.0 if largest <= 255 else 65535.0

"""PlayCanvas' compressed PLY stores 16 bytes a splat, relative to the range of each 256 splats."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from style3d.errors import Style3DError
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.values import check_count, constant_term, logit, stack_columns, with_largest
from style3d.nerf.splats.splats import COEFFICIENTS, Splats
from style3d.ply.tables import LONGEST_HEADER, read_tables

Array = np.ndarray[Any, Any]
CHUNK = 256  # splats
PACKED = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
PLACE, SCALE, COLOR = ("x", "y", "z"), ("scale_x", "scale_y", "scale_z"), ("r", "g", "b")
SH_RANGE = 8.0  # harmonics lie between -4 and 4


def is_compressed(content: bytes, _: Path) -> bool:
    """Whether a file is PLY with packed vertices."""
    head = content[: max(content.find(b"end_header", 0, LONGEST_HEADER), 0)]
    return content.startswith(b"ply") and re.search(rb"(?m)^property\s+\w+\s+packed_position\s*$", head) is not None


def from_compressed_ply(content: bytes, name: str) -> Splats:
    """Splats of packed vertices, with their chunks and, where there are harmonics, their ``sh`` rows.

    Raises:
        Style3DError: columns or rows are missing.
    """
    tables, none = read_tables(content, name)[1], np.zeros(0, [("none", "u1")])
    vertex, chunk = tables.get("vertex", none), tables.get("chunk", none)
    check_count(len(vertex), name)
    if len(chunk) * CHUNK < len(vertex):
        got = f"{len(chunk):,} chunks for {len(vertex):,} splats"
        raise Style3DError(f"{name} lacks chunks of {CHUNK} splats", got=got, hint="export it again")
    try:
        place, rotation, scale, color = (vertex[column].astype(np.uint32) for column in PACKED)
        own = chunk[np.arange(len(vertex)) // CHUNK]
        rgba = _unpack_fields(color, (8, 8, 8, 8))
        rgb = _between(own, COLOR, rgba[:, :3]) if "min_r" in (chunk.dtype.names or ()) else rgba[:, :3]
        positions = _between(own, PLACE, _unpack_fields(place, (11, 10, 11)))
        log_scales = _between(own, SCALE, _unpack_fields(scale, (11, 10, 11)))
    except ValueError as error:  # numpy's way to say that there is no such column
        raise Style3DError(f"{name} lacks columns of compressed splats", got=error) from None
    three = (_unpack_fields(rotation, (2, 10, 10, 10))[:, 1:] - 0.5) * np.sqrt(2)
    return Splats(
        positions=positions.astype(np.float32),
        rotations=with_largest(three, (rotation >> 30).astype(np.int64)),
        log_scales=log_scales.astype(np.float32),
        logit_opacities=logit(rgba[:, 3]),
        sh=np.concatenate([constant_term(rgb)[:, None], _higher(tables.get("sh"), len(vertex), name)], axis=1),
    )


def _unpack_fields(values: Array, bits: tuple[int, ...]) -> Float[np.ndarray, "n fields"]:
    """Fields of an integer, the highest first, each as a share of its largest value."""
    shifts = np.cumsum(bits[::-1], dtype=np.int64)[::-1] - np.array(bits)
    masks = (1 << np.array(bits)) - 1
    return (values[:, None].astype(np.int64) >> shifts & masks) / masks


def _between(own: Array, names: tuple[str, ...], share: Array) -> Array:
    """Shares of the way from the least to the most of each splat's chunk."""
    low = stack_columns(own, tuple(f"min_{name}" for name in names)).astype(np.float64)
    high = stack_columns(own, tuple(f"max_{name}" for name in names)).astype(np.float64)
    return low * (1 - share) + high * share


def _higher(table: Array | None, count: int, name: str) -> Array:
    """Bands from 1 up, (n, coefficients, 3); the bytes are the middles of 256 steps, their ends the ends."""
    columns = [] if table is None else [c for c in table.dtype.names or () if c.startswith("f_rest_")]
    if table is None or not columns:
        return np.zeros((count, 0, 3), np.float32)
    names = tuple(f"f_rest_{i}" for i in range(len(columns)))
    odd = len(columns) % 3 or len(columns) // 3 + 1 not in COEFFICIENTS or set(names) != set(columns)
    if odd or len(table) != count or any(table.dtype[column] != np.uint8 for column in columns):
        got = f"{len(columns)} columns, {len(table):,} rows"
        raise Style3DError(
            f"{name} has an unexpected number of harmonics", got=got, expected="9, 24 or 45 bytes for each splat"
        )
    steps = np.stack([table[column] for column in names], axis=1)
    share = np.select([steps == 0, steps == 255], [0.0, 1.0], (steps + 0.5) / 256)
    values = ((share - 0.5) * SH_RANGE).astype(np.float32)
    return values.reshape(count, 3, -1).transpose(0, 2, 1)


COMPRESSED_PLY = SplatFormat(
    title="PlayCanvas `.compressed.ply`",
    suffixes=(".ply",),
    recognise=is_compressed,
    read=lambda content, path: from_compressed_ply(content, path.name),
    axes="RDF",
    keeps="10 or 11 bits a place within 256 splats, 8 a colour",
    marks=(b"packed_position",),
)

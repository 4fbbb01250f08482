"""The 3DGS reference code writes this PLY layout: a row of floats for each splat, before activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from style3d.color.columns import find_colors
from style3d.errors import Style3DError
from style3d.nerf.splats.formats.capacity import Holds
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.values import (
    CONSTANT,
    HIGHER,
    PLACE,
    ROTATION,
    SCALE,
    check_count,
    constant_term,
    is_usual,
    stack_columns,
)
from style3d.nerf.splats.origin import Origin, up_of
from style3d.nerf.splats.splats import COEFFICIENTS, NORMALS, Splats
from style3d.ply.lists import Rows, read_ply, write_ply
from style3d.ply.tables import Element, parse_header
from style3d.remarks import remark

Array = np.ndarray[Any, Any]
NEEDED = (*PLACE, "opacity", *SCALE[:2], *ROTATION)
FLAT = -20.0  # logarithm of the third size of discs (2D Gaussian splatting), which have two


def from_gaussian_ply(content: bytes, name: str) -> Splats:
    """Splats of the ``vertex`` rows; columns beside the usual ones, further tables and comments are kept.

    Where the constant harmonics are absent, as when nerfstudio exports with ``--ply-color-mode rgb``, colours in other
    columns are taken for them; where the third size is absent, splats are discs. Usual columns of doubles are kept
    beside their floats, so that what is not painted is written as it was.

    Raises:
        Style3DError: a mesh, a point cloud, or an incomplete set of columns.
    """
    _, elements, _ = parse_header(content, name)
    columns = next((tuple(field for field, _ in one.fields) for one in elements if one.name == "vertex"), ())
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        raise _not_splats(elements, columns, missing, name)
    ply = read_ply(content, name)
    table, count = ply.rows["vertex"].columns, ply.rows["vertex"].count
    colors = find_colors(table)
    if not set(CONSTANT) <= set(columns) and colors is None:
        raise _not_splats(elements, columns, [column for column in CONSTANT if column not in columns], name)
    check_count(count, name)
    if ply.rows["vertex"].lists:
        remark(f"{name}: lists of its splats are left out: {', '.join(ply.rows['vertex'].lists)}")
    rest = sum(column.startswith(HIGHER) for column in columns)
    higher = tuple(f"{HIGHER}{i}" for i in range(rest))
    if rest % 3 or rest // 3 + 1 not in COEFFICIENTS or not set(higher) <= set(columns):
        expected = "f_rest_0 to f_rest_8, 23, 44 or 71, or none"
        raise Style3DError(
            f"{name} has an unexpected set of harmonics", got=f"{rest} f_rest columns", expected=expected
        )
    if set(CONSTANT) <= set(columns):
        sh = stack_columns(table, CONSTANT)[:, None]
    else:
        assert colors is not None  # else the constants are missing
        sh = constant_term(colors.rgb)[:, None]
    if higher:
        sh = np.concatenate([sh, stack_columns(table, higher).reshape(count, 3, -1).transpose(0, 2, 1)], axis=1)
    extras = [column for column in columns if not is_usual(column) or table[column].dtype.itemsize == 8]
    sizes = stack_columns(table, tuple(name for name in SCALE if name in columns))
    sizes = np.pad(sizes, ((0, 0), (0, 3 - sizes.shape[1])), constant_values=FLAT)
    return Splats(
        positions=stack_columns(table, PLACE),
        rotations=stack_columns(table, ROTATION),
        log_scales=sizes,
        logit_opacities=stack_columns(table, ("opacity",))[:, 0],
        sh=sh,
        extras={column: table[column].astype(table[column].dtype.newbyteorder("=")) for column in extras},
        up=up_of(ply.comments),
        origin=Origin(
            ply.comments, columns, {key: rows for key, rows in ply.rows.items() if key != "vertex" and rows.count}
        ),
    )


def to_gaussian_ply(splats: Splats) -> bytes:
    """A binary PLY in the order of the file that was read, else of the reference code; usual ones keep their bytes.

    Colours beside the harmonics are written anew, for some programs show those. Where there were no others, none come.
    """
    rest = splats.sh[:, 1:].transpose(0, 2, 1).reshape(splats.count, -1)
    columns: dict[str, Array] = dict(zip(PLACE, splats.positions.T, strict=True))
    columns |= {name: splats.extras[name] for name in NORMALS if name in splats.extras}
    columns |= dict(zip(CONSTANT, splats.sh[:, 0].T, strict=True))
    columns |= {f"{HIGHER}{i}": column for i, column in enumerate(rest.T)}
    columns["opacity"] = splats.logit_opacities
    columns |= dict(zip(SCALE, splats.log_scales.T, strict=True))
    columns |= dict(zip(ROTATION, splats.rotations.T, strict=True))
    wide = {name: column for name, column in splats.extras.items() if is_usual(name)}
    columns |= {name: _as_it_was(column, columns[name]) for name, column in wide.items() if name in columns}
    columns |= {name: column for name, column in splats.extras.items() if name not in (*wide, *columns)}
    plain = find_colors(splats.extras)
    if plain is not None:
        columns |= plain.stored_columns(splats.base_colors.astype(np.float64), splats.extras)
    had = splats.origin.columns
    if had:
        without = {name for name in (*CONSTANT, SCALE[2]) if name not in had}
        rank = {name: place for place, name in enumerate(had)}
        names = sorted((name for name in columns if name not in without), key=lambda name: rank.get(name, len(rank)))
        columns = {name: columns[name] for name in names}
    return write_ply({"vertex": Rows(splats.count, columns, {}), **splats.origin.tables}, splats.origin.comments)


def _as_it_was(wide: Array, now: Array) -> Array:
    """Numbers of a file where their floats are still what they were, else the floats."""
    return np.where(wide.astype(now.dtype) == now, wide, now.astype(wide.dtype))


def _not_splats(elements: tuple[Element, ...], columns: tuple[str, ...], missing: list[str], name: str) -> Style3DError:
    """What the file is instead."""
    faces = next((element.count for element in elements if element.name == "face"), 0)
    if faces:
        hint = f"paint it with: style3d mesh {name}"
        return Style3DError(f"{name} is a mesh of {faces:,} faces, not Gaussian splats", hint=hint)
    if "scale_0" in columns and "rot_0" in columns:
        return Style3DError(f"{name} lacks columns of Gaussian splats", got=f"no {', '.join(missing[:6])}")
    if set(PLACE) <= set(columns):
        return Style3DError(f"{name} is a point cloud, not Gaussian splats", hint="train splats from its photos first")
    return Style3DError(f"{name} holds no Gaussian splats", got=f"columns {', '.join(columns[:8]) or 'none'}")


GAUSSIAN_PLY = SplatFormat(
    title="3DGS `.ply`",
    suffixes=(".ply",),
    recognise=lambda content, _: content.startswith(b"ply"),  # what else is PLY is refused by what it is
    read=lambda content, path: from_gaussian_ply(content, path.name),
    write=to_gaussian_ply,
    holds=Holds(columns=True),
    axes="RDF",
    reads="text and binary of either byte order, columns in any order, also plain colours (`red`, `r` …) and discs",
    keeps="everything, also doubles, other columns, tables, comments: a round trip changes no byte of the usual layout",
    marks=(b"f_dc_0",),
)

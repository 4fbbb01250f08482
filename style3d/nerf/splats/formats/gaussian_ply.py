"""The 3DGS reference code writes this PLY layout: a row of floats for each splat, before activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from style3d.color.columns import find_colors
from style3d.errors import Style3DError
from style3d.nerf.splats.formats.holds import Holds
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.values import check_count, constant_term, stack_columns
from style3d.nerf.splats.origin import Origin, up_of
from style3d.nerf.splats.splats import COEFFICIENTS, NORMALS, Splats
from style3d.ply.tables import Element, comments_of, read_tables, write_tables
from style3d.remarks import remark

Array = np.ndarray[Any, Any]
PLACE = ("x", "y", "z")
CONSTANT = ("f_dc_0", "f_dc_1", "f_dc_2")
SCALE = ("scale_0", "scale_1", "scale_2")
ROTATION = ("rot_0", "rot_1", "rot_2", "rot_3")
NEEDED = (*PLACE, "opacity", *SCALE[:2], *ROTATION)
FLAT = -20.0  # logarithm of the third size of discs (2D Gaussian splatting), which have two


def from_gaussian_ply(content: bytes, name: str) -> Splats:
    """Splats of the ``vertex`` rows; columns beside the usual ones, further tables and comments are kept.

    Where the constant harmonics are absent, as when nerfstudio exports with ``--ply-color-mode rgb``, colours in other
    columns are taken for them; where the third size is absent, splats are discs.

    Raises:
        Style3DError: a mesh, a point cloud, or an incomplete set of columns.
    """
    elements, tables = read_tables(content, name)
    table = tables.get("vertex")
    columns = () if table is None else table.dtype.names or ()
    missing = [column for column in NEEDED if column not in columns]
    colors = None if table is None else find_colors({column: table[column] for column in columns})
    if not set(CONSTANT) <= set(columns) and colors is None:
        missing += [column for column in CONSTANT if column not in columns]
    if table is None or missing:
        raise _not_splats(elements, columns, missing, name)
    check_count(len(table), name)
    unread = [element.name for element in elements if element.count and element.name not in tables]
    if unread:
        remark(f"{name}: tables that hold lists, and those behind them, are left out: {', '.join(unread)}")
    rest = sum(column.startswith("f_rest_") for column in columns)
    higher = tuple(f"f_rest_{i}" for i in range(rest))
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
        sh = np.concatenate([sh, stack_columns(table, higher).reshape(len(table), 3, -1).transpose(0, 2, 1)], axis=1)
    extras = [column for column in columns if column not in (*NEEDED, *CONSTANT, *SCALE, *higher)]
    sizes = stack_columns(table, tuple(name for name in SCALE if name in columns))
    sizes = np.pad(sizes, ((0, 0), (0, 3 - sizes.shape[1])), constant_values=FLAT)
    comments = comments_of(content)
    return Splats(
        positions=stack_columns(table, PLACE),
        rotations=stack_columns(table, ROTATION),
        log_scales=sizes,
        logit_opacities=stack_columns(table, ("opacity",))[:, 0],
        sh=sh,
        extras={column: table[column].astype(table.dtype[column].newbyteorder("=")) for column in extras},
        up=up_of(comments),
        origin=Origin(comments, columns, {key: rows for key, rows in tables.items() if key != "vertex" and len(rows)}),
    )


def to_gaussian_ply(splats: Splats) -> bytes:
    """A binary PLY in the order of the file that was read, else of the reference code; usual ones keep their bytes.

    Colours beside the harmonics are written anew, for some programs show those. Where there were no others, none come.
    """
    rest = splats.sh[:, 1:].transpose(0, 2, 1).reshape(splats.count, -1)
    columns: dict[str, Array] = dict(zip(PLACE, splats.positions.T, strict=True))
    columns |= {name: splats.extras[name] for name in NORMALS if name in splats.extras}
    columns |= dict(zip(CONSTANT, splats.sh[:, 0].T, strict=True))
    columns |= {f"f_rest_{i}": column for i, column in enumerate(rest.T)}
    columns["opacity"] = splats.logit_opacities
    columns |= dict(zip(SCALE, splats.log_scales.T, strict=True))
    columns |= dict(zip(ROTATION, splats.rotations.T, strict=True))
    columns |= {name: column for name, column in splats.extras.items() if name not in columns}
    plain = find_colors(splats.extras)
    if plain is not None:
        columns |= plain.stored_columns(splats.base_colors.astype(np.float64), splats.extras)
    had = splats.origin.columns
    if had:
        without = {name for name in (*CONSTANT, SCALE[2]) if name not in had}
        rank = {name: place for place, name in enumerate(had)}
        names = sorted((name for name in columns if name not in without), key=lambda name: rank.get(name, len(rank)))
        columns = {name: columns[name] for name in names}
    table = np.empty(splats.count, [(name, column.dtype.newbyteorder("<")) for name, column in columns.items()])
    for name, column in columns.items():
        table[name] = column
    others = {name: rows.astype(rows.dtype.newbyteorder("<")) for name, rows in splats.origin.tables.items()}
    return write_tables({"vertex": table, **others}, splats.origin.comments)


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
    keeps="everything, also further columns, tables and comments: a round trip changes no byte of the usual layout",
    marks=(b"f_dc_0",),
)

"""Web viewers (antimatter15) read .splat files: 32 bytes a splat, no header, no view-dependent colour."""

from __future__ import annotations

import numpy as np

from style3d.errors import Style3DError
from style3d.nerf.splats.formats.capacity import Holds
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.values import check_count, constant_term, logarithm, logit
from style3d.nerf.splats.splats import Splats

ROW = np.dtype([("place", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("rotation", "u1", 4)])

ODD_LENGTH = 0.2  # by which the usual quaternion of a file may differ from 1


def from_splat(content: bytes, name: str) -> Splats:
    """Splats of a file of whole rows.

    Raises:
        Style3DError: the size is no multiple of a row's, or the rotations are none.
    """
    if len(content) % ROW.itemsize:
        got, expected = f"{len(content):,} bytes", f"a multiple of {ROW.itemsize}"
        raise Style3DError(f"{name} is truncated or no .splat file", got=got, expected=expected)
    rows = np.frombuffer(content, ROW)
    check_count(len(rows), name)
    rotations = (rows["rotation"] - np.float32(128)) / np.float32(128)
    if np.abs(np.median(np.linalg.norm(rotations, axis=1)) - 1) > ODD_LENGTH:  # there is no other mark of the format
        raise Style3DError(f"{name} does not hold splats", expected="rows of 32 bytes with unit quaternions")
    return Splats(
        positions=rows["place"].astype(np.float32),
        rotations=rotations,
        log_scales=logarithm(rows["scale"]),
        logit_opacities=logit(rows["rgba"][:, 3] / 255),
        sh=constant_term(rows["rgba"][:, :3] / 255)[:, None],
    )


def to_splat(splats: Splats) -> bytes:
    """The largest and most opaque first, as viewers show the file while it arrives; higher harmonics are lost."""
    rows = np.zeros(splats.count, ROW)
    rows["place"], rows["scale"] = splats.positions, splats.scales
    rows["rgba"][:, :3] = np.rint(splats.base_colors * 255)
    rows["rgba"][:, 3] = np.rint(splats.opacities * 255)
    rows["rotation"] = np.rint(splats.unit_rotations * 128 + 128).clip(0, 255)
    volume = splats.log_scales.sum(axis=1, dtype=np.float64)
    order = np.argsort(-(volume + np.log(np.maximum(splats.opacities, 1e-6))), kind="stable")
    return rows[order].tobytes()


SPLAT = SplatFormat(
    title="`.splat`",
    suffixes=(".splat",),
    read=lambda content, path: from_splat(content, path.name),
    write=to_splat,
    holds=Holds(degree=0),
    axes="RDF",
    keeps="floats for place and size, 8 bits for the rest, no view dependence",
)

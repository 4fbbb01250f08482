"""GaussianSplats3D (Kellogg) writes .ksplat files: sections of splats as floats, half floats or bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.values import check_count, constant_term, logarithm, logit
from style3d.nerf.splats.splats import COEFFICIENTS, Splats, join

Array = np.ndarray[Any, Any]
FILE_HEADER, SECTION_HEADER = 4096, 1024  # bytes
PLACES, FLOATS, HARMONICS = ("<f4", "<u2", "<u2"), ("<f4", "<f2", "<f2"), ("<f4", "<f2", "u1")  # by compression level
SH_RANGE = 1.5  # of byte harmonics where the header says nothing
STEPS = 32767  # half the steps of a block's width, where a section says nothing


@dataclass(frozen=True)
class Section:
    """One run of splats. Concretely: 300 splats of degree 1 in two buckets, the first full with its 256."""

    count: int
    room: int  # splats that there is space for
    bucket: int  # splats in a full bucket
    buckets: int
    block: float  # width of a bucket's cube, scene units
    storage: int  # bytes of a bucket's centre
    steps: int
    full: int  # buckets
    partial: int  # buckets
    degree: int


def from_ksplat(content: bytes, name: str) -> Splats:
    """Splats of all sections.

    Raises:
        Style3DError: truncated, or of another version or compression.
    """
    if len(content) < FILE_HEADER:
        raise _damage_error(name)
    major, minor, most, level = struct.unpack_from("<BB2xI12xH", content)
    low, high = struct.unpack_from("<ff", content, 36)
    if major or not minor or level > 2 or FILE_HEADER + most * SECTION_HEADER > len(content):
        got = f"version {major}.{minor}, compression {level}, {most} sections"
        raise Style3DError(
            f"{name} is not a .ksplat file that style3d reads", got=got, expected="version 0.1, compression 0 to 2"
        )
    sections = [_section(content, FILE_HEADER + index * SECTION_HEADER, name) for index in range(most)]
    check_count(sum(section.count for section in sections), name)
    at, found = FILE_HEADER + most * SECTION_HEADER, []
    for section in sections:
        kind = _row(level, section.degree)
        start = at + 4 * section.partial + section.storage * section.buckets
        if start + section.room * kind.itemsize > len(content):
            raise _damage_error(name)
        rows = np.frombuffer(content, kind, section.count, start)
        centres = _centres(content, at, section, name) if level else None
        found.append(_splats(rows, centres, section, (low or -SH_RANGE, high or SH_RANGE)))
        at = start + section.room * kind.itemsize
    return join(found)


def _section(content: bytes, at: int, name: str) -> Section:
    values = struct.unpack_from("<IIIIfH2xI4xIIH", content, at)
    count, room, bucket, buckets, block, storage, steps, full, partial, degree = values
    section = Section(count, room, bucket, buckets, block, storage, steps or STEPS, full, partial, degree)
    if section.count > section.room or section.degree > 3:
        raise _damage_error(name)
    return section


def _row(level: int, degree: int) -> np.dtype[Any]:
    real, higher = FLOATS[level], (COEFFICIENTS[degree] - 1) * 3
    fields = [("place", PLACES[level], 3), ("scale", real, 3), ("rotation", real, 4), ("rgba", "u1", 4)]
    return np.dtype([*fields, ("higher", HARMONICS[level], higher)])


def _centres(content: bytes, at: int, section: Section, name: str) -> Array:
    """The centre of each splat's bucket, (count, 3): full buckets first, then those with a length of their own."""
    lengths = np.frombuffer(content, "<u4", section.partial, at).astype(np.int64)
    if section.storage < 12 or section.full + section.partial > section.buckets:
        raise _damage_error(name)
    where = at + 4 * section.partial
    table = np.ndarray((section.buckets, 3), "<f4", content, where, (section.storage, 4))
    ends = np.cumsum(np.concatenate([np.full(section.full, section.bucket, np.int64), lengths]))
    own = np.searchsorted(ends, np.arange(section.count), side="right")
    if section.count and own[-1] >= len(ends):
        raise _damage_error(name)
    return table[own]


def _splats(rows: Array, centres: Array | None, section: Section, limits: tuple[float, float]) -> Splats:
    """Rows to parameters; harmonics are stored band by band, in each all of red, then green, then blue."""
    positions: Array = rows["place"].astype(np.float32)
    if centres is not None:
        positions = (positions - section.steps) * (section.block / 2 / section.steps) + centres
    higher: Array = rows["higher"].astype(np.float32)
    if rows["higher"].dtype == np.uint8:
        higher = limits[0] + higher / 255 * (limits[1] - limits[0])
    sh = np.zeros((len(rows), COEFFICIENTS[section.degree], 3), np.float32)
    sh[:, 0] = constant_term(rows["rgba"][:, :3] / 255)
    for band in range(1, section.degree + 1):
        columns = slice(band**2, (band + 1) ** 2)
        part = higher[:, 3 * (columns.start - 1) : 3 * (columns.stop - 1)]
        sh[:, columns] = part.reshape(len(rows), 3, -1).transpose(0, 2, 1)
    return Splats(
        positions=positions.astype(np.float32),
        rotations=rows["rotation"].astype(np.float32),
        log_scales=logarithm(rows["scale"].astype(np.float32)),
        logit_opacities=logit(rows["rgba"][:, 3] / 255),
        sh=sh,
    )


def _damage_error(name: str) -> Style3DError:
    return Style3DError(f"{name} is truncated or damaged", expected="a whole .ksplat file", hint="export it again")


KSPLAT = SplatFormat(
    title="`.ksplat`",
    suffixes=(".ksplat",),
    read=lambda content, path: from_ksplat(content, path.name),
    axes="RDF",
    reads="compression 0 to 2",
    keeps="floats, half floats or bytes",
)

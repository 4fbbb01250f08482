"""Splat files of every kind, in and out: the kind is found by content, and written by suffix."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from style3d.errors import Style3DError
from style3d.files import read_bytes, write_bytes
from style3d.nerf.splats.formats import sog, spz
from style3d.nerf.splats.formats.compressed_ply import from_compressed_ply, is_compressed
from style3d.nerf.splats.formats.gaussian_gltf import from_gltf, to_glb
from style3d.nerf.splats.formats.gaussian_ply import from_gaussian_ply, to_gaussian_ply
from style3d.nerf.splats.formats.ksplat import from_ksplat
from style3d.nerf.splats.formats.ply import read_tables
from style3d.nerf.splats.formats.splat import from_splat, to_splat
from style3d.nerf.splats.formats.spz import from_spz, to_spz
from style3d.nerf.splats.formats.values import checked
from style3d.nerf.splats.splats import Splats

WRITERS = {".ply": to_gaussian_ply, ".glb": to_glb, ".spz": to_spz, ".splat": to_splat}
READ = ".ply, .spz, .splat, .ksplat, .sog, .glb or .gltf"


def read_splats(path: Path) -> Splats:
    """Read Gaussian splats, in the axes of 3DGS PLY files (x right, y down, z forward).

    Splats that are not finite are left out with a logged warning.

    Raises:
        Style3DError: the file cannot be read, is none of the kinds that are, or is damaged.
    """
    path = path / sog.META if path.is_dir() else path
    content = read_bytes(path)
    with np.errstate(all="ignore"):  # whatever overflows is not finite, and left out
        return checked(_parse(content, path), path.name)


def check_splat_suffix(path: Path) -> None:
    """Refuse a name that `write_splats` would refuse, before any work is done.

    Raises:
        Style3DError: an unknown suffix.
    """
    if path.suffix.lower() not in WRITERS:
        raise Style3DError(f"cannot write splats as {path.name}", expected=", ".join(WRITERS))


def write_splats(splats: Splats, path: Path) -> None:
    """Write Gaussian splats at once, as what the suffix says.

    Raises:
        Style3DError: an unknown suffix, or the file cannot be written.
    """
    check_splat_suffix(path)
    write_bytes(path, WRITERS[path.suffix.lower()](splats))


def _parse(content: bytes, path: Path) -> Splats:
    name = path.name
    if content.startswith(b"ply"):
        elements, tables = read_tables(content, name)
        packed = is_compressed(tables)
        return from_compressed_ply(tables, name) if packed else from_gaussian_ply(elements, tables, name)
    if content.startswith((spz.GZIP, spz.MAGIC)):
        return from_spz(content, name)
    if content.startswith(b"PK"):
        return sog.from_zip(content, name)
    if content.startswith(b"glTF") or path.suffix.lower() == ".gltf":
        return from_gltf(content, path.parent, name)
    if content.lstrip()[:1] == b"{":
        return sog.from_folder(content, path.parent, name)
    if path.suffix.lower() == ".splat":
        return from_splat(content, name)
    if path.suffix.lower() == ".ksplat":
        return from_ksplat(content, name)
    raise Style3DError(f"{name} is no splat file that is read", got=f"{content[:8]!r}…", expected=READ)

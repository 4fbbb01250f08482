"""A part of a mesh becomes weights on its entries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32
from PIL import Image

from style3d.errors import named
from style3d.images import read_image
from style3d.mesh.textures import sampled
from style3d.regions.selector import Where
from style3d.regions.shapes import feathered, inside_shapes
from style3d.render.atlas import texels_of
from style3d.render.surface import Surface
from style3d.render.texels import TexelGrid
from style3d.types import Flags, Points, Weights


def selected(surface: Surface, grid: TexelGrid, points: Points, where: Where) -> Weights:
    """How much of each entry (at ``points``) the region holds, [0, 1]; exactly 0 outside.

    Raises:
        Style3DError: a name that does not exist, a mask that cannot be read, or a region that holds nothing.
    """
    weights = inside_shapes(points, where).astype(np.float32)
    faces = _named_faces(surface, where)
    if not faces.all():
        weights *= _entries_of(surface, grid, faces)
    if where.mask is not None:
        weights *= _masked(surface, grid, where.mask)
    return feathered(points, weights, where)


def _named_faces(surface: Surface, where: Where) -> Flags:
    """Faces whose material, node and mesh have the names asked for."""
    chosen = np.ones(len(surface.faces), dtype=bool)
    if where.material is not None:
        names = [material.name for material in surface.materials]
        shown = {names[index] for index in np.unique(surface.material)}
        found = named(where.material, shown, "material")
        chosen &= np.array([name in found for name in names])[surface.material]
    for place, (pattern, what) in enumerate(((where.node, "node"), (where.mesh, "mesh"))):
        if pattern is not None:
            owners = [owner[place] for owner in surface.owners]
            found = named(pattern, owners, what)
            chosen &= np.array([name in found for name in owners])[surface.owner]
    return chosen


def _entries_of(surface: Surface, grid: TexelGrid, faces: Flags) -> Bool[np.ndarray, "entries"]:
    if surface.painted == "texture":
        return texels_of(surface, grid, faces)
    chosen = np.zeros(surface.entries, dtype=bool)
    rows = surface.entry[surface.faces[faces]].ravel()
    chosen[rows[rows >= 0]] = True
    return chosen


def _masked(surface: Surface, grid: TexelGrid, path: Path) -> Weights:
    """The brightness of a picture that lies over every texture: white is 1."""
    grey = read_image(path, use_profile=False, upright=False)[..., :3].mean(2)
    if surface.painted == "texture":
        return np.concatenate([_resized(grey, (width, height)).ravel() for height, width in grid.shapes])
    weights, used = np.zeros(surface.entries, np.float32), surface.entry >= 0
    found = sampled(grey[..., None], surface.uvs[used], ("repeat", "repeat"))[:, 0]
    np.maximum.at(weights, surface.entry[used], found.astype(np.float32))
    return weights


def _resized(grey: Float32[np.ndarray, "_ _"], size: tuple[int, int]) -> Float32[np.ndarray, "_ _"]:
    """Averaged when made smaller, and each pixel kept whole when made larger; (width, height)."""
    if (grey.shape[1], grey.shape[0]) == size:
        return grey
    smaller = grey.shape[1] > size[0] or grey.shape[0] > size[1]
    kind = Image.Resampling.BOX if smaller else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(grey).resize(size, kind))

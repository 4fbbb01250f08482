"""Names and masks choose entries of a mesh."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32
from PIL import Image

from style3d.errors import matching_names
from style3d.images import read_image
from style3d.mesh.textures import sample_image
from style3d.render.surface import Surface
from style3d.render.texel_places import texels_of
from style3d.render.texels import TexelGrid
from style3d.types import Flags, Weights


def named_entries(surface: Surface, grid: TexelGrid, names: Mapping[str, str]) -> Flags:
    """Entries under faces whose material, node and mesh have the names asked for; see `Scene.named_entries`.

    Raises:
        Style3DError: a name that does not exist.
    """
    faces = _named_faces(surface, names)
    return np.ones(surface.entries, dtype=bool) if faces.all() else _entries_of(surface, grid, faces)


def _named_faces(surface: Surface, names: Mapping[str, str]) -> Flags:
    chosen = np.ones(len(surface.faces), dtype=bool)
    if "material" in names:
        known = [material.name for material in surface.materials]
        shown = {known[index] for index in np.unique(surface.material)}
        found = matching_names(names["material"], shown, "material")
        chosen &= np.array([name in found for name in known])[surface.material]
    for place, what in enumerate(("node", "mesh")):
        if what in names:
            owners = [owner[place] for owner in surface.owners]
            found = matching_names(names[what], owners, what)
            chosen &= np.array([name in found for name in owners])[surface.owner]
    return chosen


def _entries_of(surface: Surface, grid: TexelGrid, faces: Flags) -> Bool[np.ndarray, "entries"]:
    if surface.painted == "texture":
        return texels_of(surface, grid, faces)
    chosen = np.zeros(surface.entries, dtype=bool)
    rows = surface.entry[surface.faces[faces]].ravel()
    chosen[rows[rows >= 0]] = True
    return chosen


def masked_entries(surface: Surface, grid: TexelGrid, path: Path) -> Weights:
    """The brightness of a picture that lies over every texture: white is 1.

    Raises:
        Style3DError: a picture that cannot be read.
    """
    grey = read_image(path, use_profile=False, upright=False)[..., :3].mean(2)
    if surface.painted == "texture":
        return np.concatenate([_resize(grey, (width, height)).ravel() for height, width in grid.shapes])
    weights, used = np.zeros(surface.entries, np.float32), surface.entry >= 0
    found = sample_image(grey[..., None], surface.uvs[used], ("repeat", "repeat"))[:, 0]
    np.maximum.at(weights, surface.entry[used], found.astype(np.float32))
    return weights


def _resize(grey: Float32[np.ndarray, "_ _"], size: tuple[int, int]) -> Float32[np.ndarray, "_ _"]:
    """Averaged when made smaller, and each pixel kept whole when made larger; (width, height)."""
    if (grey.shape[1], grey.shape[0]) == size:
        return grey
    smaller = grey.shape[1] > size[0] or grey.shape[0] > size[1]
    kind = Image.Resampling.BOX if smaller else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(grey).resize(size, kind))

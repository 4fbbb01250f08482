"""A row of A_v for painted vertices holds the three corners of the visible face, by barycentric weight."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int64

from style3d.render.fragments import Fragments
from style3d.render.surface import Surface


def vertex_rows(
    surface: Surface, fragments: Fragments
) -> tuple[Int64[np.ndarray, "pixels_and_end"], Int64[np.ndarray, "taps"], Float[np.ndarray, "taps"]]:
    """Compressed rows (indptr, entry, weight); several fragments of a pixel may repeat an entry."""
    corners = surface.entry[surface.faces[fragments.face]]
    bary = np.stack([1 - fragments.u - fragments.v, fragments.u, fragments.v], 1)
    weight = np.clip(bary, 0, 1) * fragments.weight[:, None]
    painted = corners[:, 0] >= 0
    counts = np.bincount(fragments.pixel[painted], minlength=len(fragments.start) - 1)
    indptr = np.concatenate([[0], np.cumsum(3 * counts)]).astype(np.int64)
    return indptr, corners[painted].ravel(), weight[painted].ravel().astype(np.float32)


def vertex_areas(surface: Surface) -> Float64[np.ndarray, "faces"]:
    """Square scene units that one vertex colours, by face: a mesh has about half as many vertices as faces."""
    corners = surface.positions[surface.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    return np.where(surface.entry[surface.faces[:, 0]] >= 0, area, np.inf)

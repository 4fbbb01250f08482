"""Unwraps a mesh and paints its texture from a function of place in space."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import xatlas

from recipes.noise import Field
from recipes.surface import Faces, Patch, dilate


@numba.njit
def _raster(uv: Field, faces: Faces, size: int, triangle: Field, weight: Field) -> None:
    """For each texel centre inside a triangle of the atlas: its triangle and barycentric weights."""
    for f in range(len(faces)):
        a, b, c = uv[faces[f, 0]] * size, uv[faces[f, 1]] * size, uv[faces[f, 2]] * size
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-12:
            continue
        left, right = int(max(0, min(a[0], b[0], c[0]) - 1)), int(min(size - 1, max(a[0], b[0], c[0]) + 1))
        top, bottom = int(max(0, min(a[1], b[1], c[1]) - 1)), int(min(size - 1, max(a[1], b[1], c[1]) + 1))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                px, py = x + 0.5, y + 0.5
                w0 = ((b[0] - px) * (c[1] - py) - (c[0] - px) * (b[1] - py)) / area
                w1 = ((c[0] - px) * (a[1] - py) - (a[0] - px) * (c[1] - py)) / area
                w2 = 1.0 - w0 - w1
                if min(w0, w1, w2) >= -1e-6:
                    triangle[y, x] = f
                    weight[y, x, 0], weight[y, x, 1], weight[y, x, 2] = w0, w1, w2


def unwrap(position: Field, normal: Field, faces: Faces, size: int) -> Patch:
    """Cut the surface into few charts and pack them."""
    atlas = xatlas.Atlas()
    atlas.add_mesh(position.astype(np.float32), faces.astype(np.uint32), normal.astype(np.float32))
    charts, pack = xatlas.ChartOptions(), xatlas.PackOptions()
    charts.max_iterations, charts.max_cost, charts.normal_deviation_weight = 4, 8.0, 1.0
    pack.resolution, pack.padding, pack.bruteForce, pack.create_image = size, 6, False, False
    atlas.generate(charts, pack)
    source, new_faces, uv = atlas[0]
    source = source.astype(np.int64)
    return Patch(position[source], normal[source], uv.astype(float), new_faces.astype(np.int64))


def bake(part: Patch, paint: Callable[[Field, Field], Field], size: int, samples: int = 2) -> Field:
    """Texture (size, size, 3): `paint(points (n, 3), normals (n, 3))` averaged over samples² places a texel."""
    fine = size * samples
    triangle, weight = np.full((fine, fine), -1.0), np.zeros((fine, fine, 3))
    _raster(part.uv, part.faces, fine, triangle, weight)
    hit = triangle >= 0
    corner, w = part.faces[triangle[hit].astype(np.int64)], weight[hit][..., None]
    image = np.zeros((fine, fine, 3))
    normal = (part.normal[corner] * w).sum(1)
    image[hit] = paint((part.position[corner] * w).sum(1), normal / np.linalg.norm(normal, axis=1, keepdims=True))
    covered = hit.reshape(size, samples, size, samples).sum((1, 3))
    small = image.reshape(size, samples, size, samples, 3).sum((1, 3)) / np.maximum(covered, 1)[..., None]
    return dilate(small, covered > 0)

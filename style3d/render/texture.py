"""A row of A_v for a textured mesh holds the texels under a pixel, weighted by how much of it they fill."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64
from numba import njit

from style3d.core.camera import Camera
from style3d.render.fragments import Fragments
from style3d.render.pixel_weights import add, flush, table
from style3d.render.surface import Surface
from style3d.render.texels import WRAPS, TexelGrid, wrap

PROBES = 8  # bilinear probes along each side of a ray's footprint, one a texel: minification up to 8 · samples


def texture_rows(
    surface: Surface, grid: TexelGrid, camera: Camera, samples: int, fragments: Fragments
) -> tuple[Int64[np.ndarray, "pixels_and_end"], Int64[np.ndarray, "taps"], Float[np.ndarray, "taps"]]:
    """Compressed rows (indptr, texel, weight) over the whole table of texels.

    A ray's footprint on the face's plane is the parallelogram of its differentials (Igehy 1999), probed bilinearly
    once a texel along each side, so every texel under a minified pixel has a weight. Rows sum to the painted coverage.
    """
    shapes = np.array(grid.shapes, dtype=np.int64).reshape(-1, 2)
    codes = np.array([[WRAPS.index(mode) for mode in pair] for pair in grid.wraps], dtype=np.int64).reshape(-1, 2)
    rotation = camera.camera_to_world[:3, :3]
    frame = np.array([camera.width, samples, camera.focal, camera.cx, camera.cy], dtype=np.float64)
    arrays = (surface.positions, surface.faces, surface.uvs, surface.face_texture)
    tables = (shapes, codes, grid.offsets)
    capacity, row = 6 * len(fragments.ray) + 1024, 0
    indptr = np.zeros(len(fragments.start), dtype=np.int64)
    index, weight = np.empty(capacity, dtype=np.int64), np.empty(capacity, dtype=np.float32)
    visible = (fragments.start, fragments.ray, fragments.face, fragments.u, fragments.v, fragments.depth)
    while row < len(indptr) - 1:
        row = _fill(row, visible, fragments.weight, arrays, tables, rotation, frame, (indptr, index, weight))
        if row < len(indptr) - 1:
            index, weight = (np.concatenate([part, np.empty_like(part)]) for part in (index, weight))
    return indptr, index[: indptr[-1]].copy(), weight[: indptr[-1]].copy()


@njit(cache=True, nogil=True)
def _fill(row: int, visible: Any, shares: Any, arrays: Any, tables: Any, rotation: Any, frame: Any, rows: Any) -> int:
    """Fill rows from ``row`` on; returns the first row that no longer fits."""
    start, ray, face, u, v, depth = visible
    indptr, index, weight = rows
    through = arrays[3]
    gathered = table()
    jacobian, place = np.empty(4), np.empty(2)
    while row < len(indptr) - 1:
        count, total = 0, 0.0
        for k in range(start[row], start[row + 1]):
            texture = through[face[k]]
            if texture < 0:
                continue
            _footprint((ray[k], face[k], u[k], v[k], depth[k]), arrays, rotation, frame, jacobian, place)
            count = _probe(place, jacobian, texture, shares[k], tables, gathered, count)
            total += shares[k]
        length = flush(index, weight, indptr[row], gathered, count, total)
        if length < 0:
            return row
        indptr[row + 1] = indptr[row] + length
        row += 1
    return row


@njit(cache=True, nogil=True)
def _footprint(hit: Any, arrays: Any, rotation: Any, frame: Any, jacobian: Any, place: Any) -> None:
    """Texture coordinates of a hit and their change over one ray's step right and down."""
    ray, face, u, v, depth = hit
    positions, faces, uvs, _ = arrays
    a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
    width, samples, focal = int(frame[0]), int(frame[1]), frame[2]
    b0, b1, b2 = positions[b, 0] - positions[a, 0], positions[b, 1] - positions[a, 1], positions[b, 2] - positions[a, 2]
    c0, c1, c2 = positions[c, 0] - positions[a, 0], positions[c, 1] - positions[a, 1], positions[c, 2] - positions[a, 2]
    s0, s1 = uvs[b, 0] - uvs[a, 0], uvs[b, 1] - uvs[a, 1]
    t0, t1 = uvs[c, 0] - uvs[a, 0], uvs[c, 1] - uvs[a, 1]
    place[0] = uvs[a, 0] + u * s0 + v * t0
    place[1] = uvs[a, 1] + u * s1 + v * t1
    pixel, sample = ray // (samples * samples), ray % (samples * samples)
    x = (pixel % width + (sample % samples + 0.5) / samples - frame[3]) / focal
    y = (pixel // width + (sample // samples + 0.5) / samples - frame[4]) / focal
    dx = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2]
    dy = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2]
    dz = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2]
    nx, ny, nz = b1 * c2 - b2 * c1, b2 * c0 - b0 * c2, b0 * c1 - b1 * c0
    area = np.sqrt(nx * nx + ny * ny + nz * nz)
    if area <= 0.0:
        jacobian[:] = 0.0
        return
    slant = (nx * dx + ny * dy + nz * dz) / area
    least = 0.05 * np.sqrt(dx * dx + dy * dy + dz * dz)
    if abs(slant) < least:  # a grazing footprint is long; bound it, or it would leave the face far behind
        slant = least if slant >= 0 else -least
    g00, g01, g11 = b0 * b0 + b1 * b1 + b2 * b2, b0 * c0 + b1 * c1 + b2 * c2, c0 * c0 + c1 * c1 + c2 * c2
    determinant = max(g00 * g11 - g01 * g01, 1e-300)
    for axis in range(2):
        step = depth / (focal * samples)
        rx, ry, rz = rotation[0, axis], rotation[1, axis], rotation[2, axis]
        back = (nx * rx + ny * ry + nz * rz) / area / slant
        mx, my, mz = step * (rx - dx * back), step * (ry - dy * back), step * (rz - dz * back)
        p, q = mx * b0 + my * b1 + mz * b2, mx * c0 + my * c1 + mz * c2
        du, dv = (g11 * p - g01 * q) / determinant, (g00 * q - g01 * p) / determinant
        jacobian[2 * axis] = du * s0 + dv * t0
        jacobian[2 * axis + 1] = du * s1 + dv * t1


@njit(cache=True, nogil=True)
def _probe(place: Any, jacobian: Any, texture: int, share: float, tables: Any, gathered: Any, count: int) -> int:
    """Bilinear probes over the footprint, added to the pixel's table; returns the number of distinct texels."""
    shapes, codes, offsets = tables
    height, width = shapes[texture, 0], shapes[texture, 1]
    along = np.hypot(jacobian[0] * width, jacobian[1] * height)
    across = np.hypot(jacobian[2] * width, jacobian[3] * height)
    m = min(PROBES, max(1, int(np.ceil(along - 0.25))))  # a bilinear probe reaches half a texel past its own
    n = min(PROBES, max(1, int(np.ceil(across - 0.25))))
    each = share / (m * n)
    for i in range(m):
        for j in range(n):
            p, q = (i + 0.5) / m - 0.5, (j + 0.5) / n - 0.5
            x = (place[0] + p * jacobian[0] + q * jacobian[2]) * width - 0.5
            y = (place[1] + p * jacobian[1] + q * jacobian[3]) * height - 0.5
            x0, y0 = np.floor(x), np.floor(y)
            fx, fy = x - x0, y - y0
            for dy in range(2):
                for dx in range(2):
                    value = each * (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
                    if value <= 0.0:
                        continue
                    column = wrap(int(x0) + dx, width, codes[texture, 0])
                    line = wrap(int(y0) + dy, height, codes[texture, 1])
                    count = add(offsets[texture] + line * width + column, value, gathered, count)
    return count


def texel_areas(surface: Surface, grid: TexelGrid) -> Float64[np.ndarray, "faces"]:
    """Square scene units of one texel of the finest level on each face; huge where a face holds none."""
    corners, uvs = surface.positions[surface.faces], surface.uvs[surface.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    through = surface.face_texture
    shapes = np.array([*grid.shapes, (0, 0)], dtype=np.float64)[through]
    s, t = uvs[:, 1] - uvs[:, 0], uvs[:, 2] - uvs[:, 0]
    texels = np.abs(s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]) / 2 * shapes[:, 0] * shapes[:, 1]
    return area / np.maximum(texels, 1e-12)

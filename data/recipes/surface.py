"""Grids swept into surfaces, with normals and texture rectangles; textures are painted on the unrolled grid."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import interpolate, ndimage

from recipes.noise import Field

Faces = NDArray[np.int64]


@dataclass(frozen=True)
class Patch:
    """Triangles with their own vertices."""

    position: Field  # (v, 3) metres, +Y up
    normal: Field  # (v, 3) unit
    uv: Field  # (v, 2) in [0, 1], origin top left
    faces: Faces  # (f, 3) counter-clockwise from outside

    def attributes(self) -> dict[str, Field]:
        return {"POSITION": self.position, "NORMAL": self.normal, "TEXCOORD_0": self.uv}


@dataclass(frozen=True)
class Box:
    """Pixels [left, left+width) x [top, top+height) of a square texture `size` across."""

    left: int
    top: int
    width: int
    height: int
    size: int

    def uv(self, s: Field, t: Field) -> Field:
        """Texture coordinates of s, t in [0, 1] across the box, from pixel centre to pixel centre."""
        u = self.left + 0.5 + s * (self.width - 1)
        v = self.top + 0.5 + t * (self.height - 1)
        return np.stack([u, v], -1) / self.size


def curve(points: list[tuple[float, ...]] | Field, count: int) -> Field:
    """Smooth curve through points, evenly spaced by length: (count, d)."""
    p = np.asarray(points, float)
    t = np.r_[0, np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))]
    spline = interpolate.PchipInterpolator(t, p) if p.shape[1] == 2 else interpolate.CubicSpline(t, p)
    dense = spline(np.linspace(0, t[-1], 40 * count))
    return resample(dense, count)


def resample(dense: Field, count: int) -> Field:
    """A polyline (n, d) at `count` points evenly spaced by length."""
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))]
    even = np.linspace(0, length[-1], count)
    return np.stack([np.interp(even, length, dense[:, c]) for c in range(dense.shape[1])], -1)


def grid_faces(rows: int, columns: int) -> Faces:
    """Two triangles for each cell of a (rows, columns) grid of vertices."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])


def normals(position: Field, faces: Faces, weld: float = 1e-6) -> Field:
    """Area-weighted vertex normals, shared by vertices at one place so that texture seams do not show."""
    corner = position[faces]
    face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    _, group = np.unique(np.round(position / weld).astype(np.int64), axis=0, return_inverse=True)
    group = group.reshape(-1)
    total = np.zeros((group.max() + 1, 3))
    for k in range(3):
        np.add.at(total, group[faces[:, k]], face)
    total = total[group]
    return total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-20)


def patch(grid: Field, uv: Field, flip: bool = False) -> Patch:
    """A grid of points (rows, columns, 3) as a patch; triangles without area (poles) are left out."""
    faces = grid_faces(*grid.shape[:2])
    position = grid.reshape(-1, 3)
    faces = faces[:, ::-1] if flip else faces
    corner = position[faces]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    faces = faces[area > 1e-12]
    used, inverse = np.unique(faces, return_inverse=True)
    faces = inverse.reshape(-1, 3)
    return Patch(position[used], normals(position[used], faces), uv.reshape(-1, 2)[used], faces)


def join(patches: list[Patch], smooth: bool = True) -> Patch:
    """One patch of several; `smooth` makes normals agree where they touch."""
    start = np.cumsum([0, *[len(p.position) for p in patches]])
    position = np.concatenate([p.position for p in patches])
    faces = np.concatenate([p.faces + offset for p, offset in zip(patches, start[:-1], strict=True)])
    normal = normals(position, faces) if smooth else np.concatenate([p.normal for p in patches])
    return Patch(position, normal, np.concatenate([p.uv for p in patches]), faces)


def sweep(path: Field, radius: Field, around: int, up: tuple[float, float, float] = (0, 0, 1)) -> Field:
    """A tube along path (n, 3) in a plane whose normal is `up`: grid (n, around + 1, 3).

    radius (n, 2) are its half axes within the plane and along `up`.
    """
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(np.asarray(up, float), tangent)
    angle = np.linspace(0, 2 * np.pi, around + 1)
    ring = side[:, None] * np.cos(angle)[:, None] * radius[:, None, :1]
    return path[:, None] + ring + np.asarray(up, float) * np.sin(angle)[:, None] * radius[:, None, 1:]


def dilate(image: Field, filled: NDArray[np.bool_]) -> Field:
    """Extend colour (h, w, 3) from the filled pixels over the rest, so that mipmaps meet no background."""
    nearest = ndimage.distance_transform_edt(~filled, return_distances=False, return_indices=True)
    return image[tuple(nearest)]


def encode(image: Field, quality: int | None = None) -> bytes:
    """PNG bytes of colours in [0, 1], or JPEG at a quality."""
    stream = io.BytesIO()
    picture = Image.fromarray((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8))
    if quality is None:
        picture.save(stream, "PNG", optimize=True)
    else:
        picture.save(stream, "JPEG", quality=quality, subsampling=0)
    return stream.getvalue()

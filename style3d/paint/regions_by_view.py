"""A mask over a view, or a range of depth, selects a region; A_v itself carries it to θ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32
from PIL import Image

from style3d.core.camera import Camera
from style3d.core.camera_path import camera_of_size
from style3d.core.depth import surface_depth
from style3d.core.operator import ViewOperator
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.images import read_image
from style3d.regions.region_weights import part_weights
from style3d.regions.selector import Where
from style3d.regions.shapes import fade_border
from style3d.types import Indices, Weights

SIZE = 640  # pixels along the longer side of the view that a mask is carried from
BEHIND = 0.1  # of the depth: what lies this far from the surface a pixel shows is another thing
LEAST = 0.02  # pixels that an entry must make up, under which a view says nothing of it
SURE = 0.02  # share of an entry that counts
DEPTH_VIEWS, DEPTH_SIZE = 24, 128  # views that measure depth, and their pixels


def share_of_entries(scene: Scene, where: Where) -> Weights:
    """How much of each entry of θ lies in a part of the scene, [0, 1]; exactly 0 outside. See `part_weights`.

    Raises:
        Style3DError: a condition that this kind of scene does not know, a view that it has not, or nothing is held.
    """
    if where.view is None and not where.depth and not where.depth_share:
        return part_weights(scene, where)
    directions = scene.hierarchy.directions
    rest = replace(where, view=None, depth=(), depth_share=(), feather=0.0, mask=None if where.view else where.mask)
    weights = np.ones(scene.hierarchy.sizes[0], np.float32) if rest == Where() else part_weights(scene, rest).copy()
    if where.view is not None and where.mask is not None:
        weights *= np.repeat(under_mask(scene, where.mask, view_called(scene, where.view)), directions)
    if where.depth or where.depth_share:
        weights *= np.repeat(_within_depth(scene, where), directions)
    return fade_border(scene.points(0), weights, where)


def _places(scene: Scene) -> int:
    """The level with one entry in each place: directions are not told apart here."""
    return int(scene.hierarchy.directions > 1)


def view_called(scene: Scene, name: str) -> str:
    """The named view that is meant: a photo's name, with or without its suffix, or its number, from 1.

    Raises:
        Style3DError: there is none.
    """
    views = scene.named_views()
    for known in (name, *(other for other in views if Path(other).stem == name)):
        if known in views:
            return known
    if name.isdecimal() and 1 <= int(name) <= len(views):
        return list(views)[int(name) - 1]
    names = list(views)
    raise Style3DError(f"{scene.name} has no view '{name}'", expected=f"{names[0]} … {names[-1]}, or 1 to {len(views)}")


def under_mask(scene: Scene, mask: Path, view: str) -> Float32[np.ndarray, "entries"]:
    """What a mask drawn over a view covers of each entry: Aᵀ·mask over the column sums of A, in closed form.

    Of a pixel counts what lies within `BEHIND` of the depth of the surface it shows, so that nothing is carried through
    haze onto what stands behind. What the view does not see is not covered.
    """
    camera = camera_of_size(scene.named_views()[view], SIZE)
    grey = _grey(scene, mask, view, camera)
    operator = scene.operator(camera, _places(scene))
    rows, weights = _surface_weights(scene, camera, operator)
    matrix = operator.matrix.as_one_map()
    total = np.bincount(matrix.indices, weights, minlength=matrix.columns)
    inside = np.bincount(matrix.indices, weights * grey[rows], minlength=matrix.columns)
    share = np.where(total >= LEAST, inside / np.maximum(total, LEAST), 0.0)
    table = np.zeros(scene.hierarchy.sizes[_places(scene)], np.float32)
    table[operator.entries] = np.where(share >= SURE, np.clip(share, 0, 1), 0.0)
    return table


def _surface_weights(
    scene: Scene, camera: Camera, operator: ViewOperator
) -> tuple[Indices, Float[np.ndarray, "nonzeros"]]:
    """The row of each weight of A, and the weight, zero where it lies off the surface that its pixel shows."""
    points, matrix = scene.points(_places(scene)), operator.matrix.as_one_map()
    surface = surface_depth(operator, camera, points)[0].ravel().astype(np.float64)
    rows = np.repeat(np.arange(matrix.rows), np.diff(matrix.indptr))
    off = np.abs(camera.project(points[operator.entries])[1][matrix.indices] - surface[rows])
    return rows, np.where(off <= BEHIND * surface[rows], matrix.weights, 0.0)


def _grey(scene: Scene, path: Path, view: str, camera: Camera) -> Float[np.ndarray, "pixels"]:
    """A mask's brightness at the view's pixels.

    Raises:
        Style3DError: no image, or of other proportions than the view.
    """
    drawn = read_image(path, use_profile=False)[..., :3].mean(2, keepdims=True)
    image = np.ascontiguousarray(scene.straightened_drawing(view, drawn)[..., 0])
    height, width = image.shape
    if abs(width * camera.height - height * camera.width) > 0.02 * width * camera.height:
        raise Style3DError(f"the mask {path} does not fit its view", got=f"{width} × {height}",
                           expected=f"the proportions of {camera.width} × {camera.height}")  # fmt: skip
    small = Image.fromarray(image).resize((camera.width, camera.height), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64).ravel()


def _within_depth(scene: Scene, where: Where) -> Float32[np.ndarray, "entries"]:
    """1 for entries whose depth lies between the bounds, 0 for others and for what no view sees."""
    depth, seen = mean_depth(scene)
    inside = seen > 0
    if where.depth:
        inside &= (depth >= where.depth[0]) & (depth <= where.depth[1])
    if where.depth_share:
        rank = _ranks(depth, seen)
        inside &= (rank >= where.depth_share[0]) & (rank <= where.depth_share[1])
    return inside.astype(np.float32)


def mean_depth(scene: Scene) -> tuple[Float[np.ndarray, "entries"], Float[np.ndarray, "entries"]]:
    """Depth of each entry along the cameras' axes, the mean over the views that see it, and the pixels it makes up."""
    cameras = list(scene.named_views().values())
    chosen = [cameras[int(i)] for i in np.linspace(0, len(cameras), min(DEPTH_VIEWS, len(cameras)), endpoint=False)]
    points, total, along = scene.points(_places(scene)), *np.zeros((2, scene.hierarchy.sizes[_places(scene)]))
    for camera in (camera_of_size(camera, DEPTH_SIZE) for camera in chosen):
        entries, sums = scene.operator(camera, _places(scene)).column_sums()
        total[entries] += sums
        along[entries] += sums * camera.project(points[entries])[1]
    return along / np.maximum(total, 1e-12), total


def _ranks(depth: Float[np.ndarray, "entries"], seen: Float[np.ndarray, "entries"]) -> Float[np.ndarray, "entries"]:
    """Share of all that is seen, by pixels, that lies nearer."""
    order = np.argsort(depth, kind="stable")
    below = np.cumsum(seen[order]) - seen[order] / 2
    rank = np.empty_like(below)
    rank[order] = below / max(float(seen.sum()), 1e-12)
    return rank

"""The plan places cameras: overviews around the scene, then close-ups until texels are resolved and seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from style3d.core.camera import Camera, bounding_sphere, fibonacci_directions, fitted_camera
from style3d.core.scene import Closeups
from style3d.render.rasterizer import RayCaster
from style3d.render.surface import Surface
from style3d.render.texels import TexelGrid
from style3d.render.texture import texel_areas
from style3d.render.vertex import vertex_areas

RESOLVED = 1.5  # texels a pixel may hold and still be resolved
OUTSIDE = 512  # directions that say what can be seen from outside
GRAZING = 0.1  # cosine under which a view of a point does not count


@dataclass(frozen=True)
class SurfaceSamples:
    """Points spread evenly over the texels (or vertices) to be painted."""

    position: Float64[np.ndarray, "n 3"]
    normal: Float64[np.ndarray, "n 3"]
    texel_area: Float64[np.ndarray, "n"]  # square scene units of one entry
    two_sided: Bool[np.ndarray, "n"]
    entry: Int64[np.ndarray, "n"]  # row of θ at the point


def sample_surface(surface: Surface, grid: TexelGrid, count: int, generator: np.random.Generator) -> SurfaceSamples:
    """``count`` points, each face drawn in proportion to the entries of θ it holds."""
    texel_area = texel_areas(surface, grid) if surface.painted == "texture" else vertex_areas(surface)
    corners = surface.positions[surface.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1) / 2
    held = np.where(area > 0, area / np.maximum(texel_area, 1e-300), 0.0)
    held = np.where(np.isfinite(held), held, 0.0)
    if held.sum() <= 0:
        held = np.maximum(area, 1e-300)
    face = generator.choice(len(held), count, p=held / held.sum())
    u, v = generator.random((2, count))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    point = corners[face, 0] * (1 - u - v)[:, None] + corners[face, 1] * u[:, None] + corners[face, 2] * v[:, None]
    normal = cross[face] / np.maximum(2 * area[face], 1e-300)[:, None]
    sided = np.array([material.double_sided for material in surface.materials], dtype=bool)
    entry = _entries(surface, grid, face, np.stack([1 - u - v, u, v], 1))
    return SurfaceSamples(point, normal, texel_area[face], sided[surface.material[face]], entry)


def _entries(
    surface: Surface, grid: TexelGrid, face: Int64[np.ndarray, "n"], bary: Float64[np.ndarray, "n 3"]
) -> Int64[np.ndarray, "n"]:
    """The texel under each point, or its nearest vertex's entry; -1 where nothing is painted."""
    corners = surface.faces[face]
    if surface.painted == "vertices":
        return surface.entry[corners[np.arange(len(face)), bary.argmax(1)]]
    uv = (surface.uvs[corners] * bary[..., None]).sum(1)
    texture = surface.face_texture[face]
    return np.where(texture < 0, -1, grid.texel(np.maximum(texture, 0), uv))


def seen_from_outside(caster: RayCaster, samples: SurfaceSamples, radius: float) -> Bool[np.ndarray, "n"]:
    """Samples that at least one of `OUTSIDE` far directions sees."""
    seen = np.zeros(len(samples.position), dtype=bool)
    for direction in fibonacci_directions(OUTSIDE)[np.random.default_rng(0).permutation(OUTSIDE)]:
        left = np.flatnonzero(~seen)
        if not len(left):
            break
        seen[left] = visible(caster, samples, left, np.broadcast_to(direction, (len(left), 3)), radius)
    return seen


def visible(
    caster: RayCaster,
    samples: SurfaceSamples,
    which: Int64[np.ndarray, "m"],
    toward: Float64[np.ndarray, "m 3"],
    radius: float,
) -> Bool[np.ndarray, "m"]:
    """Samples with a free line along ``toward`` (unit) and not grazing it."""
    cosine = np.einsum("nc,nc->n", samples.normal[which], toward)
    good = np.where(samples.two_sided[which], np.abs(cosine), cosine) > GRAZING
    open_line = np.zeros(len(which), dtype=bool)
    if good.any():
        side = np.sign(cosine[good])[:, None] * samples.normal[which][good]
        start = samples.position[which][good] + 1e-4 * radius * side
        open_line[good] = caster.trace(start, toward[good]).face < 0
    return open_line


@dataclass(frozen=True)
class SeenSamples:
    """What a camera's direction sees of the samples, and how close it must come to resolve each."""

    camera: Camera
    which: Int64[np.ndarray, "m"]  # samples with a free line to the camera
    pixel: Float64[np.ndarray, "m 2"]
    zoom: Float64[np.ndarray, "m"]  # enlargement of the view at which a pixel holds one texel


def seen_samples(caster: RayCaster, samples: SurfaceSamples, cameras: list[Camera], radius: float) -> list[SeenSamples]:
    """One per camera, from lines of sight to its position."""
    found = []
    for camera in cameras:
        away = camera.position - samples.position
        distance = np.linalg.norm(away, axis=1)
        toward = away / distance[:, None]
        which = np.flatnonzero(visible(caster, samples, np.arange(len(distance)), toward, radius))
        pixel, depth = camera.project(samples.position[which])
        cosine = np.abs(np.einsum("nc,nc->n", samples.normal[which], toward[which]))
        on_surface = (depth / camera.focal) ** 2 / np.maximum(cosine, GRAZING)  # area a pixel covers
        zoom = np.sqrt(on_surface / np.maximum(samples.texel_area[which], 1e-300))
        found.append(SeenSamples(camera, which, pixel, zoom))
    return found


@dataclass(frozen=True)
class CloseupPlan:
    """Chosen close-ups, and the texels that a pixel of the best view of each sample holds (infinite: unseen)."""

    closeups: tuple[Camera, ...]
    texels_per_pixel: Float64[np.ndarray, "n"]


def plan_closeups(
    views: list[SeenSamples], samples: int, size: int, share: float, limits: Closeups, generator: np.random.Generator
) -> CloseupPlan:
    """Windows of the given views, enlarged, until ``share`` of the samples are resolved: greedy maximum cover.

    A sample counts as resolved, too, where the largest enlargement allowed is reached.

    Each round draws windows around samples not yet resolved, enlarged as those samples need, and keeps the one that
    resolves most. A window is ``size``² pixels of the enlarged view, so its perspective is the view's own.
    """
    views = [replace(view, zoom=np.minimum(view.zoom, limits.zoom)) for view in views]
    best = np.full(samples, np.inf)
    for view in views:
        np.minimum.at(best, view.which, view.zoom**2)
    seen = np.isfinite(best)
    chosen: list[Camera] = []
    while len(chosen) < limits.most and (best[seen] <= RESOLVED).mean() < share:
        window = max((_window(views, best, size, limits.zoom, generator) for _ in range(48)), key=lambda pair: pair[0])
        if window[0] <= 0:
            break
        _, view, camera, inside = window
        zoom = camera.focal / view.camera.focal
        np.minimum.at(best, view.which[inside], (view.zoom[inside] / zoom) ** 2)
        chosen.append(camera)
    return CloseupPlan(tuple(chosen), best)


def _window(
    views: list[SeenSamples], best: Float64[np.ndarray, "n"], size: int, most: float, generator: np.random.Generator
) -> tuple[int, SeenSamples, Camera, Bool[np.ndarray, "m"]]:
    """A random close-up, enlarged at most ``most`` times, and the number of samples it newly resolves."""
    view = views[generator.integers(len(views))]
    wanting = best[view.which] > RESOLVED
    if not wanting.any():
        return 0, view, view.camera, wanting
    center = int(generator.choice(np.flatnonzero(wanting)))
    zoom = min(float(view.zoom[center]) * generator.uniform(0.85, 1.15) / math.sqrt(0.85 * RESOLVED), most)
    inside = (np.abs(view.pixel - view.pixel[center]) * zoom < size / 2).all(1)
    gain = int((inside & wanting & ((view.zoom / zoom) ** 2 <= RESOLVED)).sum())
    middle = view.pixel[center] * zoom
    left, top = middle - size / 2
    return gain, view, _enlarge(view.camera, zoom).crop(left, top, size, size), inside


def _enlarge(camera: Camera, zoom: float) -> Camera:
    """The same view with ``zoom`` times the pixels; the frame is set by whoever crops it."""
    matrix = camera.camera_to_world
    return Camera(matrix, camera.focal * zoom, camera.cx * zoom, camera.cy * zoom, camera.width, camera.height)


def overview_cameras(surface: Surface, count: int, size: int) -> list[Camera]:
    """``count`` cameras evenly over the sphere, each framed tightly on the object."""
    points = surface.positions[np.unique(surface.faces)]
    return [fitted_camera(direction, points, size) for direction in fibonacci_directions(count)]


def cover(
    caster: RayCaster, surface: Surface, samples: SurfaceSamples, unseen: Int64[np.ndarray, "m"], size: int, limit: int
) -> list[Camera]:
    """Cameras for samples that can be seen from outside but that no view has seen yet, most useful first."""
    points = surface.positions[np.unique(surface.faces)]
    _, radius = bounding_sphere(points)
    directions = fibonacci_directions(OUTSIDE)
    table = np.zeros((OUTSIDE, len(unseen)), dtype=bool)
    for row, direction in enumerate(directions):
        table[row] = visible(caster, samples, unseen, np.broadcast_to(direction, (len(unseen), 3)), radius)
    chosen: list[Camera] = []
    while len(chosen) < limit and table.any():
        row = int(table.sum(1).argmax())
        mine = np.flatnonzero(table[row])
        chosen.append(_aim(directions[row], points, samples.position[unseen[mine]], size))
        table[:, mine] = False
    return chosen


def _aim(
    direction: Float64[np.ndarray, "3"],
    points: Float64[np.ndarray, "n 3"],
    targets: Float64[np.ndarray, "m 3"],
    size: int,
) -> Camera:
    """The fitted view along a direction, enlarged up to four times onto its targets."""
    camera = fitted_camera(direction, points, size)
    pixel, _ = camera.project(targets)
    low, high = pixel.min(0), pixel.max(0)
    zoom = float(np.clip(0.7 * size / max(float((high - low).max()), 1.0), 1.0, 4.0))
    middle = (low + high) / 2 * zoom
    left, top = middle - size / 2
    return _enlarge(camera, zoom).crop(left, top, size, size)

"""A mesh scene's θ holds texels or vertex colours. Embree and the texture's filter make its A_v."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
import torch
from jaxtyping import Float32, Float64

from style3d.core.camera import Camera, bounding_sphere, framed_camera, orbit_directions
from style3d.core.operator import ViewOperator
from style3d.core.scene import NONE, Closeups, Scene, Views
from style3d.images import ImageFormat
from style3d.mesh.asset import MeshAsset, losses_of, save_asset, save_variants
from style3d.mesh.fill_unseen import fill_texels
from style3d.mesh.seams import seam_error
from style3d.mesh.select import masked_entries, named_entries
from style3d.mesh.variants import Variant
from style3d.render.daylight import daylight, sample_points
from style3d.render.fragments import trace_view
from style3d.render.lighting import Lighting
from style3d.render.place_cameras import (
    RESOLVED,
    SurfaceSamples,
    cover,
    overview_cameras,
    plan_closeups,
    sample_surface,
    seen_from_outside,
    seen_samples,
)
from style3d.render.pyramid import SpacePyramid, surface_pyramid
from style3d.render.rasterizer import RasterizerName
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.rasterizers import build_rasterizer
from style3d.render.texel_places import texel_points
from style3d.render.texels import TexelGrid, texel_grid
from style3d.render.view import Light, build_lit, build_view
from style3d.types import Colors, Flags, Points, Weights

SAMPLES = 20_000  # points that stand for all texels when views are planned and coverage is measured
FORM_SAMPLES = 60_000  # points at which daylight is cast
UP = np.array([0.0, 1.0, 0.0])
VIEWS = 64  # directions close-ups are cut from
RESOLVED_SHARE = 0.62  # of the texels, so that the median is well inside


@final
class MeshScene(Scene):
    """Every triangle of an asset, held still; see `Scene` for the contract."""

    opaque = 0.97

    def __init__(
        self,
        asset: MeshAsset,
        lighting: Lighting = "studio",
        rasterizer: RasterizerName = "embree",
        texture_format: ImageFormat = "png",
    ) -> None:
        self.asset, self.surface, self._texture_format = asset, asset.surface, texture_format
        self._lighting, self._name_of_rasterizer = lighting, rasterizer
        self._caster = EmbreeRasterizer(self.surface)
        self._rasterizer = self._caster if rasterizer == "embree" else build_rasterizer(rasterizer, self.surface)
        self.grid: TexelGrid = texel_grid(self.surface.textures)
        self._points = self.surface.positions[np.unique(self.surface.faces)]
        self._center, self._radius = bounding_sphere(self._points)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.asset.source.name

    @cached_property
    def key(self) -> str:
        """Content hash; see `Scene.key`."""
        surface, digest = self.surface, hashlib.sha256(repr((self._lighting, self._name_of_rasterizer)).encode())
        for array in (surface.positions, surface.faces, surface.uvs, surface.entry, surface.material, self._table()):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    @property
    def extent(self) -> float:
        """Diameter of the bounding sphere, scene units."""
        return 2 * self._radius

    @cached_property
    def hierarchy(self) -> SpacePyramid:
        """Texels or vertices, and cubes in space above them."""
        return surface_pyramid(self.surface, self._places[0], self._spacing)

    @cached_property
    def _places(self) -> tuple[Points, Flags]:
        """Where each entry is, and whether it lies on the surface and not beyond the edge of an island."""
        if self.surface.painted == "texture":
            return texel_points(self.surface, self.grid)
        points, inside = np.zeros((self.surface.entries, 3)), np.zeros(self.surface.entries, dtype=bool)
        used = self.surface.entry >= 0
        points[self.surface.entry[used]] = self.surface.positions[used]
        inside[self.surface.entry[used]] = True
        return points, inside

    @cached_property
    def _spacing(self) -> float:
        """Scene units between neighbouring entries, in the middle of the range."""
        areas = self.texel_areas()
        return float(np.sqrt(np.median(areas))) if len(areas) else self.extent / 1000

    def initial(self) -> Colors:
        """θ as the asset came."""
        return torch.from_numpy(self._table())

    def _table(self) -> Float32[np.ndarray, "entries 3"]:
        if self.surface.painted == "vertices":
            return np.ascontiguousarray(self.surface.vertex_rgb, dtype=np.float32)
        return np.concatenate([texture.rgb.reshape(-1, 3) for texture in self.surface.textures]).astype(np.float32)

    @cached_property
    def _samples(self) -> SurfaceSamples:
        return sample_surface(self.surface, self.grid, SAMPLES, np.random.default_rng(0))

    @cached_property
    def _outside(self) -> Flags:
        return seen_from_outside(self._caster, self._samples, self._radius) & (self._samples.entry >= 0)

    def plan(self, count: int, resolution: int, closeups: Closeups = NONE) -> Views:
        """Overviews along a golden spiral, then greedy close-ups."""
        overviews = overview_cameras(self.surface, count, resolution)
        wide = overview_cameras(self.surface, max(count, VIEWS), resolution)
        views = seen_samples(self._caster, self._samples, wide, self._radius)
        generator = np.random.default_rng(0)
        plan = plan_closeups(views, SAMPLES, resolution, RESOLVED_SHARE, closeups, generator)
        return Views(tuple(overviews), plan.closeups)

    def level(self, camera: Camera) -> int:
        """The level whose entries are as far apart as the pixels of this view."""
        pixel = self.distance(camera) / camera.focal
        sizes = np.array([self._spacing, *(grid.size for grid in self.hierarchy.grids)])
        return int(np.abs(np.log(sizes / pixel)).argmin())

    def _texels_per_pixel(self, camera: Camera) -> Float64[np.ndarray, "n"]:
        """Texels of level 0 in a pixel of this view at each sample; infinite where it does not see the sample."""
        seen = seen_samples(self._caster, self._samples, [camera], self._radius)[0]
        size = np.array([camera.width, camera.height])
        inside = ((seen.pixel >= 0) & (seen.pixel < size)).all(1)
        held = np.full(SAMPLES, np.inf)
        held[seen.which[inside]] = seen.zoom[inside] ** 2
        return held

    def operator(self, camera: Camera, level: int) -> ViewOperator:
        """A_v and b_v of a view."""
        return build_view(self.surface, self.grid, self.hierarchy, level, self._rasterizer, camera, self._lighting)

    def depth(self, camera: Camera) -> Float32[np.ndarray, "h w"]:
        """Depth of what is drawn in front at every pixel's centre, along the camera's z; infinite beside the object."""
        fragments = trace_view(self._rasterizer, self.surface, camera, 1)
        seen = fragments.start[1:] > fragments.start[:-1]
        depth = np.full(len(seen), np.inf, dtype=np.float32)
        depth[seen] = fragments.depth[fragments.start[:-1][seen]]
        return depth.reshape(camera.height, camera.width)

    def view_depth(self, camera: Camera, operator: ViewOperator) -> Float32[np.ndarray, "h w"]:
        """As `depth`, which casts a ray a pixel."""
        return self.depth(camera)

    @cached_property
    def _spread(self) -> tuple[Points, Points]:
        """Points all over the surface, with their normals."""
        return sample_points(self.surface, FORM_SAMPLES)

    def normals(self, level: int) -> Points:
        """Normals of the surface around each entry, averaged over its cubes."""
        return self.hierarchy.mean_normals(level, *self._spread)

    def form(self) -> Float32[np.ndarray, "entries"]:
        """Sky light and cavities, cast by Embree at points on the surface and carried by the pyramid's cubes."""
        points, normals = self._spread
        light = daylight(self._caster, points, normals, self._radius, UP)
        return self.hierarchy.entry_means(points, light).astype(np.float32)

    def texel_areas(self) -> Float64[np.ndarray, "n"]:
        """Square scene units of one entry at points spread evenly over the entries; finite and positive."""
        areas = self._samples.texel_area
        return areas[np.isfinite(areas) & (areas > 0)]

    def views_in_lights(self, camera: Camera, lights: Sequence[Light]) -> list[ViewOperator]:
        """A view of level 0 in several lights, each with a relief (entries, 3) in tangent space if given."""
        return build_lit(self.surface, self.grid, self.hierarchy, 0, self._rasterizer, camera, lights)

    def further_cameras(self, seen: Flags, resolution: int) -> tuple[Camera, ...]:
        """Cameras for samples that the outside sees and no view has."""
        missing = np.flatnonzero(self._outside & ~seen[self._samples.entry])
        if len(missing) <= 0.005 * self._outside.sum():
            return ()
        return tuple(cover(self._caster, self.surface, self._samples, missing, resolution, limit=24))

    def cameras_around(self, count: int, size: int) -> tuple[Camera, ...]:
        """A turntable a little above the equator."""
        return tuple(framed_camera(direction, self._points, size) for direction in orbit_directions(count))

    def distance(self, camera: Camera) -> float:
        """Scene units to the middle of the bounding sphere."""
        return float(np.linalg.norm(camera.position - self._center))

    def facts(self, colors: Colors, seen: Flags, cameras: tuple[Camera, ...]) -> Mapping[str, object]:
        """Counts, notes, coverage and how well the views resolve the texels."""
        best = np.min([self._texels_per_pixel(camera) for camera in cameras], axis=0)
        covered = seen[self._samples.entry][self._outside]
        reached = best[np.isfinite(best)]
        return {
            "faces": len(self.surface.faces),
            "vertices": len(self.surface.positions),
            "materials": [material.name for material in self.surface.materials],
            "textures": {t.name: [t.rgb.shape[1], t.rgb.shape[0]] for t in self.surface.textures},
            "painted": self.surface.painted,
            "slots": [[slot.material, slot.table, slot.texcoord] for slot in self.asset.slots],
            "entries": self.surface.entries,
            "coverage_of_visible": float(covered.mean()) if len(covered) else 1.0,
            "visible_from_outside": float(self._outside.mean()),
            "entries_seen": float(seen.mean()),
            "texels_per_pixel_median": float(np.median(reached)) if len(reached) else None,
            "texels_resolved": float((reached <= RESOLVED).mean()) if len(reached) else None,
            "seam_error": self.seam_error(colors),
            "notes": list(self.asset.notes),
        }

    def seam_error(self, colors: Colors) -> float | None:
        """How visible UV cuts are with the given colours; see `style3d.mesh.seams.seam_error`."""
        if self.surface.painted == "vertices":
            return None
        return seam_error(self.surface, self.grid, colors.numpy(), self._spacing)

    def points(self, level: int) -> Points:
        """Texels' or vertices' places, or the corners of cubes."""
        if level == 0:
            return self._places[0]
        return self.hierarchy.corners(level)

    @property
    def inside(self) -> Flags:
        """Texels within islands; vertices of faces."""
        return self._places[1]

    def named_entries(self, names: Mapping[str, str]) -> Flags:
        """What materials, nodes and meshes of these names colour."""
        return named_entries(self.surface, self.grid, names)

    def masked_entries(self, mask: Path) -> Weights:
        """The mask lies over every texture."""
        return masked_entries(self.surface, self.grid, mask)

    def completed_colors(self, colors: Colors, seen: Flags) -> Colors:
        """Textures continued past what was seen; vertices as they are."""
        if self.surface.painted == "vertices":
            return colors
        offsets, parts = self.grid.offsets, []
        for index, image in enumerate(self.grid.split(colors)):
            mask = seen[offsets[index] : offsets[index + 1]].reshape(image.shape[:2])
            parts.append(fill_texels(image.numpy(), mask).reshape(-1, 3))
        return torch.from_numpy(np.concatenate(parts))

    def losses(self, path: Path) -> tuple[str, ...]:
        """What the kind of file does not hold of the document."""
        return losses_of(self.asset, path)

    @property
    def switchable(self) -> bool:
        """Whether its paint is in textures."""
        return self.surface.painted != "vertices"

    def save_variants(self, tables: Sequence[tuple[str, Colors]], path: Path) -> tuple[Path, ...]:
        """Write the asset once with several named tables of texels; the files written."""
        variants = [Variant(name, [image.numpy() for image in self.grid.split(colors)]) for name, colors in tables]
        return save_variants(self.asset, variants, path, self._texture_format)

    def save(self, colors: Colors, path: Path) -> tuple[Path, ...]:
        """Write the asset; see `Scene.save`."""
        if self.surface.painted == "vertices":
            return save_asset(self.asset, colors.numpy(), path, self._texture_format)
        images = [image.numpy() for image in self.grid.split(colors)]
        return save_asset(self.asset, images, path, self._texture_format)

"""Fragments list what a pixel shows, front to back: faces with their share, through cut-outs and glass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64

from style3d.core.camera import Camera
from style3d.render.rasterizer import Hits, Rasterizer, sample_rays
from style3d.render.surface import Material, Surface
from style3d.types import Flags, Indices

LAYERS = 8  # surfaces a ray may pass through before the rest of its light is given up


@dataclass(frozen=True)
class Fragments:
    """Every visible piece of surface of a view, ordered by pixel.

    Concretely: ray 12 of pixel 3 sees face 17 through a half transparent lens, so with weight 0.5 / samples².
    """

    start: Int64[np.ndarray, "pixels_and_end"]  # fragments of pixel p are start[p] … start[p + 1]
    ray: Int64[np.ndarray, "fragments"]
    face: Int32[np.ndarray, "fragments"]
    u: Float32[np.ndarray, "fragments"]
    v: Float32[np.ndarray, "fragments"]
    depth: Float[np.ndarray, "fragments"]  # along the camera's z, scene units
    weight: Float32[np.ndarray, "fragments"]  # opacity · transmittance / samples²

    @property
    def pixel(self) -> Int64[np.ndarray, "fragments"]:
        """Pixel of each fragment."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


def trace_view(rasterizer: Rasterizer, surface: Surface, camera: Camera, samples: int) -> Fragments:
    """Visible fragments of a view with ``samples``² rays a pixel.

    Faces of single-sided materials are not there from behind; MASK is all or nothing; BLEND is α·T compositing.
    """
    rays = sample_rays(camera, samples)
    beyond, transmittance = np.zeros(len(rays)), np.ones(len(rays), dtype=np.float32)
    see_through = _see_through(surface)
    parts = []
    for _ in range(LAYERS):
        hits = rasterizer.cast(camera, samples, rays, beyond)
        found = hits.face >= 0
        hits, rays, transmittance = _select(hits, found), rays[found], transmittance[found]
        opacity = np.ones(len(rays), dtype=np.float32)
        special = see_through[hits.face]
        if special.any():
            opacity[special] = _opacity(surface, camera, samples, _select(hits, special), rays[special])
        shown = opacity > 0
        parts.append(_Layer(rays[shown], _select(hits, shown), (transmittance * opacity)[shown]))
        passing = special & (transmittance * (1 - opacity) > 1 / 255)
        if not passing.any():
            break
        rays, beyond, transmittance = rays[passing], hits.depth[passing], (transmittance * (1 - opacity))[passing]
    return _order_fragments(parts, camera, samples)


@dataclass(frozen=True)
class _Layer:
    """One surface behind another: what the rays that got that far hit."""

    ray: Int64[np.ndarray, "_"]
    hits: Hits
    weight: Float32[np.ndarray, "_"]


def _order_fragments(parts: list[_Layer], camera: Camera, samples: int) -> Fragments:
    ray = np.concatenate([part.ray for part in parts])
    order = np.argsort(ray, kind="stable") if len(parts) > 1 else slice(None)
    pixel = ray[order] // (samples * samples)
    counts = np.bincount(pixel, minlength=camera.width * camera.height)
    face, u, v = (np.concatenate([getattr(part.hits, name) for part in parts])[order] for name in ("face", "u", "v"))
    depth = np.concatenate([part.hits.depth for part in parts])[order]
    weight = np.concatenate([part.weight for part in parts])[order] / (samples * samples)
    start = np.concatenate([[0], np.cumsum(counts)])
    return Fragments(start.astype(np.int64), ray[order], face, u, v, depth, weight.astype(np.float32))


def _select(hits: Hits, which: Flags) -> Hits:
    return Hits(hits.face[which], hits.u[which], hits.v[which], hits.depth[which])


def _see_through(surface: Surface) -> Flags:
    """Faces that a ray may pass: not opaque, or with a back that is not drawn."""
    special = [m.alpha_mode != "OPAQUE" or not m.double_sided for m in surface.materials]
    return np.array(special, dtype=bool)[surface.material]


def _opacity(surface: Surface, camera: Camera, samples: int, hits: Hits, rays: Indices) -> Float32[np.ndarray, "n"]:
    """Opacity in [0, 1] of each hit; zero on the undrawn back of a single-sided face."""
    corners = surface.faces[hits.face]
    a, b, c = (surface.positions[corners[:, k]] for k in range(3))
    toward = np.einsum("nc,nc->n", np.cross(b - a, c - a), camera.directions(samples)[rays])
    bary = np.stack([1 - hits.u - hits.v, hits.u, hits.v], 1)
    opacity = np.ones(len(rays), dtype=np.float32)
    for index, material in enumerate(surface.materials):
        mine = surface.material[hits.face] == index
        if mine.any() and material.alpha_mode != "OPAQUE":
            opacity[mine] = _material_opacity(surface, material, corners[mine], bary[mine])
        if not material.double_sided:
            opacity[mine & (toward > 0)] = 0.0
    return opacity


def _material_opacity(
    surface: Surface, material: Material, corners: Int32[np.ndarray, "n 3"], bary: Float[np.ndarray, "n 3"]
) -> Float32[np.ndarray, "n"]:
    alpha = material.alpha * np.einsum("nk,nk->n", surface.alpha[corners], bary)
    texture = surface.textures[material.texture] if material.texture is not None else None
    if texture is not None and texture.alpha is not None:
        height, width = texture.alpha.shape
        uv = np.einsum("nkc,nk->nc", surface.uvs[corners], bary)
        x, y = (np.floor(uv[:, k] * side).astype(np.int64) % side for k, side in ((0, width), (1, height)))
        alpha = alpha * texture.alpha[y, x]
    if material.alpha_mode == "MASK":
        alpha = alpha >= material.alpha_cutoff
    return np.clip(alpha, 0, 1).astype(np.float32)

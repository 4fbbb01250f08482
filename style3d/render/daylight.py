"""Daylight is the light that reaches a surface under a sky, with the shade that its own shape casts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from style3d.render.rasterizer import RayCaster
from style3d.render.surface import Surface
from style3d.types import Points, Vector

RAYS = 48  # a point
HORIZON, ZENITH = 0.6, 1.0  # brightness of the sky; straight below it is as much darker than the horizon
REACH = 0.25  # of the object's radius: what stands closer makes a cavity
LIFTED = 1e-3  # of the radius: where rays start above the surface
BLOCK = 1 << 13  # points whose rays are cast at once


def sample_points(surface: Surface, count: int, seed: int = 0) -> tuple[Points, Points]:
    """``count`` points spread evenly over the area of a surface, with unit normals; world space."""
    random = np.random.default_rng(seed)
    corners = surface.positions[surface.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    share = area / area.sum() if area.sum() > 0 else np.full(len(area), 1 / len(area))
    face = random.choice(len(area), count, p=share)
    u, v = random.random((2, count))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    bary = np.stack([1 - u - v, u, v], 1)[..., None]
    flat = cross[face] / np.maximum(area[face], 1e-300)[:, None]
    smooth = (surface.normals[surface.faces[face]].astype(np.float64) * bary).sum(1)
    length = np.linalg.norm(smooth, axis=1, keepdims=True)
    good = (length[:, 0] > 1e-6) & ((smooth * flat).sum(1) > 0)
    normal = np.where(good[:, None], smooth / np.maximum(length, 1e-6), flat)
    return (corners[face] * bary).sum(1), normal


def daylight(
    caster: RayCaster, points: Points, normals: Points, radius: float, up: Vector, seed: int = 0
) -> Float64[np.ndarray, "n"]:
    """Light at each point, 1 where the whole sky shines straight onto it, 0 in a closed hole.

    The sky's brightness falls from the zenith to the horizon and below (a hemispherical sky with a bright ground);
    what is blocked within `REACH` darkens once more, so that folds and seams between parts are drawn.

    Args:
        radius: of the object's bounding sphere, scene units.
        up: unit vector.
    """
    random = np.random.default_rng(seed)
    light = np.empty(len(points))
    for start in range(0, len(points), BLOCK):
        part = slice(start, start + BLOCK)
        aim = _hemisphere(normals[part], random)
        origin = np.repeat(points[part] + LIFTED * radius * normals[part], RAYS, axis=0)
        hits = caster.trace(origin, aim.reshape(-1, 3))
        blocked = (hits.face >= 0).reshape(-1, RAYS)
        near = blocked & (hits.depth.reshape(-1, RAYS) < REACH * radius)
        sky = HORIZON + (ZENITH - HORIZON) * (aim @ up)
        whole = HORIZON + (ZENITH - HORIZON) * 2 / 3  # what a level, open surface gets
        light[part] = (np.where(blocked, 0.0, sky).mean(1) / whole) * (1 - near.mean(1))
    return np.clip(light, 0, 1)


def _hemisphere(normals: Points, random: np.random.Generator) -> Float64[np.ndarray, "n rays 3"]:
    """Directions around each normal, as dense as their cosine with it."""
    number, golden = np.arange(RAYS) + 0.5, np.pi * (3 - np.sqrt(5))
    turn = golden * number[None] + random.uniform(0, 2 * np.pi, (len(normals), 1))
    out = np.sqrt(number / RAYS)[None]
    local = np.stack(np.broadcast_arrays(out * np.cos(turn), out * np.sin(turn), np.sqrt(1 - out**2)), -1)
    other = np.where(np.abs(normals[:, :1]) < 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    side = np.cross(normals, other)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-12)
    frame = np.stack([side, np.cross(normals, side), normals], 1)
    return np.einsum("nrk,nkc->nrc", local, frame)

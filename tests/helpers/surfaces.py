"""Small surfaces made on the spot, for tests that need geometry and no file."""

from __future__ import annotations

from typing import Literal

import numpy as np
import trimesh

from style3d.core.camera import Camera, bounding_sphere, look_at
from style3d.render.pyramid import SpacePyramid, surface_pyramid
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.surface import Material, Surface, Texture
from style3d.render.texel_places import texel_points
from style3d.render.texels import texel_grid
from style3d.render.view import build_view


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A texture of random colours."""
    return np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)


def sphere(painted: Literal["texture", "vertices"] = "texture", size: int = 48) -> Surface:
    """A unit sphere of two materials, each with its own texture."""
    mesh = trimesh.creation.uv_sphere(radius=1.0, count=[12, 24])
    points = np.array(mesh.vertices, dtype=np.float64)
    uvs = np.stack(
        [np.arctan2(points[:, 0], points[:, 2]) / (2 * np.pi) + 0.5, np.arccos(points[:, 1].clip(-1, 1)) / np.pi], 1
    )
    faces = np.array(mesh.faces, dtype=np.int32)
    count = len(points)
    upper = (points[faces].mean(1)[:, 1] > 0).astype(np.int32)
    by_texture = painted == "texture"
    materials = tuple(Material(name, index if by_texture else None) for index, name in enumerate(("lower", "upper")))
    textures = (
        Texture("lower", noise(size, size)),
        Texture("upper", noise(size // 2, size, 1), wrap=("mirror", "clamp")),
    )
    return Surface(
        positions=points,
        normals=points.astype(np.float32),
        faces=faces,
        uvs=uvs,
        tint=np.ones((count, 3), np.float32),
        alpha=np.ones(count, np.float32),
        entry=np.full(count, -1, np.int64) if by_texture else np.arange(count, dtype=np.int64),
        material=upper,
        materials=materials,
        textures=textures if by_texture else (),
        painted=painted,
        vertex_rgb=np.zeros((0, 3)) if by_texture else np.random.default_rng(2).random((count, 3)),
    )


def quad(
    texture: Texture | None = None, material: Material | None = None, repeat: float = 1.0, z: float = 0.0
) -> Surface:
    """A square of side 2 facing +Z, its texture upright; ``repeat`` tiles along each side."""
    points = np.array([[-1, 1, z], [1, 1, z], [1, -1, z], [-1, -1, z]], dtype=np.float64)
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float64) * repeat
    return Surface(
        positions=points,
        normals=np.tile(np.float32([0, 0, 1]), (4, 1)),
        faces=np.array([[0, 2, 1], [0, 3, 2]], dtype=np.int32),
        uvs=uvs,
        tint=np.ones((4, 3), np.float32),
        alpha=np.ones(4, np.float32),
        entry=np.full(4, -1, np.int64),
        material=np.zeros(2, np.int32),
        materials=(material or Material("quad", 0),),
        textures=(texture or Texture("noise", noise(16, 16)),),
    )


def join_surfaces(front: Surface, back: Surface) -> Surface:
    """Two textured surfaces as one."""
    shift = len(front.positions)
    moved = tuple(
        Material(m.name, None if m.texture is None else m.texture + len(front.textures), m.rgb, m.alpha, m.alpha_mode,
                 m.alpha_cutoff, m.double_sided) for m in back.materials
    )  # fmt: skip
    joined = {
        name: np.concatenate([getattr(front, name), getattr(back, name)])
        for name in ("positions", "normals", "uvs", "tint", "alpha", "entry")
    }
    return Surface(
        faces=np.concatenate([front.faces, back.faces + shift]),
        material=np.concatenate([front.material, back.material + len(front.materials)]),
        materials=front.materials + moved,
        textures=front.textures + back.textures,
        **joined,
    )


def pyramid_of(surface: Surface) -> SpacePyramid:
    """The pyramid over a surface's entries."""
    if surface.painted == "texture":
        points, _ = texel_points(surface, texel_grid(surface.textures))
    else:
        points = surface.positions
    return surface_pyramid(surface, points, 2 * bounding_sphere(surface.positions)[1] / 200)


def view_of(surface: Surface, camera: Camera, level: int = 0, lighting: str = "unlit", samples: int = 2):
    """The operator of a view."""
    grid = texel_grid(surface.textures)
    return build_view(surface, grid, pyramid_of(surface), level, EmbreeRasterizer(surface), camera, lighting, samples)


def front(size: int = 32, fov: float = 40.0, distance: float = 4.0) -> Camera:
    """A square view from +Z."""
    return look_at(np.array([0.0, 0.0, distance]), np.zeros(3), fov, size)


def flat_on(size: int, across: float = 2.0, distance: float = 1000.0) -> Camera:
    """A nearly orthographic view from +Z whose frame is ``across`` scene units wide at z = 0."""
    return look_at(
        np.array([0.0, 0.0, distance]), np.zeros(3), 2 * float(np.degrees(np.arctan(across / 2 / distance))), size
    )


def bare(mesh: trimesh.Trimesh) -> Surface:
    """A mesh of one material, painted by vertex."""
    count = len(mesh.vertices)
    return Surface(
        positions=np.array(mesh.vertices, dtype=np.float64),
        normals=np.array(mesh.vertex_normals, dtype=np.float32),
        faces=np.array(mesh.faces, dtype=np.int32),
        uvs=np.zeros((count, 2)),
        tint=np.ones((count, 3), np.float32),
        alpha=np.ones(count, np.float32),
        entry=np.arange(count, dtype=np.int64),
        material=np.zeros(len(mesh.faces), np.int32),
        materials=(Material("bare", None),),
        textures=(),
        painted="vertices",
        vertex_rgb=np.full((count, 3), 0.5),
    )

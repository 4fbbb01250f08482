"""Daylight: all of it under the open sky, none in a closed box, less under a roof, and the same by a slow twin."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from style3d.render import daylight as module
from style3d.render.daylight import daylight, sample_points
from style3d.render.rasterizer import Hits, RayCaster
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.surface import Surface
from tests.helpers.surfaces import bare

UP = np.array([0.0, 1.0, 0.0])


class Slow(RayCaster):
    """Every ray against every triangle (Möller & Trumbore 1997), in double precision."""

    def __init__(self, surface: Surface) -> None:
        self.corners = surface.positions[surface.faces]

    def trace(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        first, second = self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0]
        face, depth = np.full(len(origins), -1, np.int32), np.full(len(origins), np.inf)
        u, v = np.zeros((2, len(origins)), np.float32)
        for number, corner in enumerate(self.corners[:, 0]):
            across = np.cross(directions, second[number])
            scale = across @ first[number]
            away = origins - corner
            aside = np.cross(away, first[number])
            with np.errstate(divide="ignore", invalid="ignore"):
                b, c = (away * across).sum(1) / scale, (directions * aside).sum(1) / scale
                t = (aside @ second[number]) / scale
            hit = (b >= 0) & (c >= 0) & (b + c <= 1) & (t > 0) & (t < depth)
            face[hit], depth[hit], u[hit], v[hit] = number, t[hit], b[hit], c[hit]
        return Hits(face, u, v, depth)


class Shuffled(RayCaster):
    """Another's answers, asked for in another order."""

    def __init__(self, caster: RayCaster) -> None:
        self.caster = caster

    def trace(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        order = np.random.default_rng(1).permutation(len(origins))
        hits, back = self.caster.trace(origins[order], directions[order]), np.argsort(order)
        return Hits(hits.face[back], hits.u[back], hits.v[back], hits.depth[back])


def plate(height: float, width: float) -> trimesh.Trimesh:
    mesh = trimesh.creation.box((width, 0.02, width))
    mesh.apply_translation((0, height, 0))
    return mesh


def floor_light(surface: Surface, caster: RayCaster | None = None, radius: float = 3.0) -> np.ndarray:
    """Light on nine points of the floor y = 0.01, from its middle outwards."""
    points = np.stack([np.linspace(0, 1.8, 9), np.full(9, 0.01), np.zeros(9)], 1)
    return daylight(caster or EmbreeRasterizer(surface), points, np.broadcast_to(UP, (9, 3)), radius, UP)


def roofed() -> Surface:
    return bare(trimesh.util.concatenate([plate(0, 4), plate(1.0, 1.5)]))


def test_a_plate_under_the_open_sky_has_all_of_it() -> None:
    light = floor_light(bare(plate(0, 4)))
    assert light == pytest.approx(np.ones(9), abs=0.01)


def test_a_wall_gets_less_and_the_underside_least() -> None:
    normals = np.array([[0.0, 1, 0], [1, 0, 0], [0, -1, 0]])
    ball = bare(trimesh.creation.icosphere(subdivisions=3))
    top, side, under = daylight(EmbreeRasterizer(ball), normals, normals, 1.0, UP)
    assert top > side + 0.1
    assert side > under + 0.1
    assert under > 0.1


def test_a_closed_box_is_dark() -> None:
    walls = trimesh.creation.box((2, 2, 2))
    walls.invert()
    points, normals = sample_points(bare(walls), 200)
    assert daylight(EmbreeRasterizer(bare(walls)), points, normals, 1.7, UP).max() < 1e-6


def test_it_is_darker_under_a_roof() -> None:
    light = floor_light(roofed())
    assert light[0] < 0.7
    assert light[-1] > light[0] + 0.2
    assert (light <= floor_light(bare(plate(0, 4))) + 1e-9).all()


def test_what_is_near_darkens_more_than_what_is_far() -> None:
    """The same share of the sky is hidden by a small roof close by and by a large one high above."""
    low = floor_light(bare(trimesh.util.concatenate([plate(0, 8), plate(0.5, 0.6)])))[0]
    high = floor_light(bare(trimesh.util.concatenate([plate(0, 8), plate(1.5, 1.8)])))[0]
    assert low < high - 0.03


def test_embree_and_the_slow_twin_agree() -> None:
    surface = roofed()
    assert floor_light(surface) == pytest.approx(floor_light(surface, Slow(surface)), abs=0.02)


def test_the_order_of_rays_and_the_size_of_blocks_are_irrelevant(monkeypatch: pytest.MonkeyPatch) -> None:
    surface = roofed()
    light = floor_light(surface)
    assert np.array_equal(light, floor_light(surface, Shuffled(EmbreeRasterizer(surface))))
    monkeypatch.setattr(module, "BLOCK", 4)
    assert np.array_equal(light, floor_light(surface))


def test_points_are_spread_by_area() -> None:
    box = trimesh.creation.box((4, 1, 1))
    points, normals = sample_points(bare(box), 4000)
    assert np.abs(points / [2, 0.5, 0.5]).max(1) == pytest.approx(np.ones(4000), abs=1e-9)
    long = np.abs(points[:, 1:]).max(1) > 0.5 - 1e-9
    assert long.mean() == pytest.approx(16 / 18, abs=0.02)
    assert np.linalg.norm(normals, axis=1) == pytest.approx(np.ones(4000), abs=1e-6)

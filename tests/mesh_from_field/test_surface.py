"""Surfaces out of depth and out of density: where they should be, closed, and the right way round."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.mesh_from_field.clean_surface import (
    Shell,
    quadric_collapse,
    simplify_shell,
    smooth_shell,
    without_flat_faces,
    without_floaters,
)
from style3d.mesh_from_field.depth_fusion import UNSURE, DepthImage, fuse_depths, fuse_depths_reference
from style3d.mesh_from_field.grid_surface import density_shell, seen_faces, shell_of_grid
from style3d.mesh_from_field.marching_cubes import CHUNK, Chunk, extract_surface
from tests.helpers.fields import ball
from tests.helpers.spheres import CENTER, RADIUS, around, loose_edges, sphere_depth, sphere_views, volume_of

VOXEL = 0.07
WHOLE = 4 / 3 * np.pi * RADIUS**3


def fused_sphere(views: list[DepthImage] | None = None, voxel: float = VOXEL) -> Shell:
    volume = fuse_depths(views or sphere_views(), CENTER, 1.3, voxel)
    found = extract_surface(volume.chunks(), 0.0)
    return Shell(volume.scene_points(found.positions), found.faces)


def lattice_sphere(side: int, radius: float) -> Shell:
    """Of exact distances, in chunks."""
    middle = side / 2 + 0.3

    def chunk(low: np.ndarray) -> Chunk:
        place = np.stack(np.meshgrid(*(np.arange(k, min(k + CHUNK + 1, side)) for k in low), indexing="ij"), -1)
        distance = (np.linalg.norm(place - middle, axis=-1) - radius).astype(np.float32)
        return Chunk(low, distance, np.ones(distance.shape, dtype=bool))

    return extract_surface((chunk(np.array(low) * CHUNK) for low in np.ndindex(*(-(-side // CHUNK),) * 3)), 0.0)


def test_fused_depth_gives_the_sphere() -> None:
    shell = without_floaters(fused_sphere())
    away = np.linalg.norm(shell.positions - CENTER, axis=1)
    assert np.abs(away - RADIUS).max() < 0.5 * VOXEL
    assert loose_edges(shell) == 0
    assert volume_of(shell) == pytest.approx(WHOLE, rel=0.03)


def test_fusing_agrees_with_its_twin() -> None:
    views = sphere_views(5, 40)
    hazy = views[0].depth.copy()
    hazy[:6] = UNSURE
    views[0] = replace(views[0], depth=hazy)
    fast, slow = (fuse(views, CENTER, 1.3, 0.15) for fuse in (fuse_depths, fuse_depths_reference))
    assert np.array_equal(fast.blocks, slow.blocks)
    assert np.array_equal(fast.weight, slow.weight)
    assert np.abs(fast.distance - slow.distance).max() < 1e-5


def test_what_other_views_look_through_is_carved_away() -> None:
    """A speck that one camera alone believes in, beside the sphere."""
    views = sphere_views(16)
    wrong = views[0].depth.copy()
    wrong[2:8, 2:8] = 3.6
    views[0] = replace(views[0], depth=wrong)
    away = np.linalg.norm(without_floaters(fused_sphere(views)).positions - CENTER, axis=1)
    assert away.max() < RADIUS + VOXEL


def test_voxels_grow_where_there_would_be_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("style3d.mesh_from_field.depth_fusion.MOST_BLOCKS", 60)
    volume = fuse_depths(sphere_views(6), CENTER, 1.3, VOXEL)
    assert len(volume.blocks) <= 60
    assert volume.voxel > VOXEL


def test_nothing_in_sight_is_said() -> None:
    view = sphere_views(1)[0]
    with pytest.raises(Style3DError, match="no surface"):
        fuse_depths([replace(view, depth=np.full_like(view.depth, np.inf))], CENTER, 1.3, VOXEL)


def test_chunks_are_sewn_together() -> None:
    """A sphere across eight chunks, whose sides pass through lattice points, is closed."""
    shell = lattice_sphere(110, 40.0)
    assert loose_edges(without_flat_faces(shell)) == 0
    assert volume_of(shell) == pytest.approx(4 / 3 * np.pi * 40**3, rel=0.002)


def test_unknown_cells_have_no_surface() -> None:
    values = np.tile(np.linspace(1, -1, 8, dtype=np.float32)[:, None, None], (1, 8, 8))
    known = np.ones((8, 8, 8), dtype=bool)
    known[:, :4] = False
    shell = extract_surface([Chunk(np.zeros(3, np.int64), values, known)], 0.0)
    assert shell.positions[:, 1].min() == pytest.approx(4)
    assert np.allclose(shell.positions[:, 0], 3.5, atol=1e-5)


def test_density_gives_the_ball() -> None:
    """A grid whose density falls outwards, through one level at 0.7."""
    grid = ball(40)
    shell = density_shell(grid, float(np.logaddexp(0, -1.0)))
    away = np.linalg.norm(shell.positions, axis=1)
    assert np.abs(away - 0.7).max() < 0.5 * grid.cell
    assert volume_of(shell) == pytest.approx(4 / 3 * np.pi * 0.7**3, rel=0.03)
    assert loose_edges(shell) == 0


def test_only_what_is_seen_is_kept() -> None:
    """From one side, the near half of the sphere is seen, and nothing of a sphere within."""
    shell = fused_sphere()
    inner = Shell((shell.positions - CENTER) * 0.5 + CENTER, shell.faces)
    both = Shell(
        np.concatenate([shell.positions, inner.positions]),
        np.concatenate([shell.faces, inner.faces + len(shell.positions)]),
    )
    (view,) = sphere_views(1)
    seen = seen_faces(both, [view.camera])
    toward = (both.positions[both.faces].mean(1) - CENTER) @ (view.camera.position - CENTER) / 4
    outer = np.arange(len(both.faces)) < len(shell.faces)
    assert seen[outer & (toward > 0.4)].all()
    assert not seen[outer & (toward < 0)].any()
    assert not seen[~outer].any()


def test_the_level_is_the_one_that_views_see() -> None:
    """A grid whose density passes many levels on its way in, looked at by cameras that see one of them."""
    grid, level = ball(40), 0.25
    exact = density_shell(grid, level)
    radius = np.linalg.norm(exact.positions, axis=1).mean()
    views = []
    for camera in around():
        near = replace(camera, camera_to_world=camera.camera_to_world.copy())
        near.camera_to_world[:3, 3] = (camera.position - CENTER) * radius
        depth = sphere_depth(camera) * np.float32(radius)  # the unit sphere's picture, nearer and smaller
        views.append(DepthImage(near, depth))
    found = shell_of_grid(grid, views)
    assert np.linalg.norm(found.positions, axis=1).mean() == pytest.approx(radius, abs=0.1 * grid.cell)


def test_floaters_go_and_pieces_stay() -> None:
    sphere = lattice_sphere(40, 12.0)
    speck, limb = (Shell(sphere.positions * scale + 100, sphere.faces) for scale in (0.02, 0.4))
    count = len(sphere.positions)
    both = Shell(
        np.concatenate([sphere.positions, speck.positions, limb.positions + 100]),
        np.concatenate([sphere.faces, speck.faces + count, limb.faces + 2 * count]),
    )
    kept = without_floaters(both)
    assert len(kept.faces) == 2 * len(sphere.faces)
    assert len(kept.positions) == 2 * count


def test_smoothing_takes_bumps_and_leaves_the_size() -> None:
    sphere = lattice_sphere(40, 12.0)
    noise = np.random.default_rng(0).standard_normal(sphere.positions.shape) * 0.15
    rough = Shell(sphere.positions + noise, sphere.faces)
    middle = 20.3
    spread = [np.linalg.norm(shell.positions - middle, axis=1).std() for shell in (rough, smooth_shell(rough, 5))]
    assert spread[1] < 0.5 * spread[0]
    assert volume_of(smooth_shell(rough, 5)) == pytest.approx(volume_of(sphere), rel=0.02)


def test_simplifying_keeps_the_shape() -> None:
    sphere = lattice_sphere(64, 24.0)
    few = simplify_shell(sphere, 1500)
    assert 0 < len(few.faces) <= 1500
    assert volume_of(few) == pytest.approx(volume_of(sphere), rel=0.01)
    assert simplify_shell(few, 5000) is few


@pytest.mark.parametrize("module", ["fast_simplification", "skimage.measure"])
def test_a_missing_library_is_said_in_one_line(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from style3d.mesh_from_field.marching_cubes import marching_cubes

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Style3DError, match=r"pip install 'style3d\[surface\]'"):
        (quadric_collapse if module == "fast_simplification" else marching_cubes)()

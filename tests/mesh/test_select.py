"""Regions of a mesh: names, masks and shapes choose the right texels and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.gltf.document import Document
from style3d.mesh.asset import MeshAsset, load_asset
from style3d.mesh.scene import MeshScene
from style3d.regions.region_weights import part_weights
from style3d.regions.selector import Where
from style3d.regions.shapes import fade_border, inside_shapes
from tests.helpers.surfaces import sphere

DATA = Path(__file__).parents[2] / "data" / "models"


@pytest.fixture(scope="module")
def ball():
    return MeshScene(MeshAsset(Document({}, (), Path()), sphere(), Path("ball"), ()))


def test_a_material_is_its_texture(ball) -> None:
    grid, lower = ball.grid, part_weights(ball, Where(material="lower"))
    assert (lower[: grid.offsets[1]] == 1).all()
    assert (lower[grid.offsets[1] :] == 0).all()
    both = part_weights(ball, Where(material="*er"))
    assert (both == 1).all()


def test_conditions_are_joined_by_and(ball) -> None:
    where = Where(material="upper", box=(-2, -2, 0, 2, 2, 2))
    weights = part_weights(ball, where)
    expected = inside_shapes(ball.points(0), where)
    expected[: ball.grid.offsets[1]] = False
    assert np.array_equal(weights > 0, expected)
    assert 0 < expected.mean() < 0.5


def test_a_mask_lies_over_every_texture(ball, tmp_path: Path) -> None:
    grid = ball.grid
    board = np.zeros((48, 48), np.uint8)
    board[:, 24:] = 255
    Image.fromarray(board).save(tmp_path / "mask.png")
    weights = part_weights(ball, Where(mask=tmp_path / "mask.png"))
    for (height, width), start in zip(grid.shapes, grid.offsets, strict=False):
        image = weights[start : start + height * width].reshape(height, width)
        assert (image[:, : width // 2] == 0).all()
        assert (image[:, width // 2 :] == 1).all()


def test_feathers_fade_inwards() -> None:
    points = np.stack([np.linspace(0, 1, 101), np.zeros(101), np.zeros(101)], 1)
    where = Where(sphere=(0, 0, 0, 0.505), feather=0.2)
    weights = fade_border(points, inside_shapes(points, where).astype(np.float32), where)
    assert (weights[51:] == 0).all()
    assert weights[50] == pytest.approx(0.05, abs=1e-6)  # 0.01 from the first point outside, of 0.2
    assert (weights[:31] == 1).all()
    assert (np.diff(weights) <= 0).all()


def test_what_does_not_exist_is_refused(ball) -> None:
    with pytest.raises(Style3DError, match="did you mean 'lower'"):
        part_weights(ball, Where(material="lowr"))
    with pytest.raises(Style3DError, match="selects nothing"):
        part_weights(ball, Where(sphere=(9, 9, 9, 1)))
    with pytest.raises(Style3DError, match="six numbers"):
        Where(box=(0, 0, 0, 1, 1, 0))
    with pytest.raises(Style3DError, match="finite"):
        Where(sphere=(0, 0, 0, float("inf")))


def test_nodes_share_a_model_out() -> None:
    """Every texel that is shown belongs to a node, and a node's texels to its own faces."""
    asset = load_asset(DATA / "teapot.glb", texture_size=64)
    scene, surface = MeshScene(asset), asset.surface
    points, inside = scene.points(0), scene.inside
    parts = {node: part_weights(scene, Where(node=node)) > 0 for node, _ in set(surface.owners)}
    assert len(parts) > 2
    assert np.any(list(parts.values()), axis=0)[inside].all()
    for (node, mesh), index in zip(surface.owners, range(len(surface.owners)), strict=True):
        corners = surface.positions[surface.faces[surface.owner == index]].reshape(-1, 3)
        own = points[parts[node] & inside]
        if [name for name, _ in surface.owners].count(node) == 1:
            assert (own >= corners.min(0) - 1e-6).all()
            assert (own <= corners.max(0) + 1e-6).all()
        assert (part_weights(scene, Where(mesh=mesh, node=node)) > 0).sum() <= parts[node].sum()

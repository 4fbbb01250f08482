"""Where meshes stand: transforms, instances, skins, morph targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import parse_document
from style3d.gltf.nodes import local_matrix, placements, quaternions_to_matrices
from style3d.mesh.asset import load_asset
from style3d.mesh.pose import cofactors
from tests.helpers.gltf_maker import QUAD, QUAD_FACES, Maker, checks

HALF = np.sqrt(0.5)


def test_parts_and_matrix_agree() -> None:
    """Translation, rotation and scale as one column-major matrix."""
    parts = {"translation": [1, 2, 3], "rotation": [0, 0, HALF, HALF], "scale": [2, 3, 4]}
    matrix = local_matrix(parts, 0)
    np.testing.assert_allclose(matrix @ [1, 0, 0, 1], [1, 4, 3, 1], atol=1e-12)
    np.testing.assert_array_equal(local_matrix({"matrix": matrix.T.ravel().tolist()}, 0), matrix)


def test_rotations_are_rotations() -> None:
    """Unit or not, quaternions turn; zero turns nothing."""
    quaternions = np.random.default_rng(0).normal(size=(20, 4)) * 3
    quaternions[0] = 0
    matrices = quaternions_to_matrices(quaternions)
    np.testing.assert_allclose(matrices @ matrices.transpose(0, 2, 1), np.tile(np.eye(3), (20, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrices), 1)
    np.testing.assert_array_equal(matrices[0], np.eye(3))


def test_normals_turn_with_the_surface() -> None:
    """Perpendicular stays perpendicular under any map, mirrors and squashes included."""
    random = np.random.default_rng(1)
    for matrix in (*random.normal(size=(10, 3, 3)), np.diag([1.0, 1, -1]), np.diag([1.0, 1, 0])):
        a, b = random.normal(size=(2, 3))
        normal = cofactors(matrix[None])[0] @ np.cross(a, b)
        np.testing.assert_allclose([normal @ (matrix @ a), normal @ (matrix @ b)], 0, atol=1e-12)


def scene(tmp_path: Path, **node: object) -> Path:
    """A textured quad on one node."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks())), **node)
    return made.write(tmp_path / "a.glb")


@pytest.mark.parametrize("scale", [[1, 1, 1], [-1, 1, 1], [-2, -3, -1], [1, -1, -1]])
def test_mirrors_keep_faces_outside_in(scale: list[int], tmp_path: Path) -> None:
    """A mirrored instance is wound so that its normals still agree with its faces."""
    surface = load_asset(scene(tmp_path, scale=scale)).surface
    sides = surface.positions[surface.faces]
    faced = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
    assert (np.einsum("fi,fi->f", faced, surface.normals[surface.faces[:, 0]]) > 0).all()


def test_nested_transforms(tmp_path: Path) -> None:
    """Parents apply after children."""
    made = Maker()
    child = made.show(made.quad(made.textured_material(checks())), translation=[1, 0, 0])
    parent = made.add("nodes", {"children": [child], "scale": [10, 10, 10]})
    made.json["scenes"][0]["nodes"] = [parent]
    surface = load_asset(made.write(tmp_path / "a.glb")).surface
    np.testing.assert_allclose(surface.positions.min(0), [10, 0, 0])
    np.testing.assert_allclose(surface.positions.max(0), [20, 10, 0])


def test_instances_share_texels(tmp_path: Path) -> None:
    """Two nodes and three GPU instances of one mesh: many faces, one texture."""
    made = Maker()
    first = made.show(made.quad(made.textured_material(checks())))
    offsets = np.array([[0, 0, 1], [0, 0, 2], [0, 0, 3]], np.float32)
    attributes = {"TRANSLATION": made.accessor(offsets, "VEC3")}
    extension = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}
    made.json["scenes"][0]["nodes"].append(
        made.add("nodes", {"mesh": made.json["nodes"][first]["mesh"], "extensions": extension})
    )
    surface = load_asset(made.write(tmp_path / "a.glb")).surface
    assert (len(surface.faces), len(surface.textures)) == (8, 1)
    assert sorted(set(surface.positions[:, 2])) == [0, 1, 2, 3]
    np.testing.assert_array_equal(surface.uvs[:4], surface.uvs[4:8])


def skinned(tmp_path: Path, joint: int = 1) -> Path:
    """A quad whose upper edge follows a joint 2 above where it was bound; its node's own transform must not count."""
    made = Maker()
    joints = np.array([[0] * 4, [0] * 4, [joint, 0, 0, 0], [joint, 0, 0, 0]], np.uint8)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (4, 1))
    attributes = {"JOINTS_0": made.accessor(joints, "VEC4"), "WEIGHTS_0": made.accessor(weights, "VEC4")}
    node = made.show(made.quad(made.textured_material(checks()), **attributes), translation=[100, 0, 0], skin=0)
    bones = [made.add("nodes", {}), made.add("nodes", {"translation": [0, 2, 0]})]
    made.json["scenes"][0]["nodes"] += bones
    made.add(
        "skins",
        {
            "joints": bones,
            "inverseBindMatrices": made.accessor(np.tile(np.eye(4, dtype=np.float32), (2, 1, 1)), "MAT4"),
        },
    )
    assert made.json["nodes"][node]["skin"] == 0
    return made.write(tmp_path / "a.glb")


def test_skin_poses_the_mesh(tmp_path: Path) -> None:
    """As viewers show it: by the joints, not by the node."""
    surface = load_asset(skinned(tmp_path)).surface
    np.testing.assert_allclose(
        surface.positions, QUAD + np.array([[0, 0, 0], [0, 0, 0], [0, 2, 0], [0, 2, 0]]), atol=1e-6
    )


def test_skin_without_its_joint_is_refused(tmp_path: Path) -> None:
    """A vertex that follows what is not there."""
    with pytest.raises(Style3DError, match="joint"):
        load_asset(skinned(tmp_path, joint=9))


def test_morph_targets_apply_with_their_weights(tmp_path: Path) -> None:
    """The node's weights go before the mesh's."""
    made = Maker()
    target = {"POSITION": made.accessor(np.full((4, 3), 2, np.float32), "VEC3")}
    node = made.show({**made.quad(made.textured_material(checks())), "targets": [target]})
    made.json["meshes"][0]["weights"] = [1.0]
    shown = load_asset(made.write(tmp_path / "a.glb")).surface
    np.testing.assert_allclose(shown.positions, QUAD + 2)
    made.json["nodes"][node]["weights"] = [0.25]
    np.testing.assert_allclose(load_asset(made.write(tmp_path / "a.glb")).surface.positions, QUAD + 0.5)


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([{"children": [0]}], "circle"),
        ([{"children": [1]}, {"children": [0]}], "circle"),
        ([{"children": [1, 1]}, {}], "parents"),
        ([{"children": [5]}], "exist"),
        ([{"matrix": [1, 2]}], "finite"),
        ([{"scale": ["a", 1, 1]}], "finite"),
        ([{"translation": [1e400, 0, 0]}], "finite"),
    ],
)
def test_broken_nodes_are_refused(nodes: list[dict[str, object]], words: str) -> None:
    """Circles, wrong references and transforms that are none."""
    made = Maker()
    made.json |= {"nodes": nodes, "scenes": [{"nodes": [0]}]}
    try:
        document = parse_document(made.glb(), Path(), "a.glb")
    except Style3DError:
        assert words == "finite"  # Infinity is no JSON in the first place
        return
    with pytest.raises(Style3DError, match=words):
        placements(Accessors(document))


@pytest.mark.parametrize(
    ("mode", "corners", "expected"),
    [
        (4, [0, 1, 2, 0, 2, 3], [[0, 1, 2], [0, 2, 3]]),
        (5, [0, 1, 3, 2], [[0, 1, 3], [1, 2, 3]]),
        (6, [0, 1, 2, 3], [[1, 2, 0], [2, 3, 0]]),
    ],
)
def test_lists_strips_and_fans(mode: int, corners: list[int], expected: list[list[int]], tmp_path: Path) -> None:
    """The same square three ways, and without indices."""
    for indexed in (True, False):
        made = Maker()
        order = np.array(corners)
        item = made.quad(made.textured_material(checks())) | {"mode": mode}
        if indexed:
            item["indices"] = made.accessor(order.astype(np.uint16), "SCALAR")
        else:
            item.pop("indices")
            item["attributes"]["POSITION"] = made.accessor(QUAD[order], "VEC3")
            item["attributes"]["TEXCOORD_0"] = made.accessor(QUAD[order][:, :2].copy(), "VEC2")
        made.show(item)
        surface = load_asset(made.write(tmp_path / "a.glb")).surface
        sides = surface.positions[surface.faces]
        faced = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
        assert (faced[:, 2] > 0).all()
        np.testing.assert_allclose(faced[:, 2].sum(), 2)
        if indexed:
            np.testing.assert_array_equal(sides, QUAD[np.array(expected)])


def test_only_the_default_scene_is_shown(tmp_path: Path) -> None:
    """Other scenes and hidden nodes are not painted."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks())))
    hidden = made.show(made.quad(made.textured_material(checks(seed=1))))
    made.show(made.quad(made.textured_material(checks(seed=2))), extensions={"KHR_node_visibility": {"visible": False}})
    made.json["scenes"][0]["nodes"].remove(hidden)
    made.add("scenes", {"nodes": [hidden]})
    surface = load_asset(made.write(tmp_path / "a.glb")).surface
    assert (len(surface.faces), len(surface.textures)) == (len(QUAD_FACES) // 3, 1)

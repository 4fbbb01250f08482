"""Poses: key frames worked out by hand, rigs that stand as they should, and texels that stay on the surface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.mesh.animation import Pose, parse_pose, value_at
from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import diff_files
from tests.helpers.assets import asset
from tests.helpers.gltf_maker import QUAD, Maker, checks
from tests.helpers.validator import assert_valid
from tests.mesh.test_asset import forbidden, invert

TIMES = np.array([1.0, 3.0])


@pytest.mark.parametrize(
    ("kind", "time", "expected"),
    [
        ("LINEAR", 0.0, 10.0),
        ("LINEAR", 1.5, 12.5),
        ("LINEAR", 9.0, 20.0),
        ("STEP", 2.9, 10.0),
        ("STEP", 3.0, 20.0),
    ],
)
def test_key_frames(kind: str, time: float, expected: float) -> None:
    """Held before the first and after the last."""
    values = np.array([[[10.0]], [[20.0]]])
    assert value_at(TIMES, values, kind, time, turn=False) == pytest.approx([expected])


def test_cubic_spline_is_hermite() -> None:
    """A cubic that the four numbers determine: t³ on [1, 3] with its own slopes."""
    values = np.array([[[0.0], [1.0], [3.0]], [[27.0], [27.0], [0.0]]])
    for time in (1.0, 1.3, 2.0, 2.9):
        assert value_at(TIMES, values, "CUBICSPLINE", time, turn=False) == pytest.approx([time**3])


def test_rotations_take_the_short_way() -> None:
    """A third of a quarter turn, though the second quaternion is given negated."""
    half = np.sqrt(0.5)
    values = np.array([[[0, 0, 0, 1.0]], [[0, 0, -half, -half]]])
    found = value_at(np.array([0.0, 3.0]), values, "LINEAR", 1.0, turn=True)
    np.testing.assert_allclose(found, [0, 0, np.sin(np.pi / 12), np.cos(np.pi / 12)], atol=1e-12)


@pytest.mark.parametrize(
    ("text", "pose"), [("Run:0.4", Pose("Run", 0.4)), ("a:b:1", Pose("a:b", 1)), ("bind", Pose("bind"))]
)
def test_poses_are_read(text: str, pose: Pose) -> None:
    assert parse_pose(text) == pose


@pytest.mark.parametrize("text", ["Run", ":1", "Run:x", "Run:-1", "Run:nan", ""])
def test_other_poses_are_refused(text: str) -> None:
    with pytest.raises(Style3DError, match="--pose"):
        parse_pose(text)


def moving() -> Maker:
    """A quad that an animation carries, turns, swells and morphs."""
    made = Maker()
    item = made.quad(made.textured_material(checks(16)))
    item["targets"] = [{"POSITION": made.accessor(np.tile(np.float32([0, 0, 1]), (4, 1)), "VEC3")}]
    node = made.show(item)
    times = made.accessor(np.float32([0, 2]), "SCALAR", min=[0], max=[2])
    half = np.sqrt(0.5)
    tracks = {
        "translation": (np.float32([[0, 0, 0], [4, 0, 0]]), "VEC3"),
        "rotation": (np.float32([[0, 0, half, half], [0, 0, half, half]]), "VEC4"),
        "scale": (np.float32([[1, 1, 1], [3, 3, 3]]), "VEC3"),
        "weights": (np.float32([0, 1]), "SCALAR"),
    }
    samplers = [{"input": times, "output": made.accessor(values, kind)} for values, kind in tracks.values()]
    channels = [{"sampler": i, "target": {"node": node, "path": path}} for i, path in enumerate(tracks)]
    made.add("animations", {"name": "dance", "samplers": samplers, "channels": channels})
    return made


@pytest.mark.parametrize("name", ["dance", "0"])
def test_nodes_and_morphs_follow(name: str, tmp_path: Path) -> None:
    """Half way: moved by 2, turned by 90°, twice as large, half morphed; and what is written is none of it."""
    source = moving().write(tmp_path / "a.glb")
    posed = load_asset(source, texture_size=16, pose=Pose(name, 1.0))
    turned = np.column_stack([-QUAD[:, 1], QUAD[:, 0], np.full(4, 0.5)])
    np.testing.assert_allclose(posed.surface.positions, 2 * turned + [2, 0, 0], atol=1e-6)
    (path,) = save_asset(posed, invert(posed), tmp_path / "b.glb")
    assert forbidden(source, path) == []
    assert_valid(path, source)


@pytest.mark.parametrize(("pose", "words"), [(Pose("walk"), "one of: dance"), (Pose("dance", 3), "0 to 2 seconds")])
def test_no_such_pose(pose: Pose, words: str, tmp_path: Path) -> None:
    with pytest.raises(Style3DError, match=words):
        load_asset(moving().write(tmp_path / "a.glb"), texture_size=16, pose=pose)


def test_fox_runs_and_texels_stay(tmp_path: Path) -> None:
    """Poses differ in space and share every texel; bound, it is as the file's vertices are."""
    source = asset("meshes/bevy/Fox.glb")
    rest, run, bound = (
        load_asset(source, texture_size=64, pose=pose).surface for pose in (None, Pose("Run", 0.4), Pose("bind"))
    )
    np.testing.assert_array_equal(rest.uvs, run.uvs)
    np.testing.assert_array_equal(rest.faces, run.faces)
    assert np.abs(rest.positions - run.positions).max() > 5
    bones = np.linalg.norm(run.positions[run.faces[:, 0]] - run.positions[run.faces[:, 1]], axis=1)
    kept = np.linalg.norm(bound.positions[bound.faces[:, 0]] - bound.positions[bound.faces[:, 1]], axis=1)
    assert np.median(np.abs(bones / kept - 1)) < 0.1
    posed = load_asset(source, texture_size=64, pose=Pose("Run", 0.4))
    save_asset(posed, invert(posed), tmp_path / "fox.glb")
    assert all(found.allowed for found in diff_files(source, tmp_path / "fox.glb"))

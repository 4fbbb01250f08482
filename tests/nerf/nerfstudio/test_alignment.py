"""Cameras that two programs know tell how their worlds lie to one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from style3d.core.camera import Camera, look_at
from style3d.nerf.nerfstudio.alignment import similarity
from tests.helpers.capture import cameras


def moved(camera: Camera, matrix: np.ndarray, scale: float) -> Camera:
    pose = matrix @ camera.camera_to_world
    pose[:3, :3] /= scale
    return replace(camera, camera_to_world=pose)


def test_a_turned_scaled_and_moved_world_is_found() -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = 0.3 * Rotation.from_rotvec([0.4, -1.1, 2.0]).as_matrix()
    matrix[:3, 3] = [5.0, -2.0, 1.0]
    for group in (cameras(), [look_at(np.array([x, 0.0, 2.0]), np.array([x, 0.0, 0.0]), 50, 8) for x in (0.0, 1.0)]):
        found = similarity(group, [moved(camera, matrix, 0.3) for camera in group])
        assert found is not None
        np.testing.assert_allclose(found, matrix, atol=1e-9)


def test_other_cameras_are_told_apart() -> None:
    group = cameras()
    assert similarity(group, group[::-1]) is None
    assert similarity(group, group[:3]) is None
    assert similarity(group[:1], group[:1]) is None

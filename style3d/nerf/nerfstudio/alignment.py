"""Cameras that two programs share tell how one program's world lies in the other's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from style3d.core.camera import Camera
from style3d.types import Matrix4

LOOSE = 0.02  # of the cameras' spread, by which they may miss one another


def similarity(cameras: Sequence[Camera], others: Sequence[Camera]) -> Matrix4 | None:
    """The turn, scale and move that takes the first cameras to the others, one by one; None where none does.

    The turn is the mean of those that take each camera's axes to the other's, so that cameras in a row suffice; scale
    and move are least squares (Umeyama 1991).
    """
    if len(cameras) < 2 or len(cameras) != len(others):
        return None
    one, two = (np.stack([camera.camera_to_world for camera in group]) for group in (cameras, others))
    left, _, right = np.linalg.svd(np.einsum("nij,nkj->ik", two[:, :3, :3], one[:, :3, :3]))
    turn = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    places, wanted = one[:, :3, 3] @ turn.T, two[:, :3, 3]
    near, far = (group - group.mean(0) for group in (places, wanted))
    scale = float((near * far).sum() / max((near * near).sum(), 1e-300))
    spread = float(np.sqrt((far * far).sum(1).mean()))
    if not (scale > 0 and np.abs(near * scale - far).max() <= LOOSE * spread):
        return None
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = scale * turn, wanted.mean(0) - scale * places.mean(0)
    return matrix

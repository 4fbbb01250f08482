"""Vertices are morphed, skinned and placed in world space."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64

from style3d.errors import Style3DError
from style3d.gltf.nodes import Placement
from style3d.mesh.primitives import Primitive

Array = np.ndarray[Any, Any]


def posed_vertices(
    primitive: Primitive, placement: Placement, instance: int
) -> tuple[Float64[np.ndarray, "vertices 3"], Float64[np.ndarray, "vertices 3"] | None, bool]:
    """World positions, world normals (not unit; None without normals), and whether the transform mirrors.

    Morph targets are applied with their weights. A skinned vertex is Σ weight · joint · vertex, and its node's own
    transform does not count, as glTF says.

    Raises:
        Style3DError: a vertex names a joint that its skin does not have.
    """
    positions, normals = _morph(primitive, placement.weights)
    matrix = placement.matrices[instance]
    if placement.joints is None or primitive.joints is None or primitive.weights is None:
        moved = positions @ matrix[:3, :3].T + matrix[:3, 3]
        return moved, None if normals is None else normals @ cofactors(matrix[None, :3, :3])[0].T, mirrors(matrix)
    blended = _vertex_matrices(primitive.joints, primitive.weights, placement.joints, matrix, primitive.name)
    moved = np.einsum("nij,nj->ni", blended[:, :3, :3], positions) + blended[:, :3, 3]
    mirrored = bool(np.median(np.linalg.det(blended[:, :3, :3])) < 0) if len(blended) else False
    turned = None if normals is None else np.einsum("nij,nj->ni", cofactors(blended[:, :3, :3]), normals)
    return moved, turned, mirrored


def cofactors(matrices: Float64[np.ndarray, "n 3 3"]) -> Float64[np.ndarray, "n 3 3"]:
    """What turns normals: determinant · inverse transpose, flat matrices included."""
    a, b, c = matrices[:, :, 0], matrices[:, :, 1], matrices[:, :, 2]
    result = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], 2)
    return result * np.where(np.linalg.det(matrices) < 0, -1.0, 1.0)[:, None, None]


def mirrors(matrix: Array) -> bool:
    """Whether a transform turns left hands into right ones."""
    return bool(np.linalg.det(matrix[:3, :3]) < 0)


def _morph(primitive: Primitive, weights: tuple[float, ...]) -> tuple[Array, Array | None]:
    positions, normals = primitive.positions, primitive.normals
    for weight, move, turn in zip(weights, primitive.moves, primitive.turns, strict=False):
        if weight:
            positions = positions + weight * move
            if normals is not None and turn is not None:
                normals = normals + weight * turn
    return positions, normals


def _vertex_matrices(joints: Array, weights: Array, matrices: Array, rest: Array, name: str) -> Array:
    """One matrix for each vertex; vertices without weights follow the node."""
    used = joints[weights > 0]
    if len(used) and (used.max() >= len(matrices) or used.min() < 0):
        got = f"joint {int(used.max())} of {len(matrices)}"
        raise Style3DError(f"{name} names joints that its skin does not have", got=got, hint="export the asset again")
    blended = np.zeros((len(joints), 4, 4))
    for column in range(joints.shape[1]):
        share = weights[:, column]
        blended += share[:, None, None] * matrices[np.where(share > 0, joints[:, column], 0)]
    return np.where((weights.sum(1) > 0)[:, None, None], blended, rest)

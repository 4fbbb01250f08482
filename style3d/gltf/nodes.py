"""The default scene shows meshes in places. Each place has a transform and perhaps a skin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Document, Json
from style3d.gltf.extensions import INSTANCING, VISIBILITY

MAX_VISITS = 200_000
MAX_INSTANCES = 1_000_000
Matrix = Float64[np.ndarray, "4 4"]


@dataclass(frozen=True)
class Placement:
    """A node that draws a mesh, possibly many times.

    Concretely: the fox's body, drawn once, bent by 24 joints.
    """

    node: int
    mesh: int
    matrices: Float64[np.ndarray, "instances 4 4"]  # mesh to world
    joints: Float64[np.ndarray, "joints 4 4"] | None = None  # mesh to world by way of each joint; None: no skin
    weights: tuple[float, ...] = ()  # of morph targets
    names: tuple[str, str] = ("", "")  # of the node and the mesh, numbered where they have none


def placements(reader: Accessors) -> tuple[list[Placement], list[str]]:
    """Every drawn mesh of the default scene in node order, and remarks.

    Raises:
        Style3DError: nodes form a circle, point nowhere, or hold matrices that are not numbers.
    """
    document = reader.document
    roots, notes = _roots(document)
    world = world_matrices(document, roots)
    drawn = []
    for index, matrix in world.items():
        node = document.item("nodes", index)
        if "mesh" in node:
            drawn.append(_placement(reader, index, node, matrix, world))
    return drawn, notes


def in_bind_pose(placement: Placement) -> Placement:
    """A skinned mesh as it was bound: unbent, where its first joint carries it."""
    if placement.joints is None or not len(placement.joints):
        return placement
    return replace(placement, matrices=placement.joints[:1], joints=None)


def world_matrices(document: Document, roots: list[int]) -> dict[int, Matrix]:
    """Node to world, for every visible node under ``roots``, parents first.

    Raises:
        Style3DError: nodes form a circle or point nowhere.
    """
    world: dict[int, Matrix] = {}
    waiting: list[tuple[int, Matrix, tuple[int, ...]]] = [(root, np.eye(4), ()) for root in reversed(roots)]
    visits = 0
    while waiting:
        index, parent, above = waiting.pop()
        visits += 1
        node = document.item("nodes", index)
        if index in world or visits > MAX_VISITS:
            circle = index in above
            what = "the glTF's nodes form a circle" if circle else f"node {index} hangs under two parents"
            raise Style3DError(what, expected="a tree of nodes", hint="export the asset again")
        if node.get("extensions", {}).get(VISIBILITY, {}).get("visible") is False:
            continue
        world[index] = parent @ local_matrix(node, index)
        waiting.extend((child, world[index], (*above[-64:], index)) for child in reversed(node.get("children", [])))
    return world


def local_matrix(node: Json, index: int) -> Matrix:
    """A node's own transform: its matrix, or translation · rotation · scale.

    Raises:
        Style3DError: not made of finite numbers.
    """
    try:
        if "matrix" in node:
            matrix = np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
        else:
            matrix = np.eye(4)
            scale = np.array(node.get("scale", (1, 1, 1)), dtype=np.float64).reshape(3)
            rotation = np.array(node.get("rotation", (0, 0, 0, 1)), dtype=np.float64).reshape(4)
            matrix[:3, :3] = quaternions_to_matrices(rotation[None])[0] * scale
            matrix[:3, 3] = np.array(node.get("translation", (0, 0, 0)), dtype=np.float64).reshape(3)
    except (TypeError, ValueError):
        matrix = np.full((4, 4), np.nan)
    if not np.isfinite(matrix).all():
        raise Style3DError(f"node {index} has a transform that is not made of finite numbers", hint="export it again")
    return matrix


def quaternions_to_matrices(quaternions: Float64[np.ndarray, "n 4"]) -> Float64[np.ndarray, "n 3 3"]:
    """Rotations of (x, y, z, w), made unit first; zero turns nothing."""
    length = np.linalg.norm(quaternions, axis=1, keepdims=True)
    unit = np.where(length > 0, quaternions / np.where(length > 0, length, 1), [0, 0, 0, 1])
    x, y, z, w = unit.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(rows).transpose(2, 0, 1)


def _roots(document: Document) -> tuple[list[int], list[str]]:
    scenes, nodes = document.items("scenes"), document.items("nodes")
    if scenes:
        return list(document.item("scenes", document.json.get("scene", 0)).get("nodes", [])), []
    children = {child for node in nodes for child in node.get("children", [])}
    return [index for index in range(len(nodes)) if index not in children], ["the glTF names no scene: all is painted"]


def _placement(reader: Accessors, index: int, node: Json, matrix: Matrix, world: dict[int, Matrix]) -> Placement:
    mesh = reader.document.item("meshes", node["mesh"])
    weights: list[float] = node.get("weights") or mesh.get("weights") or []
    joints = None if "skin" not in node else _joints(reader, node["skin"], world)
    matrices = matrix[None]
    instancing = node.get("extensions", {}).get(INSTANCING)
    if instancing is not None:
        matrices = matrix @ _instances(reader, instancing.get("attributes", {}))
    names = str(node.get("name") or f"node {index}"), str(mesh.get("name") or f"mesh {node['mesh']}")
    return Placement(index, node["mesh"], matrices, joints, tuple(float(weight) for weight in weights), names)


def _joints(reader: Accessors, skin: Any, world: dict[int, Matrix]) -> Float64[np.ndarray, "joints 4 4"]:
    """World matrix · inverse bind matrix of each joint."""
    item = reader.document.item("skins", skin)
    joints: list[int] = item.get("joints", [])
    missing = [joint for joint in joints if joint not in world]
    if missing:  # a skeleton outside the scene still poses the mesh
        world = world_matrices(
            reader.document, _roots(Document({**reader.document.json, "scenes": []}, (), reader.document.folder))[0]
        )
    matrices = np.stack([world[joint] for joint in joints])
    if "inverseBindMatrices" in item:
        inverse = reader.floats(item["inverseBindMatrices"])
        if inverse.shape[1] != 16 or len(inverse) < len(joints):
            raise Style3DError(
                f"skin {skin} has too few inverse bind matrices", got=len(inverse), expected=str(len(joints))
            )
        matrices = matrices @ inverse[: len(joints)].reshape(-1, 4, 4).transpose(0, 2, 1)
    return matrices


def _instances(reader: Accessors, attributes: Json) -> Float64[np.ndarray, "instances 4 4"]:
    """The transforms of GPU instances."""
    found = {
        name: reader.floats(attributes[name]) for name in ("TRANSLATION", "ROTATION", "SCALE") if name in attributes
    }
    count = max((len(values) for values in found.values()), default=1)
    if count > MAX_INSTANCES or any(len(values) != count for values in found.values()):
        raise Style3DError(
            "instances cannot be read", got=f"{count:,}", expected=f"at most {MAX_INSTANCES:,}, of one length"
        )
    matrices = np.tile(np.eye(4), (count, 1, 1))
    if "ROTATION" in found:
        matrices[:, :3, :3] = quaternions_to_matrices(found["ROTATION"])
    matrices[:, :3, :3] *= found.get("SCALE", np.ones((1, 3)))[:, None, :]
    matrices[:, :3, 3] = found.get("TRANSLATION", np.zeros((1, 3)))
    return matrices

"""A primitive of a glTF mesh becomes triangles in its own space, however it is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors, scaled_numbers
from style3d.gltf.document import Json
from style3d.gltf.extensions import DRACO
from style3d.mesh.draco import decode_draco
from style3d.mesh.sound_faces import FARTHEST, MOST_REPEATS, say_left_out, sound_faces

TRIANGLES, STRIP, FAN = 4, 5, 6
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Primitive:
    """A list of triangles with what its vertices carry, before node transforms, morphing and skinning.

    Concretely: the leather parts of a helmet, 8000 vertices with one set of UVs.
    """

    mesh: int
    index: int  # within the mesh
    positions: Float64[np.ndarray, "vertices 3"]
    faces: Int64[np.ndarray, "faces 3"]
    normals: Float64[np.ndarray, "vertices 3"] | None
    colors: Float64[np.ndarray, "vertices 4"] | None  # COLOR_0: linear RGB and opacity in [0, 1]
    uvs: dict[int, Float64[np.ndarray, "vertices 2"]]  # by TEXCOORD set; NaN where they are no sensible numbers
    material: int | None
    compressed: bool = False  # with Draco, whose streams cannot take new vertices
    joints: Int64[np.ndarray, "vertices k"] | None = None
    weights: Float64[np.ndarray, "vertices k"] | None = None
    moves: tuple[Float64[np.ndarray, "vertices 3"], ...] = field(default=())  # of each morph target's POSITION
    turns: tuple[Float64[np.ndarray, "vertices 3"] | None, ...] = field(default=())  # of its NORMAL

    @property
    def name(self) -> str:
        """How notes and errors call it."""
        return f"primitive {self.index} of mesh {self.mesh}"


def read_primitive(reader: Accessors, mesh: int, index: int) -> Primitive | None:
    """Read a primitive without its broken triangles; None for points and lines.

    Raises:
        Style3DError: no positions, or damaged accessors.
    """
    item = reader.document.item("meshes", mesh)["primitives"][index]
    name = f"primitive {index} of mesh {mesh}"
    mode = item.get("mode", TRIANGLES)
    if mode not in (TRIANGLES, STRIP, FAN):
        if mode in (0, 1, 2, 3):
            return None
        raise Style3DError(f"{name} is of an unknown mode", got=mode, expected="0 to 6")
    arrays, faces = _read_attributes(reader, item, mode, name)
    positions = arrays["POSITION"]
    faces = _without_broken(positions, faces, name)
    count = len(positions)
    lengths = {key: len(values) for key, values in arrays.items() if len(values) != count}
    if lengths:
        raise Style3DError(f"{name} has attributes of different lengths", got=lengths, expected=f"{count} each")
    joints, weights = _read_skin(arrays)
    targets = [_target(reader, target, count, name) for target in item.get("targets", [])]
    normals = arrays.get("NORMAL")
    return Primitive(
        mesh,
        index,
        _within(positions, FARTHEST, 0.0),
        faces,
        normals if normals is not None and normals.shape[1] == 3 else None,
        _colors(arrays.get("COLOR_0")),
        {
            int(key[9:]): _within(values, MOST_REPEATS, np.nan)
            for key, values in arrays.items()
            if key.startswith("TEXCOORD_") and values.shape[1] == 2
        },
        item.get("material"),
        DRACO in item.get("extensions", {}),
        joints,
        weights,
        tuple(move for move, _ in targets),
        tuple(turn for _, turn in targets),
    )


def triangulate(corners: Int64[np.ndarray, "n"], mode: int) -> Int64[np.ndarray, "faces 3"]:
    """Triangles of a list, strip or fan of corners, wound the same way; a strip turns every other one."""
    if mode == TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    if len(corners) < 3:
        return np.zeros((0, 3), np.int64)
    first, second, third = corners[:-2], corners[1:-1], corners[2:]
    if mode == FAN:
        return np.stack([second, third, np.broadcast_to(corners[0], third.shape)], 1)
    odd = np.arange(len(first)) % 2 == 1
    return np.stack([first, np.where(odd, third, second), np.where(odd, second, third)], 1)


def _read_attributes(reader: Accessors, item: Json, mode: int, name: str) -> tuple[dict[str, Array], Array]:
    """Attributes as floats, and triangles."""
    attributes: dict[str, Any] = item.get("attributes", {})
    packed = item.get("extensions", {}).get(DRACO)
    decoded: dict[str, Array] = {}
    corners: Array | None = None
    if packed is not None:
        faces, decoded = decode_draco(reader.view(packed["bufferView"]), packed["attributes"])
        corners = faces.ravel()
    arrays = {}
    for key, accessor in attributes.items():
        if key in decoded:
            normalized = bool(reader.document.item("accessors", accessor).get("normalized"))
            arrays[key] = scaled_numbers(decoded[key], normalized)
        else:
            arrays[key] = reader.floats(accessor)
    if "POSITION" not in arrays or arrays["POSITION"].shape[1] != 3:
        raise Style3DError(f"{name} has no positions", expected="a POSITION attribute of VEC3")
    if corners is None:
        indexed = "indices" in item
        corners = reader.indices(item["indices"]) if indexed else np.arange(len(arrays["POSITION"]))
        return arrays, triangulate(corners, mode)
    return arrays, corners.reshape(-1, 3)


def _within(values: Array, limit: float, otherwise: float) -> Array:
    """Numbers whose rows lie within a limit; other rows are replaced."""
    with np.errstate(invalid="ignore"):
        sound = (np.abs(values) <= limit).all(1, keepdims=True)
    return np.where(sound, values, otherwise)


def _without_broken(positions: Array, faces: Array, name: str) -> Array:
    """The sound triangles; what is left out is remarked."""
    kept = sound_faces(positions, faces)
    say_left_out(int((~kept).sum()), name)
    return faces[kept]


def _colors(values: Array | None) -> Array | None:
    """RGB or RGBA in [0, 1]; what is not a number counts as white and opaque."""
    if values is None or values.shape[1] not in (3, 4):
        return None
    result = np.ones((len(values), 4))
    result[:, : values.shape[1]] = np.clip(np.nan_to_num(values, nan=1.0), 0, 1)
    return result


def _read_skin(arrays: dict[str, Array]) -> tuple[Array | None, Array | None]:
    """Joint numbers and weights of all sets side by side, weights summing to 1."""
    sets = [k for k in range(8) if f"JOINTS_{k}" in arrays and f"WEIGHTS_{k}" in arrays]
    if not sets:
        return None, None
    joints = np.concatenate([arrays[f"JOINTS_{k}"] for k in sets], 1).astype(np.int64)
    weights = np.nan_to_num(np.concatenate([arrays[f"WEIGHTS_{k}"] for k in sets], 1)).clip(0)
    total = weights.sum(1, keepdims=True)
    return joints, np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def _target(reader: Accessors, target: Json, count: int, name: str) -> tuple[Array, Array | None]:
    """Offsets of positions and normals of one morph target."""
    moves = reader.floats(target["POSITION"]) if "POSITION" in target else np.zeros((count, 3))
    turns = reader.floats(target["NORMAL"]) if "NORMAL" in target else None
    if moves.shape != (count, 3) or (turns is not None and turns.shape != (count, 3)):
        raise Style3DError(f"{name} has a morph target of another length", got=len(moves), expected=str(count))
    return np.nan_to_num(moves), turns

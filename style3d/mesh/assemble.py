"""The assembly makes one list of world-space triangles of all prepared primitives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64, Int64

from style3d.gltf.nodes import Placement
from style3d.mesh.document_view import Key, Pool
from style3d.mesh.materials import BaseColor, transform_uvs
from style3d.mesh.normals import compact_vertices, corner_normals
from style3d.mesh.painted_slot import Slot
from style3d.mesh.pose import posed_vertices
from style3d.mesh.primitives import Primitive
from style3d.remarks import count_of, remark
from style3d.render.surface import Material, Surface, Texture

GAMMA = 2.2  # a linear-light factor k acts on display-referred colour as k^(1/2.2)
Array = np.ndarray[Any, Any]
Entries = Mapping[Key, Int64[np.ndarray, "_"]]  # vertex-colour table row of each vertex, -1 for none


@dataclass(frozen=True)
class _Shaded:
    """A primitive with normals, and the vertex each of its vertices was in the file."""

    primitive: Primitive
    source: Int64[np.ndarray, "vertices"]


@dataclass(frozen=True)
class _PaintedMaterials:
    """Materials by number. Concretely: the twelfth stands for none, and the third is painted through TEXCOORD_1."""

    default: int
    sets: Mapping[int, int]  # UV set of each painted material


def assemble(
    pool: Pool,
    textures: tuple[Texture, ...],
    slots: Sequence[Slot],
    entries: Entries | None = None,
    vertex_rgb: Float64[np.ndarray, "entries 3"] | None = None,
) -> Surface:
    """Every triangle that is shown.

    Args:
        pool: what is shown; materials keep their numbers, an extra one stands for none.
        textures: what is painted.
        slots: which of them each painted material takes, and by which UV set.
        entries: rows of the vertex-colour table, where vertices are painted.
        vertex_rgb: that table.
    """
    materials = _materials(pool, {slot.material: slot.table for slot in slots})
    sets = {slot.material: slot.texcoord for slot in slots if slot.texcoord is not None}
    shaded = {key: _with_normals(primitive) for key, primitive in pool.primitives.items()}
    pieces = [
        _piece(pool, shaded[key], key, placement, instance, _PaintedMaterials(len(materials) - 1, sets), entries)
        for placement, instance, key in _shown_instances(pool)
    ]
    starts = np.cumsum([0] + [len(piece["positions"]) for piece in pieces])
    joined = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0] if name != "faces"}
    owners = [placement.names for placement, _, _ in _shown_instances(pool)]
    owner = np.repeat(np.arange(len(pieces), dtype=np.int32), [len(piece["faces"]) for piece in pieces])
    faces = np.concatenate([piece["faces"] + start for piece, start in zip(pieces, starts[:-1], strict=True)])
    painted: Literal["texture", "vertices"] = "texture" if entries is None else "vertices"
    colors = np.zeros((0, 3)) if vertex_rgb is None else vertex_rgb
    return Surface(
        **joined,
        faces=faces.astype(np.int32),
        materials=tuple(materials),
        textures=textures,
        painted=painted,
        vertex_rgb=colors,
        owner=owner,
        owners=tuple(owners),
    )


def _materials(pool: Pool, table: Mapping[int, int]) -> list[Material]:
    materials = []
    for index, color in enumerate(pool.materials):
        constant = color.constant()
        painted = index in table
        materials.append(replace(constant, texture=table[index], rgb=(1.0, 1.0, 1.0)) if painted else constant)
    return [*materials, BaseColor("default").constant()]


def _shown_instances(pool: Pool) -> Iterator[tuple[Placement, int, Key]]:
    for placement in pool.drawn:
        keys = [key for key in pool.primitives if key[0] == placement.mesh]
        for instance in range(len(placement.matrices)):
            for key in keys:
                yield placement, instance, key


def _piece(
    pool: Pool,
    shaded: _Shaded,
    key: Key,
    placement: Placement,
    instance: int,
    paint: _PaintedMaterials,
    entries: Entries | None,
) -> dict[str, Array]:
    """The arrays of one placed primitive."""
    primitive, color = shaded.primitive, pool.color(key)
    positions, normals, mirrored = posed_vertices(primitive, placement, instance)
    count = len(positions)
    faces = primitive.faces[:, ::-1] if mirrored else primitive.faces
    linear = primitive.colors if primitive.colors is not None else np.ones((count, 4))
    material = paint.default if primitive.material is None else primitive.material
    uvs = primitive.uvs.get(paint.sets.get(material, color.texcoord))
    if uvs is not None and material in paint.sets:
        faces = _with_uvs(faces, uvs, primitive.name)
    entry = np.full(count, -1, np.int64) if entries is None or key not in entries else entries[key][shaded.source]
    tint = np.ones((count, 3)) if entries is not None and key in entries else linear[:, :3] ** (1 / GAMMA)
    return {
        "positions": positions,
        "normals": _unit(normals, positions, faces).astype(np.float32),
        "faces": faces,
        "uvs": np.zeros((count, 2)) if uvs is None else np.nan_to_num(transform_uvs(uvs, color)),
        "tint": tint.astype(np.float32),
        "alpha": (linear[:, 3] if color.alpha_mode != "OPAQUE" else np.ones(count)).astype(np.float32),
        "entry": entry,
        "material": np.full(len(faces), material, np.int32),
    }


def _with_uvs(faces: Array, uvs: Array, name: str) -> Array:
    """Faces whose texture coordinates are sound; what is left out is remarked."""
    kept = np.isfinite(uvs[faces]).all((1, 2))
    if not kept.all():
        left = count_of(int((~kept).sum()), "triangle")
        remark(f"{left} of {name} cannot be painted: their texture coordinates are not finite, or beyond a million")
    return faces[kept]


def _with_normals(primitive: Primitive) -> _Shaded:
    """The primitive as it is, or split at its creases where it brings no normals."""
    if primitive.normals is not None:
        return _Shaded(primitive, np.arange(len(primitive.positions)))
    source, normals, faces = compact_vertices(primitive.faces, corner_normals(primitive.positions, primitive.faces))
    split = replace(
        primitive,
        positions=primitive.positions[source],
        normals=normals,
        faces=faces,
        colors=None if primitive.colors is None else primitive.colors[source],
        uvs={index: values[source] for index, values in primitive.uvs.items()},
        joints=None if primitive.joints is None else primitive.joints[source],
        weights=None if primitive.weights is None else primitive.weights[source],
        moves=tuple(move[source] for move in primitive.moves),
        turns=tuple(None for _ in primitive.turns),
    )
    return _Shaded(split, source)


def _unit(normals: Array | None, positions: Array, faces: Array) -> Float64[np.ndarray, "vertices 3"]:
    """Normals made unit; the area-weighted mean of the faces around a vertex where there is no sensible one."""
    found = np.zeros_like(positions) if normals is None else np.nan_to_num(normals, posinf=0.0, neginf=0.0)
    size = np.abs(found).max(1, keepdims=True)
    found = found / np.where(size > 0, size, 1)  # first by the largest part, so that tiny ones do not vanish
    length = np.linalg.norm(found, axis=1)
    if (length == 0).any():
        sides = positions[faces]
        sides = (sides - sides.mean((0, 1))) / (np.abs(np.ptp(sides.reshape(-1, 3), axis=0)).max() or 1)
        area = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
        around = np.zeros_like(positions)
        for corner in range(3):
            np.add.at(around, faces[:, corner], area)
        found = np.where((length == 0)[:, None], around, found)
        length = np.linalg.norm(found, axis=1)
    return np.where((length > 0)[:, None], found / np.where(length > 0, length, 1)[:, None], [0.0, 1.0, 0.0])

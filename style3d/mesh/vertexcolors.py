"""Painted vertices share one table of colours, and are written to COLOR_0."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64

from style3d.gltf.document import Document
from style3d.gltf.editor import Editor
from style3d.images import decode_srgb, encode_srgb
from style3d.mesh.document_view import Key, Pool
from style3d.mesh.materials import BaseColor, slots, transform_uvs
from style3d.mesh.new_uvs import all_primitives
from style3d.mesh.primitives import Primitive
from style3d.mesh.textures import sample_image
from style3d.mesh.unique_rows import number_rows
from style3d.remarks import count_of, remark

Array = np.ndarray[Any, Any]


def vertex_table(
    pool: Pool,
) -> tuple[dict[Key, Int64[np.ndarray, "_"]], Float64[np.ndarray, "entries 3"], dict[Key, Array]]:
    """Number the vertex colours of what is shown.

    Vertices of a mesh in the same place and of the same colour share an entry, so that its cuts do not show, and so
    do instances. Returns the entry of each vertex by primitive (-1 where no face uses it), the first colours, display-
    referred, and the opacity of each vertex by primitive.
    """
    keys = [key for key, primitive in pool.primitives.items() if not primitive.compressed]
    closed = len(pool.primitives) - len(keys)
    if closed:
        remark(f"{count_of(closed, 'Draco-compressed primitive')} cannot take vertex colours and keep their own")
    entries: dict[Key, Array] = {}
    opacity: dict[Key, Array] = {}
    rows, colors = [np.zeros((0, 7))], [np.zeros((0, 3))]
    for key in keys:
        primitive = pool.primitives[key]
        rgb, opacity[key] = _start(pool, primitive, pool.color(key))
        used = np.unique(primitive.faces)
        places = np.column_stack([np.full(len(used), key[0]), primitive.positions[used] + 0.0])
        rows.append(np.column_stack([places, np.rint(rgb[used] * 255)]))
        colors.append(rgb[used])
        entries[key] = np.full(len(rgb), -1, np.int64)
    first, number = number_rows(np.concatenate(rows))
    starts = np.cumsum([len(part) for part in rows])
    for key, part in zip(keys, np.split(number, starts[1:-1]) if keys else [], strict=True):
        entries[key][np.unique(pool.primitives[key].faces)] = part
    return entries, np.concatenate(colors)[first], opacity


def prepare_vertices(pool: Pool, keys: list[Key]) -> Document:
    """A document whose painted materials have a white base colour and no base-colour texture."""
    editor = Editor(pool.document)
    painted = set(keys)
    elsewhere = {item.get("material") for key, item in all_primitives(pool.document) if key not in painted}
    made: dict[int | None, int] = {}
    for key in keys:
        material = pool.primitives[key].material
        if material is None:
            continue
        if material not in made:
            shared = material in elsewhere
            made[material] = _white(editor, material, shared)
        editor.json["meshes"][key[0]]["primitives"][key[1]]["material"] = made[material]
    return editor.finish()


def with_vertex_colors(
    document: Document, entries: dict[Key, Array], opacity: dict[Key, Array], rgb: Float[np.ndarray, "entries 3"]
) -> Document:
    """The document with COLOR_0 of each painted primitive: linear light, 16 bits."""
    editor = Editor(document)
    linear = decode_srgb(np.vstack([rgb, [1.0, 1.0, 1.0]]))  # the last row is for vertices without an entry
    for key, rows in entries.items():
        channels = linear[rows]
        if opacity[key].min(initial=1.0) < 1:
            channels = np.column_stack([channels, opacity[key]])
        values = np.rint(np.clip(channels, 0, 1) * 65535).astype("<u2")
        accessor = editor.add_accessor(values, f"VEC{values.shape[1]}", normalized=True)
        editor.json["meshes"][key[0]]["primitives"][key[1]]["attributes"]["COLOR_0"] = accessor
    return editor.finish()


def _white(editor: Editor, material: int, shared: bool) -> int:
    """The material, or a copy where others use it too, without its base colour; opacity stays."""
    index = material
    if shared:
        index = editor.append("materials", copy.deepcopy(editor.items("materials")[material]))
    for place, texture, factor in slots(editor.items("materials")[index]):
        place.pop(texture, None)
        if factor in place:
            place[factor] = [1, 1, 1, *place[factor][3:4]]
    return index


def _start(pool: Pool, primitive: Primitive, color: BaseColor) -> tuple[Array, Array]:
    """Display-referred colour and opacity of each vertex: texture × factor × COLOR_0 in linear light."""
    count = len(primitive.positions)
    linear = np.ones((count, 4)) if primitive.colors is None else primitive.colors.copy()
    linear[:, :3] *= color.factor[:3]
    texture = pool.lookup(color)
    found = None if texture.image is None else pool.image(texture.image)
    if found is not None and color.texcoord in primitive.uvs:
        rgb, alpha = found
        wrap, uvs = texture.wrap, transform_uvs(primitive.uvs[color.texcoord], color)
        linear[:, :3] *= decode_srgb(sample_image(rgb, uvs, wrap))
        if alpha is not None:
            linear[:, 3] *= sample_image(alpha[..., None], uvs, wrap)[:, 0]
    if color.alpha_mode == "OPAQUE":
        linear[:, 3] = 1.0
    return encode_srgb(linear[:, :3]).astype(np.float64), linear[:, 3].clip(0, 1)

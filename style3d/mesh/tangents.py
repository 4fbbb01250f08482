"""Primitives without tangents get some, so that a normal map means the same in every viewer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64, Int64

from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Document
from style3d.gltf.editor import Editor
from style3d.mesh.new_uvs import all_primitives
from style3d.mesh.primitives import read_primitive


def tangents(
    positions: Float64[np.ndarray, "vertices 3"],
    normals: Float64[np.ndarray, "vertices 3"],
    uvs: Float64[np.ndarray, "vertices 2"],
    faces: Int64[np.ndarray, "faces 3"],
) -> Float64[np.ndarray, "vertices 4"]:
    """Unit tangents along u, and the side on which cross(normal, tangent) · w points up the picture, against v.

    Faces count by the angle-free measure of their area in space; vertices without a direction get any.
    """
    (a, b, c), (s, t, r) = positions[faces].transpose(1, 0, 2), uvs[faces].transpose(1, 0, 2)
    x, y, first, second = b - a, c - a, t - s, r - s
    turn = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    side = np.sign(turn)[:, None]
    along = side * (x * second[:, 1:] - y * first[:, 1:])  # times |turn|: large faces count more
    down = side * (y * first[:, :1] - x * second[:, :1])
    sums = np.zeros((2, len(positions), 3))
    for corner in range(3):
        np.add.at(sums[0], faces[:, corner], along)
        np.add.at(sums[1], faces[:, corner], down)
    unit = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    flat = sums[0] - unit * (sums[0] * unit).sum(1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    spare = np.cross(unit, np.where(np.abs(unit[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]]))
    spare /= np.maximum(np.linalg.norm(spare, axis=1, keepdims=True), 1e-30)
    found = np.where(length > 1e-20, flat / np.maximum(length, 1e-30), spare)
    hand = np.where((np.cross(unit, found) * -sums[1]).sum(1) < 0, -1.0, 1.0)
    return np.column_stack([found, hand])


def with_tangents(document: Document, wanted: Mapping[int, int]) -> tuple[Document, set[int]]:
    """The document with TANGENT on primitives of materials, for the UV set that ``wanted`` names for each.

    Returns also the materials all of whose primitives have tangents now; compressed primitives and those without
    normals take none.
    """
    editor, reader, complete = Editor(document), Accessors(document), set(wanted)
    for (mesh, index), item in all_primitives(document):
        material, attributes = item.get("material"), item.get("attributes", {})
        shown = item.get("mode", 4) in (4, 5, 6) and "TANGENT" not in attributes
        if not isinstance(material, int) or material not in wanted or not shown:
            continue
        found = read_primitive(reader, mesh, index)
        texcoord = wanted[material]
        if found is None or found.compressed or found.normals is None or texcoord not in found.uvs:
            complete.discard(material)
            continue
        values = tangents(found.positions, found.normals, found.uvs[texcoord], found.faces)
        added = editor.add_accessor(values.astype("<f4"), "VEC4")
        editor.json["meshes"][mesh]["primitives"][index]["attributes"]["TANGENT"] = added
    return (editor.finish(), complete) if complete else (document, complete)

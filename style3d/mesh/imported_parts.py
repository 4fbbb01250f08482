"""Imported parts hold meshes of other formats until they become a glTF document."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float64, Int64
from PIL import Image

from style3d.errors import Style3DError
from style3d.gltf.container import image_kind
from style3d.gltf.document import Document, Json
from style3d.gltf.editor import Editor
from style3d.gltf.extensions import TRANSFORM
from style3d.gltf.texture_images import read_texture
from style3d.mesh.normals import compact_vertices, corner_normals

CLAMP, NEAREST = 33071, 9728  # of a sampler
FAR = 8.0  # extents from the origin, beyond which positions are stored around their middle
UNSUPPORTED = (b"gAMA", b"cHRM", b"iCCP", b"pHYs", b"acTL")  # parts of a PNG that glTF tells readers to ignore
Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class Placing:
    """How a map is laid over UVs. Concretely: twice along u and v, and once more from the edge on."""

    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)  # added after the scale; v upwards
    clamp: bool = False  # the edge goes on beyond the picture, in the place of its repetition
    nearest: bool = False  # texels are squares

    def transform(self) -> Json:
        """KHR_texture_transform, whose v runs downwards; empty where nothing moves."""
        (su, sv), (ou, ov) = self.scale, self.offset
        return {} if (su, sv, ou, ov) == (1, 1, 0, 0) else {"offset": [ou, 1 - sv - ov], "scale": [su, sv]}

    def sampler(self) -> Json:
        """What glTF calls a sampler; empty where it is as by default."""
        wrap = {"wrapS": CLAMP, "wrapT": CLAMP} if self.clamp else {}
        return wrap | ({"magFilter": NEAREST, "minFilter": NEAREST} if self.nearest else {})


@dataclass(frozen=True)
class ImportedMaterial:
    """A material of a format that knows less than glTF.

    Concretely: 'body' of an MTL file, with the bytes of body.png.
    """

    name: str
    rgb: tuple[float, float, float] = (1.0, 1.0, 1.0)  # linear light, [0, 1]
    alpha: float = 1.0
    metallic: float = 0.0
    roughness: float = 0.9
    emissive: tuple[float, float, float] = (0.0, 0.0, 0.0)
    images: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # by glTF slot: name and file content
    stand_in: bool = False  # for a material that no file describes
    placing: Mapping[str, Placing] = field(default_factory=dict)  # by glTF slot
    alpha_mode: str | None = None  # None: opaque
    normal_scale: float = 1.0
    extensions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # glTF's, by name
    extras: Mapping[str, str] = field(default_factory=dict)  # what glTF has no place for, as it stood


@dataclass(frozen=True)
class ImportedPart:
    """Triangles of one material.

    Concretely: the wheels of a car, 2000 vertices with UVs.
    """

    mesh: str  # parts of the same names become primitives of one mesh
    positions: Float64[np.ndarray, "vertices 3"]
    faces: Int64[np.ndarray, "faces 3"]  # sound: see `style3d.mesh.sound_faces`
    material: int | None = None
    normals: Float64[np.ndarray, "vertices 3"] | None = None  # NaN where a vertex has none
    uvs: Float64[np.ndarray, "vertices 2"] | None = None  # v downwards, as in glTF
    colors: Float64[np.ndarray, "vertices 4"] | None = None  # linear RGB and opacity, [0, 1]
    node: str = ""  # that shows the mesh; empty for its name
    smoothing: Int64[np.ndarray, "faces"] | None = None  # groups for faces without normals: see `corner_normals`

    @property
    def names(self) -> tuple[str, str]:
        """Of the node, and of the mesh."""
        return self.node or self.mesh, self.mesh


def build_document(parts: list[ImportedPart], materials: list[ImportedMaterial], folder: Path) -> Document:
    """A glTF document of the parts, in their order, with float32 positions around a float64 offset where that matters.

    Raises:
        Style3DError: no faces.
    """
    parts = [part for part in parts if len(part.faces)]
    if not parts:
        raise Style3DError("the model has no faces", expected="triangles or polygons", hint="export a surface")
    offset = _offset(parts)
    editor = Editor(Document({"asset": {"version": "2.0", "generator": "style3d"}, "scene": 0}, (), folder))
    if any(part.material is None for part in parts):
        materials = [*materials, ImportedMaterial(parts[0].mesh)]
        parts = [replace(part, material=len(materials) - 1) if part.material is None else part for part in parts]
    used = sorted({part.material for part in parts if part.material is not None})
    numbers = {one: editor.append("materials", _material(editor, materials[one])) for one in used}
    meshes: dict[tuple[str, str], Json] = {}
    for part in parts:
        mesh = meshes.setdefault(part.names, {"name": part.mesh, "primitives": []})
        primitive = _primitive(editor, part, offset)
        if part.material is not None:
            primitive["material"] = numbers[part.material]
        mesh["primitives"].append(primitive)
    roots = []
    for (name, _), mesh in meshes.items():
        node: Json = {"name": name, "mesh": editor.append("meshes", mesh)}
        if offset.any():
            node["translation"] = offset.tolist()
        roots.append(editor.append("nodes", node))
    editor.append("scenes", {"nodes": roots})
    return editor.finish()


def _offset(parts: list[ImportedPart]) -> Float64[np.ndarray, "3"]:
    """The middle of the model where it is so far out that float32 would round it visibly; else zero."""
    low = np.min([part.positions[part.faces].min((0, 1)) for part in parts], axis=0)
    high = np.max([part.positions[part.faces].max((0, 1)) for part in parts], axis=0)
    middle = (low + high) / 2
    far = np.abs(middle).max() > FAR * float((high - low).max())
    return middle if far else np.zeros(3)


def _primitive(editor: Editor, part: ImportedPart, offset: Float64[np.ndarray, "3"]) -> Json:
    """Accessors of a part."""
    source, normals, faces = _with_normals(part)
    positions = (part.positions[source] - offset).astype("<f4")
    attributes = {
        "POSITION": editor.add_accessor(positions, "VEC3", bounds=True),
        "NORMAL": editor.add_accessor(normals.astype("<f4"), "VEC3"),
    }
    if part.uvs is not None:
        attributes["TEXCOORD_0"] = editor.add_accessor(part.uvs[source].astype("<f4"), "VEC2")
    if part.colors is not None:
        colors = np.rint(part.colors[source].clip(0, 1) * 65535).astype("<u2")
        attributes["COLOR_0"] = editor.add_accessor(colors, "VEC4", normalized=True)
    indices = faces.ravel().astype("<u2" if len(source) < 65535 else "<u4")
    return {"attributes": attributes, "indices": editor.add_accessor(indices, "SCALAR")}


def _with_normals(part: ImportedPart) -> tuple[Array, Array, Array]:
    """The old vertex of each new one, its unit normal, and faces of new ones; normals are made where there are none."""
    count = len(part.positions)
    normals = np.zeros((count, 3)) if part.normals is None else part.normals
    sound = np.isfinite(normals).all(1) & (np.abs(np.nan_to_num(normals)).max(1, initial=0) > 0)
    if sound[part.faces].all():
        source, inverse = np.unique(part.faces, return_inverse=True)
        return source, _unit(normals[source]), inverse.reshape(-1, 3)
    corners = corner_normals(part.positions, part.faces, groups=part.smoothing)
    told = sound[part.faces]
    corners[told] = _unit(normals[part.faces[told]])
    return compact_vertices(part.faces, corners)


def _unit(vectors: Array) -> Array:
    vectors = vectors / np.abs(vectors).max(1, keepdims=True, initial=0)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _material(editor: Editor, material: ImportedMaterial) -> Json:
    surface: Json = {"metallicFactor": material.metallic, "roughnessFactor": material.roughness}
    if (*material.rgb, material.alpha) != (1, 1, 1, 1):
        surface["baseColorFactor"] = [*material.rgb, material.alpha]
    item: Json = {"name": material.name, "pbrMetallicRoughness": surface, "doubleSided": True}
    mode = "BLEND" if material.alpha < 1 else material.alpha_mode
    if mode is not None:
        item["alphaMode"] = mode
    if any(material.emissive):
        item["emissiveFactor"] = list(material.emissive)
    for slot, (name, content) in material.images.items():
        place = surface if slot in ("baseColorTexture", "metallicRoughnessTexture") else item
        place[slot] = _texture(editor, _image(editor, name, content), material.placing.get(slot, Placing()))
    if "normalTexture" in item and material.normal_scale != 1:
        item["normalTexture"]["scale"] = material.normal_scale
    for name, values in material.extensions.items():
        item.setdefault("extensions", {})[name] = dict(values)
        editor.use_extension(name)
    if material.extras:
        item["extras"] = {"mtl": dict(material.extras)}
    return item


def _texture(editor: Editor, image: int, placing: Placing) -> Json:
    """A reference to a new texture that shows an image."""
    texture: Json = {"source": image}
    if placing.sampler():
        texture["sampler"] = editor.append("samplers", placing.sampler())
    info: Json = {"index": editor.append("textures", texture)}
    if placing.transform():
        info["extensions"] = {TRANSFORM: placing.transform()}
        editor.use_extension(TRANSFORM)
    return info


def _image(editor: Editor, name: str, content: bytes) -> int:
    """An image as it is if glTF takes it, else as plain PNG."""
    kind = image_kind(content)
    odd = kind is not None and kind[0] == "image/png" and any(chunk in content[:4096] for chunk in UNSUPPORTED)
    if kind is None or kind[0] not in ("image/png", "image/jpeg") or odd:
        pixels = np.rint(read_texture(content, name) * 255).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, format="PNG")
        content, kind = stream.getvalue(), ("image/png", ".png")
    stem = Path(name.replace("\\", "/")).stem
    return editor.append("images", {"name": stem, "bufferView": editor.add_view(content), "mimeType": kind[0]})

"""Small glTF files made by hand, independently of the code under test."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CODES = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
QUAD = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=np.float32)
QUAD_UV = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], dtype=np.float32)
QUAD_FACES = np.array([0, 1, 2, 0, 2, 3], dtype=np.uint16)


class Maker:
    """Collects the parts of a GLB."""

    def __init__(self) -> None:
        self.json: dict[str, Any] = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}]}
        self.data = bytearray()

    def add(self, kind: str, item: dict[str, Any]) -> int:
        """Append to a list of the JSON."""
        self.json.setdefault(kind, []).append(item)
        return len(self.json[kind]) - 1

    def view(self, content: bytes, **properties: Any) -> int:
        """A buffer view."""
        self.data += b"\0" * (-len(self.data) % 4)
        item = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content), **properties}
        self.data += content
        return self.add("bufferViews", item)

    def accessor(self, values: np.ndarray, kind: str, **properties: Any) -> int:
        """An accessor of little-endian numbers with bounds where they are floats."""
        values = np.ascontiguousarray(values).reshape(-1, WIDTHS[kind])
        item = {"componentType": CODES[values.dtype.name], "count": len(values), "type": kind, **properties}
        if kind == "VEC3" and "min" not in item:
            item |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        return self.add("accessors", {"bufferView": self.view(values.tobytes()), **item})

    def image(self, rgb: np.ndarray, kind: str = "png", **properties: Any) -> int:
        """An embedded image of 8-bit colours."""
        stream = io.BytesIO()
        Image.fromarray(rgb).save(stream, format=kind, lossless=True)
        return self.add(
            "images", {"bufferView": self.view(stream.getvalue()), "mimeType": f"image/{kind}", **properties}
        )

    def quad(self, material: int | None = None, uvs: np.ndarray | None = QUAD_UV, **attributes: int) -> dict[str, Any]:
        """A unit square facing +z as a primitive."""
        found = {"POSITION": self.accessor(QUAD, "VEC3"), **attributes}
        if uvs is not None:
            found["TEXCOORD_0"] = self.accessor(uvs.astype(np.float32), "VEC2")
        item: dict[str, Any] = {"attributes": found, "indices": self.accessor(QUAD_FACES, "SCALAR")}
        return item if material is None else {**item, "material": material}

    def show(self, *primitives: dict[str, Any], **node: Any) -> int:
        """A mesh of primitives on a new root node; returns the node."""
        mesh = self.add("meshes", {"primitives": list(primitives)})
        index = self.add("nodes", {"mesh": mesh, **node})
        self.json["scenes"][0]["nodes"].append(index)
        return index

    def textured_material(self, rgb: np.ndarray, *, sampler: dict[str, int] | None = None, **material: Any) -> int:
        """A material with a base-colour texture."""
        texture: dict[str, Any] = {"source": self.image(rgb)}
        if sampler is not None:
            texture["sampler"] = self.add("samplers", sampler)
        info = {"index": self.add("textures", texture)}
        return self.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": info}, **material})

    def glb(self) -> bytes:
        """The file."""
        data = bytes(self.data) + b"\0" * (-len(self.data) % 4)
        if data:
            self.json["buffers"] = [{"byteLength": len(self.data)}, *self.json.get("buffers", [])[1:]]
        text = json.dumps(self.json).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
        if data:
            chunks += struct.pack("<II", len(data), 0x004E4942) + data
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

    def write(self, path: Path) -> Path:
        """Write the file."""
        path.write_bytes(self.glb())
        return path


def checks(size: int = 8, seed: int = 0) -> np.ndarray:
    """Random 8-bit colours."""
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


def read_glb(path: Path) -> tuple[dict[str, Any], bytes]:
    """JSON and binary chunk of a file."""
    content = path.read_bytes()
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def image_of(path: Path, index: int) -> np.ndarray:
    """Pixels of an embedded image."""
    found, data = read_glb(path)
    view = found["bufferViews"][found["images"][index]["bufferView"]]
    start = view.get("byteOffset", 0)
    return np.asarray(Image.open(io.BytesIO(data[start : start + view["byteLength"]])))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a JSON value."""
    for key, child in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(child, dict | list):
            yield from places(child, (*path, key))


def pack_glb(found: Any, content: bytes) -> bytes:
    """A GLB of changed JSON and the old binary chunk."""
    text = json.dumps(found).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(content), 0x004E4942) + content
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

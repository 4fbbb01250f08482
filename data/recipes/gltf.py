"""Writes glTF 2.0 binaries from plain arrays."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963
COMPONENTS = {
    np.dtype(np.float32): 5126,
    np.dtype(np.uint32): 5125,
    np.dtype(np.uint16): 5123,
    np.dtype(np.uint8): 5121,
}
SHAPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class Writer:
    """Collects a glTF document and its binary chunk; methods that add something return its index."""

    def __init__(self, author: str = "style3d data scripts, CC0") -> None:
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": author},
            "scene": 0,
            "scenes": [{"nodes": []}],
        }
        self.binary = bytearray()

    def add(self, kind: str, **entry: Any) -> int:
        """Append to a top-level array, concretely add("nodes", name="lid", mesh=1)."""
        entries = self.document.setdefault(kind, [])
        entries.append(entry)
        return len(entries) - 1

    def root(self, node: int) -> None:
        self.document["scenes"][0]["nodes"].append(node)

    def _view(self, data: bytes, **more: int) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        index = self.add("bufferViews", buffer=0, byteOffset=len(self.binary), byteLength=len(data), **more)
        self.binary += data
        return index

    def array(self, values: NDArray[Any], target: int | None = None, bounds: bool = False) -> int:
        """An accessor for values (n, ...); matrices are given row-major and stored column-major."""
        values = np.ascontiguousarray(values.swapaxes(1, 2) if values.shape[1:] == (4, 4) else values)
        view = self._view(values.tobytes(), **({"target": target} if target else {}))
        entry: dict[str, Any] = {
            "componentType": COMPONENTS[values.dtype],
            "count": len(values),
            "type": SHAPES[values.shape[1:]],
        }
        if bounds:
            entry["min"] = np.atleast_1d(values.min(0)).tolist()
            entry["max"] = np.atleast_1d(values.max(0)).tolist()
        return self.add("accessors", bufferView=view, **entry)

    def texture(self, name: str, encoded: bytes, mime: str = "image/png", wrap: int = 33071) -> int:
        """A texture from an encoded PNG or JPEG; `wrap` defaults to clamp to edge."""
        image = self.add("images", name=name, mimeType=mime, bufferView=self._view(encoded))
        sampler = self.add("samplers", magFilter=9729, minFilter=9987, wrapS=wrap, wrapT=wrap)
        return self.add("textures", name=name, source=image, sampler=sampler)

    def material(self, name: str, texture: int, roughness: float, metallic: float = 0.0, **more: Any) -> int:
        surface = {"baseColorTexture": {"index": texture}, "metallicFactor": metallic, "roughnessFactor": roughness}
        return self.add("materials", name=name, pbrMetallicRoughness=surface, **more)

    def primitive(self, attributes: dict[str, NDArray[Any]], faces: NDArray[Any], material: int) -> dict[str, Any]:
        """A triangle list; attributes by glTF name, faces (f, 3)."""
        indices = faces.reshape(-1).astype(np.uint16 if len(attributes["POSITION"]) < 65535 else np.uint32)
        stored = {
            name: self.array(
                values if values.dtype.kind == "u" else values.astype(np.float32), ARRAY_BUFFER, name == "POSITION"
            )
            for name, values in attributes.items()
        }
        return {"attributes": stored, "indices": self.array(indices, ELEMENT_BUFFER), "material": material}

    def save(self, path: Path) -> None:
        """Write the document as GLB."""
        self.document["buffers"] = [{"byteLength": len(self.binary)}]
        text = json.dumps(self.document, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        binary = bytes(self.binary) + b"\0" * (-len(self.binary) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
        path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)

"""Accessors become arrays, whether strided, sparse, normalised, quantised or compressed, always within bounds."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from jaxtyping import Float64, Int64

from style3d.errors import Style3DError
from style3d.gltf.document import Document, Json
from style3d.gltf.extensions import compression_of

COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
MAX_ELEMENTS = 64_000_000  # of one accessor
Array = np.ndarray[Any, Any]


@final
class Accessors:
    """Reads the accessors of one document; compressed views are decoded once and kept."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._decoded: dict[int, bytes] = {}

    def raw(self, index: Any) -> Array:
        """The stored numbers, (count, width), in the stored type.

        Raises:
            Style3DError: the accessor does not exist, is of an unknown type or reaches past its buffer.
        """
        item = self.document.item("accessors", index)
        dtype, width, count = self._layout(item)
        if "bufferView" in item:
            values = self._strided_elements(item["bufferView"], item.get("byteOffset", 0), count, width, dtype)
        else:
            values = np.zeros((count, width), dtype)
        return self._with_sparse(values.copy(), item["sparse"], dtype) if "sparse" in item else values

    def floats(self, index: Any) -> Float64[np.ndarray, "count width"]:
        """The numbers as they are meant: normalised integers scaled to [0, 1] or [-1, 1]. Errors: `raw`."""
        return scaled_numbers(self.raw(index), bool(self.document.item("accessors", index).get("normalized")))

    def indices(self, index: Any) -> Int64[np.ndarray, "count"]:
        """Unsigned integers of a scalar accessor. Errors: `raw`."""
        values = self.raw(index)
        if values.shape[1] != 1 or values.dtype.kind != "u":
            got = f"{values.dtype} × {values.shape[1]}"
            raise Style3DError("the glTF's indices are not unsigned integers", got=got, hint="export it again")
        return values[:, 0].astype(np.int64)

    def view(self, index: Any) -> bytes:
        """The bytes of a buffer view, decompressed.

        Raises:
            Style3DError: it does not exist, or reaches past its buffer.
        """
        item = self.document.item("bufferViews", index)
        packed = compression_of(item)
        if packed is not None:
            if index not in self._decoded:
                from style3d.gltf.meshopt import decode_view  # compiled: slow to import, and few files need it

                self._decoded[index] = decode_view(self._slice(packed, packed.get("buffer")), packed)
            return self._decoded[index]
        return self._slice(item, item.get("buffer"))

    def _slice(self, item: Json, buffer: Any) -> bytes:
        self.document.item("buffers", buffer)
        start, size = item.get("byteOffset", 0), item.get("byteLength", 0)
        content = self.document.buffers[buffer]
        if not (isinstance(start, int) and isinstance(size, int)) or start < 0 or size < 0:
            raise Style3DError("a buffer view has an invalid size", got=f"{start!r}, {size!r}")
        if start + size > len(content):
            got = f"bytes {start}…{start + size} of {len(content)}"
            raise Style3DError("a buffer view reaches past its buffer", got=got, hint="export the asset again")
        return content[start : start + size]

    def _layout(self, item: Json) -> tuple[np.dtype[Any], int, int]:
        component, kind, count = item.get("componentType"), item.get("type"), item.get("count")
        if component not in COMPONENTS or kind not in WIDTHS or not isinstance(count, int):
            got = f"componentType {component!r}, type {kind!r}, count {count!r}"
            raise Style3DError("an accessor has an unknown type", got=got, hint="export the asset again")
        if not 0 <= count <= MAX_ELEMENTS:
            raise Style3DError("an accessor is too large", got=f"{count:,} elements", expected=f"≤ {MAX_ELEMENTS:,}")
        return np.dtype(COMPONENTS[component]), WIDTHS[kind], count

    def _strided_elements(self, view: Any, start: Any, count: int, width: int, dtype: np.dtype[Any]) -> Array:
        content, size = self.view(view), dtype.itemsize * width
        stride = self.document.item("bufferViews", view).get("byteStride") or size
        if not (isinstance(start, int) and isinstance(stride, int)) or start < 0 or stride < 1:
            raise Style3DError("an accessor has an invalid size", got=f"offset {start!r}, stride {stride!r}")
        if count and start + stride * (count - 1) + size > len(content):
            got = f"{count:,} elements of {stride} bytes in {len(content):,}"
            raise Style3DError("an accessor reaches past its buffer view", got=got, hint="export the asset again")
        if not count:
            return np.zeros((0, width), dtype)
        return np.ndarray((count, width), dtype, content, start, (stride, dtype.itemsize))

    def _with_sparse(self, values: Array, sparse: Json, dtype: np.dtype[Any]) -> Array:
        count, where, what = sparse.get("count", 0), sparse.get("indices", {}), sparse.get("values", {})
        kind = where.get("componentType")
        if not isinstance(count, int) or not 0 <= count <= len(values) or kind not in (5121, 5123, 5125):
            raise Style3DError("a sparse accessor is damaged", got=f"{count!r} replaced of {len(values)}")
        if not count:
            return values
        index_type = np.dtype(COMPONENTS[kind])
        index = self._strided_elements(where.get("bufferView"), where.get("byteOffset", 0), count, 1, index_type)[:, 0]
        new = self._strided_elements(what.get("bufferView"), what.get("byteOffset", 0), count, values.shape[1], dtype)
        if index.max() >= len(values):
            raise Style3DError("a sparse accessor replaces elements that do not exist", got=f"index {index.max()}")
        values[index.astype(np.int64)] = new
        return values


def scaled_numbers(values: Array, normalized: bool) -> Float64[np.ndarray, "count width"]:
    """Stored numbers as float64; normalised integers are divided by their largest value, signed ones down to -1."""
    result = values.astype(np.float64)
    if normalized and values.dtype.kind in "iu":
        result = np.maximum(result / np.iinfo(values.dtype).max, -1.0)
    return result

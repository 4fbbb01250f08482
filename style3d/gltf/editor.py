"""The editor only adds to a glTF: new bytes go to a new buffer, new objects to the ends of lists."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, final

import numpy as np

from style3d.gltf.accessors import COMPONENTS, WIDTHS
from style3d.gltf.document import Document, Json
from style3d.gltf.extensions import compression_of

CODES = {np.dtype(name): code for code, name in COMPONENTS.items()}
VERTICES, INDICES = 34962, 34963  # what a buffer view is bound as
Array = np.ndarray[Any, Any]


@final
class Editor:
    """Collects changes to a copy of a document's JSON; `finish` gives the changed document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.json: Json = copy.deepcopy(document.json)
        self._added = bytearray()
        self._buffer = len(document.buffers)
        self._released: list[tuple[int, int, int]] = []

    def items(self, kind: str) -> list[Json]:
        """The list under ``kind``, made if absent."""
        found: list[Json] = self.json.setdefault(kind, [])
        return found

    def append(self, kind: str, item: Json) -> int:
        """Add an object to the end of a list; returns its index."""
        self.items(kind).append(item)
        return len(self.items(kind)) - 1

    def add_view(self, content: bytes, **properties: int) -> int:
        """A new buffer view of new bytes."""
        self._added += b"\0" * (-len(self._added) % 8)
        view = {"buffer": self._buffer, "byteOffset": len(self._added), "byteLength": len(content), **properties}
        self._added += content
        return self.append("bufferViews", view)

    def add_accessor(self, values: Array, kind: str, *, normalized: bool = False, bounds: bool = False) -> int:
        """A new accessor of (count, width) numbers in their own type; vertex rows are padded to 4 bytes.

        Scalars are indices, unless they are floats.
        """
        content, properties, item = _accessor(values, kind, normalized, bounds)
        return self.append("accessors", {"bufferView": self.add_view(content, **properties), **item})

    def replace_accessor(
        self, index: int, values: Array, kind: str, *, normalized: bool = False, bounds: bool = False
    ) -> None:
        """New numbers for an accessor; its name and extras stay, and its old bytes go unless others need them."""
        content, properties, fresh = _accessor(values, kind, normalized, bounds)
        item = self.items("accessors")[index]
        view = self.replace_view(item.get("bufferView"), content, **properties)
        for key in ("byteOffset", "sparse", "normalized", "min", "max"):
            item.pop(key, None)
        item |= {"bufferView": view, **fresh}

    def empty_accessor(self, index: int) -> None:
        """Take the numbers from an accessor that nothing uses any more; it stays, so that others keep their places."""
        item = self.items("accessors")[index]
        view = item.get("bufferView")
        if view is not None and self._replaceable(view):
            self.replace_view(view, bytes(4))
            for key in ("byteStride", "target"):
                self.items("bufferViews")[view].pop(key, None)
        for key in ("bufferView", "byteOffset", "sparse", "min", "max"):
            item.pop(key, None)

    def replace_view(self, view: int | None, content: bytes, **properties: int) -> int:
        """New bytes for a buffer view that one object uses; a new view where there is none, or others use it too.

        The old bytes are left out when the document is written.
        """
        if view is None or not self._replaceable(view):
            return self.add_view(content, **properties)
        item = self.items("bufferViews")[view]
        extent = (item["buffer"], item.get("byteOffset", 0), item.get("byteOffset", 0) + item["byteLength"])
        if extent[0] < self._buffer:
            self._released.append(extent)
        fresh = self.items("bufferViews")[self.add_view(content, **properties)]
        self.items("bufferViews").pop()
        item |= fresh
        return view

    def _replaceable(self, view: int) -> bool:
        """Whether one object uses a view, and its bytes are what they stand for."""
        users = sum(1 for found in values_of(self.json, "bufferView") if found == view)
        return users == 1 and compression_of(self.items("bufferViews")[view]) is None

    def use_extension(self, name: str, *, required: bool = False) -> None:
        """List an extension as used, and as required."""
        for kind in ("extensionsUsed", "extensionsRequired")[: 1 + required]:
            names = self.json.setdefault(kind, [])
            if name not in names:
                names.append(name)

    def forget_extension(self, name: str) -> None:
        """Take an extension off the lists if nothing in the asset mentions it any more."""
        rest = {key: value for key, value in self.json.items() if key not in ("extensionsUsed", "extensionsRequired")}
        if any(True for _ in values_of(rest, name)):
            return
        for kind in ("extensionsUsed", "extensionsRequired"):
            if name in self.json.get(kind, []):
                self.json[kind].remove(name)
                if not self.json[kind]:
                    del self.json[kind]

    def finish(self) -> Document:
        """The changed document."""
        buffers, released = self.document.buffers, (*self.document.released, *self._released)
        if self._added:
            self.append("buffers", {"byteLength": len(self._added)})
            buffers = (*buffers, bytes(self._added))
        return replace(self.document, json=self.json, buffers=buffers, released=released)


def _accessor(values: Array, kind: str, normalized: bool, bounds: bool) -> tuple[bytes, dict[str, int], Json]:
    """The bytes of numbers, how a view of them is laid out, and their accessor but for that view."""
    vertices = kind != "SCALAR" or values.dtype.kind == "f"
    values = np.ascontiguousarray(values.reshape(-1, WIDTHS[kind]))
    size = values.itemsize * values.shape[1]
    stride = size + -size % 4 if vertices else size
    rows = np.zeros((len(values), stride), np.uint8)
    rows[:, :size] = values.view(np.uint8).reshape(len(values), size)
    properties = {"byteStride": stride, "target": VERTICES} if vertices else {"target": INDICES}
    code = CODES[values.dtype.newbyteorder("<") if values.itemsize > 1 else values.dtype]
    item: Json = {"componentType": code, "count": len(values), "type": kind}
    if normalized:
        item["normalized"] = True
    if bounds:
        item |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
    return rows.tobytes(), properties, item


def values_of(value: Any, name: str) -> Iterator[Any]:
    """Whatever stands under the key ``name``, anywhere in ``value``."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            if name in current:
                yield current[name]
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)

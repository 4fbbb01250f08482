"""EXT_meshopt_compression (Kapoulkine) is decoded here, so that compressed meshes can be rendered."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import UInt8
from numba import njit

from style3d.errors import Style3DError
from style3d.files import MAX_BYTES

Array = np.ndarray[Any, Any]
HEADS = {"ATTRIBUTES": 0xA0, "TRIANGLES": 0xE0, "INDICES": 0xD0}
TAILS = {"TRIANGLES": 16, "INDICES": 4}


def decode_view(content: bytes, packed: dict[str, Any]) -> bytes:
    """The bytes that a compressed view stands for.

    Args:
        content: the compressed stream.
        packed: the extension's object: count, byteStride, mode and filter.

    Raises:
        Style3DError: an unknown mode, filter or version, or a damaged stream.
    """
    count, stride = packed.get("count"), packed.get("byteStride")
    mode, filtered = packed.get("mode"), packed.get("filter", "NONE")
    if not isinstance(count, int) or not isinstance(stride, int) or mode not in HEADS:
        raise _broken(f"mode {mode!r}, {count!r} elements of {stride!r} bytes")
    if count < 0 or not 0 < stride <= 256 or count * stride > MAX_BYTES:
        raise _broken(f"mode {mode!r}, {count!r} elements of {stride!r} bytes")
    data = np.frombuffer(content, np.uint8)
    version = 1 if mode in TAILS else 0
    if not len(data) or data[0] & 0xF0 != HEADS[mode] or data[0] & 0x0F > version:
        raise _broken("another version of the format")
    try:
        if mode == "ATTRIBUTES":
            return _filtered(_attributes(data, count, stride), filtered).tobytes()
        indices = np.zeros(count, np.uint32)
        if len(data) < 1 + TAILS[mode] + (count // 3 if mode == "TRIANGLES" else 0):
            raise IndexError
        (_triangles if mode == "TRIANGLES" else _sequence)(data.astype(np.int64), indices)
    except (IndexError, ValueError):
        raise _broken("a truncated stream") from None
    return indices.astype("<u2" if stride == 2 else "<u4").tobytes()


def _broken(got: str) -> Style3DError:
    return Style3DError("meshopt-compressed data cannot be decoded", got=got, hint="try: gltfpack -noq -i IN -o OUT")


def _attributes(data: UInt8[np.ndarray, "n"], count: int, stride: int) -> UInt8[np.ndarray, "count stride"]:
    result = np.zeros((count, stride), np.uint8)
    if len(data) < 1 + max(stride, 32):
        raise IndexError
    _blocks(data, result, min((8192 // stride) & ~15, 256))
    return result


@njit(cache=True, nogil=True, boundscheck=True)
def _blocks(data: Any, result: Any, block: int) -> None:
    """Byte planes of groups of 16 deltas, each packed in 0, 2, 4 or 8 bits, from the baseline at the end."""
    count, stride = result.shape
    previous = data[len(data) - stride :].copy()
    group = np.empty(16, np.uint8)
    at = 1
    for start in range(0, count, block):
        size = min(block, count - start)
        groups = (size + 15) // 16
        for plane in range(stride):
            header, at = at, at + (groups + 3) // 4
            value = previous[plane]
            for g in range(groups):
                bits = (data[header + g // 4] >> (g % 4 * 2)) & 3
                at = _group(data, at, bits, group)
                for k in range(min(16, size - g * 16)):
                    delta = group[k]
                    value = np.uint8((value + ((0 - (delta & 1)) ^ (delta >> 1))) & 255)
                    result[start + g * 16 + k, plane] = value
            previous[plane] = value


@njit(cache=True, nogil=True, boundscheck=True)
def _group(data: Any, at: int, bits: int, group: Any) -> int:
    """Unpack 16 deltas; returns where the next ones start."""
    if bits == 0:
        group[:] = 0
        return at
    if bits == 3:
        for k in range(16):
            group[k] = data[at + k]
        return at + 16
    width = 2 * bits
    full = (1 << width) - 1
    extra = at + 2 * width
    for k in range(16):
        place = k * width
        code = (data[at + place // 8] >> (8 - width - place % 8)) & full
        if code == full:
            group[k] = data[extra]
            extra += 1
        else:
            group[k] = code
    return extra


@njit(cache=True, nogil=True, boundscheck=True)
def _varint(data: Any, state: Any) -> int:
    """A signed difference: zigzag over little-endian groups of 7 bits; ``state[0]`` is the place in the stream."""
    value, shift = 0, 0
    while shift < 35:
        byte = data[state[0]]
        state[0] += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    return value


@njit(cache=True, nogil=True, boundscheck=True)
def _sequence(data: Any, indices: Any) -> None:
    state, last = np.array([1]), np.zeros(2, np.int64)
    for i in range(len(indices)):
        value = _varint(data, state)
        which, value = value & 1, value >> 1
        last[which] += (value >> 1) ^ -(value & 1)
        indices[i] = last[which] & 0xFFFFFFFF


@njit(cache=True, nogil=True, boundscheck=True)
def _triangles(data: Any, indices: Any) -> None:
    """Edge and vertex queues of 16 predict most corners; ``state`` is (stream, next, last, edges, vertices)."""
    edges, vertices = np.zeros((16, 2), np.int64), np.zeros(16, np.int64)
    state = np.array([1 + len(indices) // 3, 0, 0, 0, 0])
    most = 13 if data[0] & 15 >= 1 else 15
    for i in range(len(indices) // 3):
        code = data[1 + i]
        if code < 0xF0:
            corner = code & 15
            edge = (state[3] - 1 - (code >> 4)) & 15
            a, b = edges[edge, 0], edges[edge, 1]
            if corner < most:
                c = state[1] if corner == 0 else vertices[(state[4] - 1 - corner) & 15]
                fresh = corner == 0
                state[1] += fresh
            else:
                step = (corner - (corner ^ 3)) if corner != 15 else _difference(data, state)
                state[2] += step
                c, fresh = state[2], True
            _push_vertex(vertices, state, c, fresh)
            _push_edge(edges, state, c, b)
            _push_edge(edges, state, a, c)
        else:
            a, b, c = _free_triangle(data, code, state, vertices)
            _push_edge(edges, state, b, a)
            _push_edge(edges, state, c, b)
            _push_edge(edges, state, a, c)
        indices[3 * i], indices[3 * i + 1], indices[3 * i + 2] = a, b, c


@njit(cache=True, nogil=True, boundscheck=True)
def _free_triangle(data: Any, code: int, state: Any, vertices: Any) -> tuple[int, int, int]:
    """A triangle without an edge to stand on: corners are new, queued or spelled out."""
    if code < 0xFE:
        auxiliary, first = data[len(data) - 16 + (code & 15)], 0
    else:
        auxiliary, first = data[state[0]], 0 if code == 0xFE else 15
        state[0] += 1
        if auxiliary == 0:
            state[1] = 0
    kinds = (first, auxiliary >> 4, auxiliary & 15)
    spelled = code >= 0xFE
    corners = np.zeros(3, np.int64)
    for k in range(3):
        if kinds[k] == 0:
            corners[k] = state[1]
            state[1] += 1
        elif kinds[k] < 15 or not spelled:
            corners[k] = vertices[(state[4] - kinds[k]) & 15]
    for k in range(3):
        if spelled and kinds[k] == 15:
            state[2] += _difference(data, state)
            corners[k] = state[2]
    for k in range(3):
        _push_vertex(vertices, state, corners[k], k == 0 or kinds[k] == 0 or (spelled and kinds[k] == 15))
    return corners[0], corners[1], corners[2]


@njit(cache=True, nogil=True, boundscheck=True)
def _difference(data: Any, state: Any) -> int:
    value = _varint(data, state)
    return (value >> 1) ^ -(value & 1)


@njit(cache=True, nogil=True, boundscheck=True)
def _push_vertex(vertices: Any, state: Any, value: int, fresh: bool) -> None:
    vertices[state[4]] = value
    state[4] = (state[4] + fresh) & 15


@njit(cache=True, nogil=True, boundscheck=True)
def _push_edge(edges: Any, state: Any, a: int, b: int) -> None:
    edges[state[3], 0], edges[state[3], 1] = a, b
    state[3] = (state[3] + 1) & 15


def _filtered(values: UInt8[np.ndarray, "count stride"], name: str) -> Array:
    stride = values.shape[1]
    if name == "NONE":
        return values
    if name == "OCTAHEDRAL" and stride in (4, 8):
        return _octahedral(values.view("i1" if stride == 4 else "<i2"))
    if name == "QUATERNION" and stride == 8:
        return _quaternion(values.view("<i2"))
    if name == "EXPONENTIAL" and stride % 4 == 0:
        bits = values.view("<i4")
        return np.ldexp((bits << 8 >> 8).astype(np.float32), bits >> 24).astype("<f4")
    raise _broken(f"filter {name!r} on {stride} bytes")


def _octahedral(packed: Array) -> Array:
    """Unit vectors from points on an octahedron; the fourth component stays."""
    x, y = packed[:, 0].astype(np.float64), packed[:, 1].astype(np.float64)
    z = packed[:, 2] - np.abs(x) - np.abs(y)
    fold = np.minimum(z, 0)
    vector = np.stack([x + np.where(x >= 0, fold, -fold), y + np.where(y >= 0, fold, -fold), z], 1)
    length = np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), 1e-12)
    result = packed.copy()
    result[:, :3] = np.rint(vector / length * np.iinfo(packed.dtype).max)
    return result


def _quaternion(packed: Array) -> Array:
    """Unit quaternions from their three smallest components; the lowest bits of the fourth say which was dropped."""
    scale = np.sqrt(0.5) / (packed[:, 3] | 3)
    small = packed[:, :3] * scale[:, None]
    large = np.sqrt(np.maximum(1 - (small**2).sum(1), 0))
    order = ((packed[:, 3] & 3)[:, None] + np.arange(1, 5)) & 3
    result = np.empty_like(packed)
    np.put_along_axis(result, order, np.rint(np.column_stack([small, large]) * 32767).astype("<i2"), axis=1)
    return result

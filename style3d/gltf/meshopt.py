"""Buffers that meshoptimizer compressed (Kapoulkine) are decoded here, so that compressed meshes can be rendered."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import UInt8
from numba import njit

from style3d.errors import Style3DError
from style3d.files import MAX_BYTES
from style3d.gltf.meshopt_filters import FILTERS

Array = np.ndarray[Any, Any]
HEADS = {"ATTRIBUTES": 0xA0, "TRIANGLES": 0xE0, "INDICES": 0xD0}
TAILS = {"TRIANGLES": 16, "INDICES": 4}
LEAST_TAIL = (32, 24)  # bytes at the end of a stream of attributes, by version
WIDTHS = np.array([[0, 2, 4, 8], [0, 1, 2, 4], [1, 2, 4, 8]])  # bits of a delta by its code: version 0, then 1
BYTES, SHORTS, WORDS = 0, 1, 2  # what four bytes of a vertex are, in version 1: deltas differ


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
        raise _decoding_error(f"mode {mode!r}, {count!r} elements of {stride!r} bytes")
    if count < 0 or not 0 < stride <= 256 or count * stride > MAX_BYTES:
        raise _decoding_error(f"mode {mode!r}, {count!r} elements of {stride!r} bytes")
    data = np.frombuffer(content, np.uint8)
    if not len(data) or data[0] & 0xF0 != HEADS[mode] or data[0] & 0x0F > 1:
        raise _decoding_error(f"a stream that begins with byte {data[0]:#04x}" if len(data) else "an empty stream")
    try:
        if mode == "ATTRIBUTES":
            return _undo_filter(_attributes(data, count, stride), filtered).tobytes()
        indices = np.zeros(count, np.uint32)
        if len(data) < 1 + TAILS[mode] + (count // 3 if mode == "TRIANGLES" else 0):
            raise IndexError
        (_triangles if mode == "TRIANGLES" else _sequence)(data.astype(np.int64), indices)
    except (IndexError, ValueError):
        raise _decoding_error("a truncated stream") from None
    return indices.astype("<u2" if stride == 2 else "<u4").tobytes()


def _decoding_error(got: str) -> Style3DError:
    return Style3DError("meshopt-compressed data cannot be decoded", got=got, hint="try: gltfpack -noq -i IN -o OUT")


def _undo_filter(values: UInt8[np.ndarray, "count stride"], name: str) -> Array:
    strides, undo = FILTERS.get(name, ((), None))
    if undo is None or values.shape[1] not in strides:
        raise _decoding_error(f"filter {name!r} on {values.shape[1]} bytes")
    return undo(values)


def _attributes(data: UInt8[np.ndarray, "n"], count: int, stride: int) -> UInt8[np.ndarray, "count stride"]:
    """Vertices, each told by its difference from the one before it; the first by that from the stream's tail."""
    version = int(data[0] & 0x0F)
    tail = stride + version * stride // 4
    if stride % 4 or len(data) < 1 + max(tail, LEAST_TAIL[version]):
        raise IndexError
    kinds = data[len(data) - tail + stride :] if version else np.zeros(stride // 4, np.uint8)
    if (kinds & 3 > WORDS).any():
        raise ValueError
    result = np.zeros((count, stride), np.uint8)
    _blocks(data, len(data) - tail, kinds, version, result, min((8192 // stride) & ~15, 256))
    return result


@njit(cache=True, nogil=True, boundscheck=True)
def _blocks(data: Any, tail: int, kinds: Any, version: int, result: Any, block: int) -> None:
    """Blocks of vertices are kept as planes of bytes; ``kinds`` says what each four planes differ by."""
    count, stride = result.shape
    previous = data[tail : tail + stride].copy()
    planes = np.empty((stride, block), np.uint8)
    at = 1
    for start in range(0, count, block):
        size = min(block, count - start)
        control, at = at, at + version * stride // 4
        for plane in range(stride):
            mode = (data[control + plane // 4] >> (plane % 4 * 2)) & 3 if version else 0
            at = _plane(data, at, mode, mode + version, planes[plane], size)
        for part in range(stride // 4):
            _undo(planes[4 * part : 4 * part + 4], kinds[part], previous[4 * part : 4 * part + 4],
                  result[start : start + size, 4 * part : 4 * part + 4])  # fmt: skip


@njit(cache=True, nogil=True, boundscheck=True)
def _plane(data: Any, at: int, mode: int, widths: int, plane: Any, size: int) -> int:
    """One plane: groups of 16 deltas of few bits, or all zero (mode 2), or bytes as they are (mode 3)."""
    if mode == 2:
        plane[:] = 0
        return at
    if mode == 3:
        for k in range(size):
            plane[k] = data[at + k]
        return at + size
    groups = (size + 15) // 16
    header, at = at, at + (groups + 3) // 4
    for g in range(groups):
        code = (data[header + g // 4] >> (g % 4 * 2)) & 3
        at = _group(data, at, WIDTHS[widths, code], plane[g * 16 : g * 16 + 16])
    return at


@njit(cache=True, nogil=True, boundscheck=True)
def _undo(deltas: Any, kind: int, previous: Any, result: Any) -> None:
    """Four bytes of each vertex: sums of bytes or of shorts, or words that were turned and combined by XOR."""
    kind, turn = kind & 3, kind >> 4
    for i in range(len(result)):
        if kind == BYTES:
            for k in range(4):
                delta = np.int64(deltas[k, i])
                previous[k] = np.uint8((previous[k] + ((delta >> 1) ^ -(delta & 1))) & 255)
        elif kind == SHORTS:
            for k in (0, 2):
                delta = np.int64(deltas[k, i]) | np.int64(deltas[k + 1, i]) << 8
                value = np.int64(previous[k]) | np.int64(previous[k + 1]) << 8
                value = (value + ((delta >> 1) ^ -(delta & 1))) & 0xFFFF
                previous[k], previous[k + 1] = np.uint8(value & 255), np.uint8(value >> 8)
        else:
            delta = np.int64(0)
            for k in range(4):
                delta |= np.int64(deltas[k, i]) << (8 * k)
            delta = (delta >> turn) | (delta << (32 - turn))
            for k in range(4):
                previous[k] = np.uint8(previous[k] ^ ((delta >> (8 * k)) & 255))
        result[i] = previous


@njit(cache=True, nogil=True, boundscheck=True)
def _group(data: Any, at: int, width: int, group: Any) -> int:
    """Unpack 16 deltas of ``width`` bits, whose largest value stands for a byte that follows them; returns the end."""
    if width == 0:
        group[:] = 0
        return at
    if width == 8:
        for k in range(16):
            group[k] = data[at + k]
        return at + 16
    full = (1 << width) - 1
    extra = at + 2 * width
    for k in range(16):
        place = k * width
        shift = place % 8 if width == 1 else 8 - width - place % 8
        code = (data[at + place // 8] >> shift) & full
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

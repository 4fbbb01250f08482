"""Arrays out of buffers: every way to store them, and none to read past their end."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import parse_document, read_document
from style3d.gltf.meshopt import decode_view
from tests.helpers.assets import asset
from tests.helpers.gltf_maker import Maker


def reader(maker: Maker) -> Accessors:
    """Accessors of what was made."""
    return Accessors(parse_document(maker.glb(), Path(), "a.glb"))


def test_interleaved() -> None:
    """Positions and UVs that share a view."""
    rows = np.arange(40, dtype=np.float32).reshape(8, 5)
    made = Maker()
    view = made.view(rows.tobytes(), byteStride=20)
    made.add("accessors", {"bufferView": view, "componentType": 5126, "count": 8, "type": "VEC3"})
    made.add("accessors", {"bufferView": view, "byteOffset": 12, "componentType": 5126, "count": 8, "type": "VEC2"})
    np.testing.assert_array_equal(reader(made).raw(0), rows[:, :3])
    np.testing.assert_array_equal(reader(made).raw(1), rows[:, 3:])


def test_normalized_integers() -> None:
    """Bytes and shorts scaled as glTF says, -128 and -127 alike."""
    made = Maker()
    made.accessor(np.array([[-128, -127, 0, 127]], np.int8), "VEC4", normalized=True)
    made.accessor(np.array([[0, 65535]], np.uint16), "VEC2", normalized=True)
    made.accessor(np.array([[7, -3, 0]], np.int16), "VEC3")
    np.testing.assert_array_equal(reader(made).floats(0), [[-1, -1, 0, 1]])
    np.testing.assert_array_equal(reader(made).floats(1), [[0, 1]])
    np.testing.assert_array_equal(reader(made).floats(2), [[7, -3, 0]])


@pytest.mark.parametrize("base", [True, False])
def test_sparse(base: bool) -> None:
    """Replaced elements over a view, or over zeros."""
    made = Maker()
    values = np.ones((5, 3), np.float32)
    index = made.accessor(values, "VEC3")
    where, what = made.view(np.array([1, 4], np.uint16).tobytes()), made.view(np.full((2, 3), 9, np.float32).tobytes())
    sparse = {"count": 2, "indices": {"bufferView": where, "componentType": 5123}, "values": {"bufferView": what}}
    made.json["accessors"][index]["sparse"] = sparse
    if not base:
        del made.json["accessors"][index]["bufferView"]
    expected = np.full((5, 3), float(base))
    expected[[1, 4]] = 9
    np.testing.assert_array_equal(reader(made).raw(index), expected)
    sparse["indices"]["byteOffset"] = 2
    with pytest.raises(Style3DError, match="past"):
        reader(made).raw(index)


@pytest.mark.parametrize(
    "change",
    [
        {"count": 5},
        {"count": -1},
        {"count": 10**12},
        {"count": "4"},
        {"byteOffset": 1},
        {"byteOffset": -4},
        {"componentType": 5124},
        {"type": "VEC9"},
        {"bufferView": 7},
        {"bufferView": "0"},
    ],
)
def test_out_of_bounds_is_refused(change: dict[str, object]) -> None:
    """Never a read past the view, nor an allocation that the file does not pay for."""
    made = Maker()
    made.accessor(np.zeros((4, 3), np.float32), "VEC3")
    made.json["accessors"][0] |= change
    with pytest.raises(Style3DError):
        reader(made).raw(0)


def test_indices_are_unsigned_scalars() -> None:
    """Floats or vectors are no indices."""
    made = Maker()
    made.accessor(np.zeros((4, 3), np.float32), "VEC3")
    with pytest.raises(Style3DError, match="unsigned"):
        reader(made).indices(0)


def test_meshopt_stream() -> None:
    """A file of gltfpack's: decoded positions meet their declared bounds, indices every vertex, normals are unit."""
    found = Accessors(read_document(asset("meshes/meshoptimizer/pirate.glb")))
    position = found.document.item("accessors", 0)
    assert found.raw(0).min(0).tolist() == position["min"]
    assert found.raw(0).max(0).tolist() == position["max"]
    assert np.array_equal(np.unique(found.indices(2)), np.arange(position["count"]))
    np.testing.assert_allclose(np.linalg.norm(found.floats(1), axis=1), 1, atol=0.02)


def test_damaged_meshopt_stream_is_refused() -> None:
    """Cut anywhere, or with bytes changed, a stream decodes or is refused; it never reads outside."""
    found = Accessors(read_document(asset("meshes/meshoptimizer/pirate.glb")))
    random = np.random.default_rng(0)
    for view in found.document.items("bufferViews"):
        packed = view["extensions"]["EXT_meshopt_compression"]
        start = packed.get("byteOffset", 0)
        content = found.document.buffers[0][start : start + packed["byteLength"]]
        with pytest.raises(Style3DError):
            decode_view(content[: len(content) // 3], packed)
        for _ in range(20):
            broken = bytearray(content)
            broken[random.integers(1, len(broken))] ^= int(random.integers(1, 256))
            with contextlib.suppress(Style3DError):
                decoded = decode_view(bytes(broken), packed)
                assert len(decoded) == packed["count"] * packed["byteStride"]

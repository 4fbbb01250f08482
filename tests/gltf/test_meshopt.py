"""Streams of meshoptimizer of both versions, as either extension holds them."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import read_document
from style3d.gltf.extensions import MESHOPT, MESHOPT_KHR, QUANTIZATION
from style3d.gltf.meshopt import decode_view
from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import diff_files
from style3d.mesh.inspect import inspect_file
from tests.helpers.gltf_maker import Maker, checks

# What meshoptimizer's encoder wrote as version 1, and what its own decoder makes of it, in base 64.
STREAMS: dict[str, tuple[int, int, str, str, str]] = {  # rows, bytes of each, filter, stream, content
    "words": (
        20,
        8,
        "NONE",
        "oaaZAgEkQkQUEUEhDwABBAQEAgBgYGBgYGBgBQAGBgUiIiIiIgAAAAAAAAAAAAAAAAAAAAAAEACAP3tWNBJSAA==",
        "EACAP3tWNBIYAIA/e1Y1EggAgD9+VjUSKACAP35WNhIIAIA/gVY2EhgAgD+BVjcSOACAP4RWNxIYAIA/hFY4EhAAgD+HVjgS"
        "MACAP4dWORI4AIA/ilY5EjAAgD+KVjoSEACAP41WOhIYAIA/jVY7EggAgD+QVjsSAACAP5BWPBIIAIA/k1Y8EigAgD+TVj0S"
        "CACAP5ZWPRIoAIA/llY+Eg==",
    ),
    "shorts": (
        18,
        8,
        "NONE",
        "oVeaAFhYWFhYWFhYWFhYWFhYWFhYBSqqqqqgAAAABRVVVVVQAAAABSqqqqqgAAAABSqqqqqgAAAAAAAAAAAAAAAAAAAAAAAAAGDq6AMAAAEA",
        "AABg6ugDAAAsAV/p6AMBAFgCXujoAwIAhANd5+gDAwCwBFzm6AMEANwFW+XoAwUACAda5OgDBgA0CFnj6AMHAGAJWOLoAwgA"
        "jApX4egDCQC4C1bg6AMKAOQMVd/oAwsAEA5U3ugDDAA8D1Pd6AMNAGgQUtzoAw4AlBFR2+gDDwDAElDa6AMQAOwTT9noAxEA",
    ),
    "bytes": (
        18,
        4,
        "NONE",
        "oasAU4vS9GKc2T3OUA2eIjCTLPMAAAAAAAAAAAAAAAAAAAAAAAAA8AED/wA=",
        "8AED/8YBA/+AAQP/6QED/2MBA/+UAQP/4gED/3UBA/9WAQP/vQED/+UBA//eAQP/LQED/z4BA/9WAQP/DAED/yIBA/+oAQP/",
    ),
    "COLOR of bytes": (
        6,
        4,
        "COLOR",
        "of8AGAgjLAMAta5Iv0wAoLlQ1rUAosuSaagAAAAAAAAAAAAAAAAAAAAAAAAAdSHHpAA=",
        "zzyNSDCYpOvoP64f0lVQsB3WW0eceY7v",
    ),
    "COLOR of shorts": (
        6,
        8,
        "COLOR",
        "off/AIpsO85RARKAAAAAgwB+FcwACwsEDAQAKjDnfXQACgsGDAkAHMPRrYAACg0KBQoAAAAAAAAAAAAAAAAAAFoHGgJq/EgKAQA=",
        "rNBEPGiNBEmDL+mZiqTO6m7pxD5qroIevNKlVdVPerFiHC3Y5VqERpmcN3lYjo7u",
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_version_one_is_read_bit_for_bit(name: str) -> None:
    """Bytes, shorts and turned words; planes of zeros, of few bits and of plain bytes; the filter of colours."""
    count, stride, named, stream, content = STREAMS[name]
    packed = {"count": count, "byteStride": stride, "mode": "ATTRIBUTES", "filter": named}
    assert decode_view(base64.b64decode(stream), packed) == base64.b64decode(content)


@pytest.mark.parametrize("name", STREAMS)
def test_damaged_streams_are_refused_or_read(name: str) -> None:
    """Whatever byte is wrong, nothing is read outside and as many bytes come out as were promised."""
    count, stride, named, stream, _ = STREAMS[name]
    packed = {"count": count, "byteStride": stride, "mode": "ATTRIBUTES", "filter": named}
    content = base64.b64decode(stream)
    for place in range(len(content)):
        for bits in (1, 0x80, 0xFF):
            broken = bytearray(content)
            broken[place] ^= bits
            with contextlib.suppress(Style3DError):
                assert len(decode_view(bytes(broken), packed)) == count * stride
    for end in range(len(content) // 2):
        with pytest.raises(Style3DError, match="cannot be decoded"):
            decode_view(content[:end], packed)


def compressed(extension: str) -> Maker:
    """A square whose positions, as normalised shorts, lie in a compressed view; the fallback buffer holds nothing."""
    count, stride, named, stream, _ = STREAMS["shorts"]
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    content = base64.b64decode(stream)
    view = made.view(content)
    at = made.json["bufferViews"][view]
    told = {"count": count, "byteStride": stride, "mode": "ATTRIBUTES", "filter": named}
    packed = {"buffer": 0, "byteOffset": at["byteOffset"], "byteLength": at["byteLength"], **told}
    at |= {
        "buffer": 1,
        "byteOffset": 0,
        "byteLength": count * stride,
        "byteStride": 8,
        "extensions": {extension: packed},
    }
    item = {"bufferView": view, "componentType": 5123, "count": 4, "type": "VEC3", "normalized": True}
    made.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = made.add("accessors", item)
    made.json["buffers"] = [{}, {"byteLength": 4096, "extensions": {extension: {"fallback": True}}}]
    made.json |= {"extensionsUsed": [extension, QUANTIZATION], "extensionsRequired": [extension, QUANTIZATION]}
    return made


@pytest.mark.parametrize("extension", [MESHOPT, MESHOPT_KHR])
def test_both_extensions_are_read_and_pass_through(extension: str, tmp_path: Path) -> None:
    """By either name the numbers are the stream's; after painting the stream is as it was."""
    source = compressed(extension).write(tmp_path / "a.glb")
    expected = np.frombuffer(base64.b64decode(STREAMS["shorts"][4]), "<u2").reshape(-1, 4)
    found = Accessors(read_document(source))
    item = found.document.item("meshes", 0)["primitives"][0]
    np.testing.assert_array_equal(found.raw(item["attributes"]["POSITION"]), expected[:4, :3])
    asset = load_asset(source, texture_size=16)
    (path,) = save_asset(asset, [1 - texture.rgb for texture in asset.surface.textures], tmp_path / "b.glb")
    assert all(found.allowed for found in diff_files(source, path))
    assert "1 buffer view compressed with meshopt" in inspect_file(path)

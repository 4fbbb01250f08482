"""Files made to break the reader: changed at random, cut, or with claims that they do not keep."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.mesh.asset import load_asset
from tests.helpers.gltf_maker import Maker, checks, pack_glb, places


def victim() -> Maker:
    """A bit of everything: texture, skin, morph target, sparse accessor, instances."""
    made = Maker()
    joints = made.accessor(np.zeros((4, 4), np.uint8), "VEC4")
    weights = made.accessor(np.tile(np.array([1, 0, 0, 0], np.float32), (4, 1)), "VEC4")
    item = made.quad(made.textured_material(checks(4)), JOINTS_0=joints, WEIGHTS_0=weights)
    item["targets"] = [{"POSITION": made.accessor(np.ones((4, 3), np.float32), "VEC3")}]
    made.show(item, skin=0, weights=[0.5])
    instances = {"TRANSLATION": made.accessor(np.eye(3, dtype=np.float32), "VEC3")}
    made.show(made.quad(0), extensions={"EXT_mesh_gpu_instancing": {"attributes": instances}})
    made.add("skins", {"joints": [1], "inverseBindMatrices": made.accessor(np.eye(4, dtype=np.float32), "MAT4")})
    where = {"bufferView": made.view(np.array([0], np.uint16).tobytes()), "componentType": 5123}
    what = {"bufferView": made.view(np.zeros(3, np.float32).tobytes())}
    made.json["accessors"][item["attributes"]["POSITION"]]["sparse"] = {"count": 1, "indices": where, "values": what}
    return made


def attempt(content: bytes, path: Path) -> bool:
    """Whether it loads; any exception but ours is a failure."""
    path.write_bytes(content)
    try:
        load_asset(path, texture_size=16)
    except Style3DError as caught:
        refusal = str(caught)
    else:
        return True
    assert "\n" not in refusal
    assert len(refusal) < 600
    return False


def test_the_victim_is_healthy(tmp_path: Path) -> None:
    """Or the tests below would prove nothing."""
    assert attempt(victim().glb(), tmp_path / "a.glb")


@pytest.mark.parametrize("value", [None, -1, 10**9, 1e300, "x", {}])
def test_anything_anywhere(value: Any, tmp_path: Path) -> None:
    """Each value of the JSON replaced in turn: it loads, or is refused in one line."""
    made = victim()
    made.glb()
    loaded = 0
    for way in list(places(made.json)):
        changed = copy.deepcopy(made.json)
        target = changed
        for key in way[:-1]:
            target = target[key]
        target[way[-1]] = value
        loaded += attempt(pack_glb(changed, bytes(made.data)), tmp_path / "a.glb")
    assert loaded > 0


def test_changed_and_cut_bytes(tmp_path: Path) -> None:
    """Random bytes of the whole file replaced, and the file cut anywhere."""
    content = victim().glb()
    random = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(content)
        for place in random.integers(12, len(broken), 4):
            broken[place] = random.integers(0, 256)
        attempt(bytes(broken), tmp_path / "a.glb")
    for length in random.integers(0, len(content), 20):
        assert not attempt(content[:length], tmp_path / "a.glb")


def test_millions_of_instances(tmp_path: Path) -> None:
    """A small file that stands for more faces than fit is refused by counting, not by trying."""
    made = victim()
    made.glb()
    accessor = made.json["nodes"][1]["extensions"]["EXT_mesh_gpu_instancing"]["attributes"]["TRANSLATION"]
    made.json["accessors"][accessor] = {"componentType": 5126, "count": 2_000_000, "type": "VEC3"}
    path = tmp_path / "a.glb"
    path.write_bytes(pack_glb(made.json, bytes(made.data)))
    with pytest.raises(Style3DError, match="instances"):
        load_asset(path)

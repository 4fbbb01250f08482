"""Splat files of every kind, cut short or changed at random: read, or refused in one line, never anything else."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.nerf.splats.files import read_splats, write_splats
from tests.helpers.clouds import cloud
from tests.helpers.gltf_maker import pack_glb, places, read_glb
from tests.helpers.packers import compressed_ply, ksplat, sog, zip_files


def written(suffix: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        write_splats(cloud(12, 1), folder / f"it{suffix}")
        return (folder / f"it{suffix}").read_bytes()

    return make


def unpacked(folder: Path) -> bytes:
    return gzip.decompress(written(".spz")(folder))


VICTIMS = {
    ".ply": written(".ply"),
    ".spz": written(".spz"),
    ".raw.spz": unpacked,
    ".compressed.ply": lambda _: compressed_ply(cloud(12, 1)),
    ".splat": written(".splat"),
    ".glb": written(".glb"),
    ".sog": lambda _: zip_files(sog(cloud(12, 1))),
    ".ksplat": lambda _: ksplat([cloud(12, 1)], 1),
}


def attempt(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    try:
        assert read_splats(path).count > 0
    except Style3DError as caught:
        refusal = str(caught)
    else:
        return
    assert "\n" not in refusal
    assert len(refusal) < 500


@pytest.mark.parametrize("suffix", VICTIMS)
def test_cut_short(suffix: str, tmp_path: Path) -> None:
    """At every second length up to 200 bytes, and fifty beyond."""
    content = VICTIMS[suffix](tmp_path)
    for length in {*range(1, 200, 2), *np.linspace(200, len(content), 50).astype(int)}:
        attempt(content[:length], tmp_path / f"cut{suffix}")


@pytest.mark.parametrize("suffix", VICTIMS)
def test_changed_bytes(suffix: str, tmp_path: Path) -> None:
    """One to four bytes replaced, most of them near the start, where headers are."""
    content, random = VICTIMS[suffix](tmp_path), np.random.default_rng(7)
    for _ in range(100):
        changed = bytearray(content)
        reach = len(content) if random.random() < 0.4 else min(len(content), 120)
        for place in random.integers(0, reach, random.integers(1, 5)):
            changed[place] = random.choice([0, 1, 0x7F, 0x80, 0xFF, random.integers(0, 256)])
        attempt(bytes(changed), tmp_path / f"changed{suffix}")


@pytest.mark.parametrize("kind", ["gltf", "sog"])
def test_changed_descriptions(kind: str, tmp_path: Path) -> None:
    """Values all over the JSON replaced by what does not belong there."""
    if kind == "gltf":
        write_splats(cloud(5, 1), tmp_path / "a.glb")
        found, body = read_glb(tmp_path / "a.glb")
        path, build = tmp_path / "b.glb", lambda changed: pack_glb(changed, body)
    else:
        files = sog(cloud(5, 1))
        found = json.loads(files["meta.json"])
        path, build = (
            tmp_path / "b.sog",
            lambda changed: zip_files({**files, "meta.json": json.dumps(changed).encode()}),
        )
    random = np.random.default_rng(3)
    junk = [None, -1, 10**12, 1e300, "x", {}, [0]]
    ways = [way for way in places(found) if "codebook" not in way[:-1] or way[-1] < 2]
    for way in ways[:: max(1, len(ways) // 100)]:
        changed = copy.deepcopy(found)
        target = changed
        for key in way[:-1]:
            target = target[key]
        target[way[-1]] = random.choice(np.array(junk, dtype=object))
        attempt(build(changed), path)

"""One bad number costs its triangle: the rest of the asset is painted, and what was left out is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import diff_files
from tests.helpers.gltf_maker import QUAD, QUAD_FACES, QUAD_UV, Maker, checks


def with_bad(change: Callable[[np.ndarray, np.ndarray, np.ndarray], None], *, uvs: bool = True) -> Maker:
    """Three squares, one beside the other, the last with something wrong."""
    places = np.concatenate([QUAD + np.array([2 * k, 0, 0]) for k in range(3)]).astype(np.float32)
    looked_up = np.tile(QUAD_UV, (3, 1)).astype(np.float32)
    faces = np.concatenate([QUAD_FACES + 4 * k for k in range(3)]).astype(np.uint16)
    change(places, looked_up, faces)
    made = Maker()
    bounds = {"min": [0, 0, 0], "max": [5, 1, 0]}
    attributes = {"POSITION": made.accessor(places, "VEC3", **bounds)}
    if uvs:
        attributes["TEXCOORD_0"] = made.accessor(looked_up, "VEC2")
    made.show(
        {"attributes": attributes, "indices": made.accessor(faces, "SCALAR"), "material": made.textured(checks(16))}
    )
    return made


def no_place(places: np.ndarray, _: np.ndarray, __: np.ndarray) -> None:
    places[11] = np.nan


def far(places: np.ndarray, _: np.ndarray, __: np.ndarray) -> None:
    places[11] = np.inf


def no_corner(_: np.ndarray, __: np.ndarray, faces: np.ndarray) -> None:
    faces[-1] = 4000


def no_uv(_: np.ndarray, uvs: np.ndarray, __: np.ndarray) -> None:
    uvs[11] = np.nan


def far_uv(_: np.ndarray, uvs: np.ndarray, __: np.ndarray) -> None:
    uvs[11] = 1e20


def no_area(places: np.ndarray, _: np.ndarray, faces: np.ndarray) -> None:
    faces[-3:] = 8


@pytest.mark.parametrize("change", [no_place, far, no_corner, no_uv, far_uv, no_area])
@pytest.mark.parametrize("uvs", [True, False])
def test_the_rest_is_painted(change: Callable[..., None], uvs: bool, tmp_path: Path) -> None:
    """Five triangles of six, or all six where the sixth can be drawn; and nothing but paint changed."""
    source = with_bad(change, uvs=uvs).write(tmp_path / "a.glb")
    loaded = load_asset(source, texture_size=64)
    whole = change is no_area or (not uvs and change in (no_uv, far_uv))
    assert len(loaded.surface.faces) == (6 if whole else 5)
    assert any("1 triangle of primitive 0 of mesh 0" in text for text in loaded.remarks) == (not whole)
    assert np.isfinite(loaded.surface.positions[loaded.surface.faces]).all()
    assert np.abs(loaded.surface.uvs[loaded.surface.faces]).max() <= 2
    (path,) = save_asset(loaded, [1 - t.rgb for t in loaded.surface.textures], tmp_path / "b.glb")
    assert [found.sentence for found in diff_files(source, path) if not found.allowed] == []


def test_nothing_sound_is_refused(tmp_path: Path) -> None:
    """Where no triangle is left, the error says so."""

    def every(places: np.ndarray, _: np.ndarray, __: np.ndarray) -> None:
        places[:] = np.nan

    with pytest.raises(Style3DError, match="without one finite, complete triangle"):
        load_asset(with_bad(every).write(tmp_path / "a.glb"))

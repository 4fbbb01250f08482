"""KHR_gaussian_splatting: what is written, and files made by hand in every way that the extension allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from style3d.errors import Style3DError
from style3d.images import decode_srgb
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.splats import Splats
from style3d.nerf.splats.transform import place_splats
from tests.helpers.assets import asset
from tests.helpers.clouds import cloud, covariances, directions, shape_error
from tests.helpers.gltf_maker import Maker, pack_glb, read_glb
from tests.helpers.validator import assert_valid

NAME = "KHR_gaussian_splatting"
LEFT_UP = np.diag([-1.0, -1, 1])  # between x right, y down and x left, y up


def primitive(made: Maker, splats: Splats, **described: Any) -> dict[str, Any]:
    """Splats in glTF axes as a primitive of floats."""
    columns = {
        "POSITION": (splats.positions, "VEC3"),
        f"{NAME}:ROTATION": (splats.unit_rotations[:, [1, 2, 3, 0]], "VEC4"),
        f"{NAME}:SCALE": (splats.scales, "VEC3"),
        f"{NAME}:OPACITY": (splats.opacities, "SCALAR"),
    }
    names = [f"SH_DEGREE_{d}_COEF_{i}" for d in range(splats.degree + 1) for i in range(2 * d + 1)]
    columns |= {f"{NAME}:{name}": (splats.sh[:, k], "VEC3") for k, name in enumerate(names)}
    attributes = {name: made.accessor(values, kind) for name, (values, kind) in columns.items()}
    extension = {"kernel": "ellipse", "colorSpace": "srgb_rec709_display", **described}
    return {"attributes": attributes, "mode": 0, "extensions": {NAME: extension}}


def read(made: Maker, folder: Path) -> Splats:
    """What the file holds, turned back into glTF axes."""
    (folder / "a.glb").write_bytes(made.glb())
    return read_splats(folder / "a.glb").rotate(LEFT_UP)


def assert_same(found: Splats, splats: Splats) -> None:
    np.testing.assert_allclose(found.positions, splats.positions, atol=2e-6)
    np.testing.assert_allclose(found.sh, splats.sh, atol=2e-6)
    np.testing.assert_allclose(found.opacities, splats.opacities, atol=2e-7)
    assert shape_error(splats, found).max() < 1e-5


@pytest.mark.parametrize("degree", range(4))
def test_round_trip(degree: int, tmp_path: Path) -> None:
    """Places and harmonics come back bit for bit, sizes and opacities to the last digits of a float."""
    splats = cloud(100, degree)
    write_splats(splats, tmp_path / "a.glb")
    found = read_splats(tmp_path / "a.glb")
    np.testing.assert_array_equal(found.positions, splats.positions)
    np.testing.assert_array_equal(found.sh, splats.sh)
    np.testing.assert_allclose(found.log_scales, splats.log_scales, atol=1e-6)
    assert_same(found, splats)
    seen = directions(100)
    np.testing.assert_allclose(found.sh_colors(seen), splats.sh_colors(seen), atol=1e-6)


def test_a_real_figure(tmp_path: Path) -> None:
    """152,746 splats through glTF: colours unchanged, shapes to a millionth."""
    splats = read_splats(asset("splats/biker_decoded_3dgs.ply"))
    write_splats(splats, tmp_path / "a.glb")
    found = read_splats(tmp_path / "a.glb")
    np.testing.assert_array_equal(found.base_colors, splats.base_colors)
    np.testing.assert_allclose(found.opacities, splats.opacities, atol=2e-7)
    assert shape_error(splats, found).max() < 2e-6


def test_what_is_written(tmp_path: Path) -> None:
    """Points in y-up axes with unit quaternions x y z w, linear sizes and colours of a fallback in linear light."""
    splats = cloud(5, 1)
    write_splats(splats, tmp_path / "a.glb")
    head, body = read_glb(tmp_path / "a.glb")
    item = head["meshes"][0]["primitives"][0]
    assert item["mode"] == 0
    assert item["extensions"][NAME]["kernel"] == "ellipse"
    assert item["extensions"][NAME]["colorSpace"] == "srgb_rec709_display"
    assert head["extensionsUsed"] == [NAME]
    assert "extensionsRequired" not in head

    def numbers(name: str, kind: str, width: int) -> np.ndarray:
        view = head["bufferViews"][head["accessors"][item["attributes"][name]]["bufferView"]]
        return np.frombuffer(body, kind, 5 * width, view["byteOffset"]).reshape(5, width)

    np.testing.assert_array_equal(numbers("POSITION", "<f4", 3), splats.positions * [-1, -1, 1])
    np.testing.assert_allclose(numbers(f"{NAME}:SCALE", "<f4", 3), splats.scales)
    np.testing.assert_allclose(numbers(f"{NAME}:OPACITY", "<f4", 1)[:, 0], splats.opacities)
    xyzw = numbers(f"{NAME}:ROTATION", "<f4", 4)
    np.testing.assert_allclose(np.linalg.norm(xyzw, axis=1), 1, rtol=1e-6)
    axes = Rotation.from_quat(xyzw).as_matrix() * splats.scales[:, None]
    wanted = LEFT_UP @ covariances(splats) @ LEFT_UP
    np.testing.assert_allclose(axes @ axes.transpose(0, 2, 1), wanted, atol=1e-7)
    color = numbers("COLOR_0", "<u2", 4) / 65535
    np.testing.assert_allclose(color[:, :3], decode_srgb(splats.base_colors), atol=1e-5)
    np.testing.assert_allclose(color[:, 3], splats.opacities, atol=1e-5)
    np.testing.assert_allclose(numbers(f"{NAME}:SH_DEGREE_1_COEF_0", "<f4", 3), -splats.sh[:, 1])  # Y is y


def test_the_validator_has_nothing_to_say(tmp_path: Path) -> None:
    """But for the attribute names, which it does not know yet: here they are spelt as an application's own."""
    write_splats(cloud(7, 3), tmp_path / "a.glb")
    head, body = read_glb(tmp_path / "a.glb")
    item = head["meshes"][0]["primitives"][0]
    item["attributes"] = {name.replace(f"{NAME}:", "_SPLAT_"): index for name, index in item["attributes"].items()}
    (tmp_path / "b.glb").write_bytes(pack_glb(head, body))
    assert_valid(tmp_path / "b.glb")


def test_nodes_carry_splats(tmp_path: Path) -> None:
    """Two meshes, one twice, under a turned, scaled and moved parent: each where its node puts it."""
    made, one, two = Maker(), cloud(20, 2), cloud(10, 0, seed=4)
    turn = Rotation.from_rotvec([0.4, 1.0, -0.3])
    first = made.show(primitive(made, one), primitive(made, two))
    second = made.add("nodes", {"mesh": made.json["nodes"][first]["mesh"], "translation": [5, 0, 0]})
    parent = {"children": [second], "rotation": turn.as_quat().tolist(), "scale": [2, 2, 2], "translation": [0, 3, 0]}
    made.json["scenes"][0]["nodes"].append(made.add("nodes", parent))
    found = read(made, tmp_path)
    assert (found.count, found.degree) == (60, 2)
    assert_same(found.subset(np.arange(20)), one)
    assert_same(replace(found.subset(np.arange(20, 30)), sh=found.sh[20:30, :1]), two)
    carried = found.subset(np.arange(30, 50))
    matrix = turn.as_matrix()
    np.testing.assert_allclose(
        carried.positions, 2 * (one.positions + np.array([5, 0, 0])) @ matrix.T + [0, 3, 0], atol=1e-5
    )
    np.testing.assert_allclose(covariances(carried), 4 * matrix @ covariances(one) @ matrix.T, atol=1e-6)
    seen = directions(20)
    np.testing.assert_allclose(carried.sh_colors(seen @ matrix.T), one.sh_colors(seen), atol=3e-6)


@pytest.mark.parametrize("stretch", [[3.0, 3.0, 3.0], [1.0, 2.0, 0.5], [-1.0, 1.0, 1.0], [-2.0, 1.0, 3.0]])
def test_any_matrix_places_splats(stretch: list[float]) -> None:
    """M Σ Mᵀ also for unequal scales, shears and mirrors."""
    splats = cloud(30, 3)
    linear = Rotation.from_rotvec([1, 0.2, 0.3]).as_matrix() @ np.diag(stretch)
    linear = linear @ Rotation.from_rotvec([0, 0.7, 0.3]).as_matrix()
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, [1, 2, 3]
    found = place_splats(splats, matrix)
    np.testing.assert_allclose(found.positions, splats.positions @ linear.T + [1, 2, 3], atol=1e-5)
    np.testing.assert_allclose(covariances(found), linear @ covariances(splats) @ linear.T, rtol=1e-4, atol=1e-7)
    with pytest.raises(Style3DError, match="flattens"):
        place_splats(splats, np.zeros((4, 4)))


def test_quantised_attributes(tmp_path: Path) -> None:
    """Rotations, sizes and opacities may be normalised integers."""
    made, splats = Maker(), cloud(40, 0)
    splats = replace(splats, log_scales=splats.log_scales - 2)
    item = primitive(made, splats)
    turn = np.rint(splats.unit_rotations[:, [1, 2, 3, 0]] * 32767).astype(np.int16)
    steps = {
        f"{NAME}:ROTATION": made.accessor(turn, "VEC4", normalized=True),
        f"{NAME}:SCALE": made.accessor(np.rint(splats.scales * 65535).astype(np.uint16), "VEC3", normalized=True),
        f"{NAME}:OPACITY": made.accessor(np.rint(splats.opacities * 255).astype(np.uint8), "SCALAR", normalized=True),
    }
    item["attributes"] |= steps
    made.show(item)
    found = read(made, tmp_path)
    np.testing.assert_allclose(found.opacities, splats.opacities, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(found.scales, splats.scales, atol=0.5 / 65535 + 1e-7)
    np.testing.assert_allclose(covariances(found), covariances(splats), atol=1e-5)


def test_packed_splats(tmp_path: Path) -> None:
    """An SPZ file inside, in the axes of the glTF and not its own."""
    made, splats = Maker(), cloud(40, 1)
    write_splats(splats.rotate(np.diag([1.0, -1, -1])), tmp_path / "a.spz")
    for name in (f"{NAME}_compression_spz_2", f"{NAME}_compression_spz"):
        packed = {name: {"bufferView": made.view((tmp_path / "a.spz").read_bytes())}}
        made.show({"attributes": {}, "mode": 0, "extensions": {NAME: {"extensions": packed}}})
    found = read(made, tmp_path)
    assert found.count == 80
    np.testing.assert_allclose(found.positions[:40], splats.positions, atol=1e-5)
    np.testing.assert_allclose(found.positions[40:], splats.positions, atol=1e-5)
    assert shape_error(splats, found.subset(np.arange(40))).max() < 0.07


def test_linear_light(tmp_path: Path) -> None:
    """Colours in linear light become display-referred; what depends on the view, to first order."""
    made, splats = Maker(), cloud(40, 1)
    splats = replace(splats, sh=splats.sh * np.float32([1, 0.02, 0.02, 0.02])[:, None])
    made.show(primitive(made, splats, colorSpace="lin_rec709_display"))
    found, seen = read(made, tmp_path), directions(40)
    np.testing.assert_allclose(decode_srgb(found.base_colors), splats.base_colors, atol=1e-5)
    np.testing.assert_allclose(decode_srgb(found.sh_colors(seen)), splats.sh_colors(seen).clip(0, 1), atol=2e-3)


def test_places_are_counted(tmp_path: Path) -> None:
    """A small file that draws one splat a million times is refused by counting, not by trying."""
    made = Maker()
    index = made.show(primitive(made, cloud(1, 0)))
    places = made.accessor(np.zeros((5000, 3), np.float32), "VEC3")
    made.json["nodes"][index]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": places}}}
    with pytest.raises(Style3DError, match="too many places"):
        read(made, tmp_path)
    made.json["accessors"][places]["count"] = 3
    assert read(made, tmp_path).count == 3


def lacking(key: str) -> Callable[[dict[str, Any], Maker], object]:
    return lambda item, made: item["attributes"].pop(f"{NAME}:{key}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lacking("ROTATION"), "damaged"),
        (lacking("SH_DEGREE_0_COEF_0"), "damaged"),
        (lacking("SH_DEGREE_1_COEF_1"), "damaged"),
        (lambda item, made: item["extensions"][NAME].update(kernel="cube"), "cube"),
        (lambda item, made: item.update(mode=4), "mode 4"),
        (
            lambda item, made: item["attributes"].update({f"{NAME}:SCALE": item["attributes"][f"{NAME}:ROTATION"]}),
            "unexpected attr",
        ),
        (
            lambda item, made: made.json["accessors"][item["attributes"]["POSITION"]].update(count=10**12),
            "claims to hold",
        ),
        (
            lambda item, made: made.json["accessors"][item["attributes"]["POSITION"]].update(count=10**6),
            "unexpected attr",
        ),
        (
            lambda item, made: made.json["accessors"][item["attributes"]["POSITION"]].pop("bufferView"),
            "unexpected attr",
        ),
        (lambda item, made: item["extensions"].clear(), "no Gaussian splats"),
        (lambda item, made: made.json["nodes"][0].update(scale=[0, 0, 0]), "flattens"),
    ],
)
def test_damage_is_named(change: Callable[[dict[str, Any], Maker], object], said: str, tmp_path: Path) -> None:
    """Missing or mismatched attributes, other kernels and modes, counts beyond the file."""
    made = Maker()
    item = primitive(made, cloud(6, 1))
    made.show(item)
    change(item, made)
    with pytest.raises(Style3DError, match=said):
        read(made, tmp_path)

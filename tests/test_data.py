"""The assets in data/ are there, well-formed, and what their scripts make."""

import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DATA = Path(__file__).parents[1] / "data"
GLBS = ["teapot", "mossling", "koi"]
STYLES = ["oil", "woodcut", "watercolour", "stained-glass"]
TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    """A binary glTF read by the letter of the specification, independently of the package."""

    def __init__(self, name: str) -> None:
        data = (DATA / "models" / f"{name}.glb").read_bytes()
        magic, version, total, length, kind = struct.unpack_from("<4sII I4s", data)
        assert (magic, version, total, kind) == (b"glTF", 2, len(data), b"JSON")
        self.document = json.loads(data[20 : 20 + length])
        self.binary = data[28 + length :]

    def view(self, index: int) -> bytes:
        view = self.document["bufferViews"][index]
        return self.binary[view["byteOffset"] :][: view["byteLength"]]

    def array(self, index: int) -> np.ndarray:
        entry = self.document["accessors"][index]
        values = np.frombuffer(self.view(entry["bufferView"]), TYPES[entry["componentType"]])
        return values.reshape(entry["count"], WIDTHS[entry["type"]])

    def primitives(self):
        for mesh in self.document["meshes"]:
            for primitive in mesh["primitives"]:
                attributes = {key: self.array(value) for key, value in primitive["attributes"].items()}
                yield attributes, self.array(primitive["indices"]).reshape(-1, 3).astype(int)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, DATA / script, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", GLBS)
def test_geometry_is_sound(name):
    triangles = 0
    for attributes, faces in Glb(name).primitives():
        position, normal, uv = (attributes[key] for key in ("POSITION", "NORMAL", "TEXCOORD_0"))
        assert np.isfinite(position).all()
        assert faces.max() == len(position) - 1
        assert uv.min() >= 0
        assert uv.max() <= 1
        np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-4)
        corner = position[faces]
        face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        assert np.mean((face * normal[faces].mean(1)).sum(1) > 0) > 0.99  # winding agrees with the normals
        triangles += len(faces)
    assert 10_000 < triangles < 25_000


@pytest.mark.parametrize("name", GLBS)
def test_textures_are_embedded_and_not_flat(name):
    glb = Glb(name)
    assert len(glb.document["images"]) >= 1
    for image in glb.document["images"]:
        with Image.open(io.BytesIO(glb.view(image["bufferView"]))) as picture:
            assert picture.width == picture.height
            assert picture.width in (512, 1024)
            assert np.asarray(picture, float).std(axis=(0, 1)).max() > 15


@pytest.mark.parametrize("name", GLBS)
def test_everything_is_named(name):
    document = Glb(name).document
    for kind in ("nodes", "meshes", "materials", "images"):
        assert all(entry.get("name") for entry in document[kind])


def test_koi_is_skinned_with_weights_that_sum_to_one():
    glb = Glb("koi")
    joints = len(glb.document["skins"][0]["joints"])
    assert joints >= 6
    for attributes, _ in glb.primitives():
        np.testing.assert_allclose(attributes["WEIGHTS_0"].sum(1), 1, atol=1e-5)
        assert attributes["JOINTS_0"].max() < joints


def test_koi_swims_in_a_loop():
    glb = Glb("koi")
    animation = glb.document["animations"][0]
    moving = 0
    for sampler in animation["samplers"]:
        keys = glb.array(sampler["output"])
        np.testing.assert_allclose(keys[0], keys[-1], atol=1e-6)
        moving += np.ptp(keys, axis=0).max() > 1e-3
    assert moving == len(animation["samplers"])


def test_lantern_uses_every_material_it_defines():
    obj = (DATA / "models" / "lantern.obj").read_text().splitlines()
    mtl = (DATA / "models" / "lantern.mtl").read_text().splitlines()
    defined = {line.split()[1] for line in mtl if line.startswith("newmtl")}
    assert {line.split()[1] for line in obj if line.startswith("usemtl")} == defined
    for line in mtl:
        if line.startswith("map_Kd"):
            assert (DATA / "models" / line.split()[1]).is_file()


def test_ply_has_colours_and_no_texture_coordinates():
    head = (DATA / "models" / "mossling.ply").read_bytes().split(b"end_header")[0].decode()
    assert "property uchar red" in head
    assert not any(word in head for word in ("texture", " s\n", " u\n"))


@pytest.mark.parametrize("name", STYLES)
def test_styles_are_large_and_colourful(name):
    with Image.open(DATA / "styles" / f"{name}.jpg") as picture:
        pixels = np.asarray(picture.convert("RGB"), float)
    assert min(pixels.shape[:2]) >= 1000
    assert (pixels.max(2) - pixels.min(2)).mean() > 30


def test_folder_stays_small():
    sizes = {p: p.stat().st_size for kind in ("models", "styles") for p in (DATA / kind).iterdir()}
    assert max(sizes.values()) < 1.5e6
    assert sum(sizes.values()) < 8e6


def test_script_still_makes_the_koi():
    result = run("make_models.py", "--check", "koi")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("script", ["make_models.py", "make_styles.py"])
def test_scripts_still_make_everything(script):
    result = run(script, "--check")
    assert result.returncode == 0, result.stdout + result.stderr

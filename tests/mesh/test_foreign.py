"""What is no mesh is called by its name, and the error says what helps."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from style3d.mesh.asset import load_asset
from tests.helpers.foreign import assert_named
from tests.helpers.gltf_maker import Maker, checks
from tests.helpers.packers import archive_of

SPLAT_HEAD = b"ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nproperty float f_dc_0\nend_header\n"
FILES = {
    "a.ply": (SPLAT_HEAD, "Gaussian splats; .*style3d nerf a.ply"),
    "a.spz": (gzip.compress(b"NGSP" + bytes(20)), r"splats \(SPZ\).*style3d nerf a.spz"),
    "b.spz": (b"NGSP" + bytes(40), r"splats \(SPZ\).*style3d nerf b.spz"),
    "a.sog": (archive_of("meta.json", "means_l.webp"), r"splats \(SOG\).*style3d nerf a.sog"),
    "a.splat": (bytes(32), "Gaussian splats.*style3d nerf a.splat"),
    "poses.json": (b'{"frames": []}', "posed photos.*style3d nerf FOLDER"),
    "transforms.json": (b'{"camera_angle_x": 0.7, "frames": []}', "posed photos.*style3d nerf FOLDER"),
    "a.usdz": (archive_of("scene.usdc"), "a USDZ file.*as .glb"),
    "a.3mf": (archive_of("3D/3dmodel.model"), "a 3MF file.*as .glb"),
    "a.zip": (archive_of("source/m.obj", "textures/a.png"), "ZIP archive with a model in it.*unpack it first"),
    "b.zip": (archive_of("a.txt"), "is a ZIP archive; .*unpack it first"),
    "a.glb": (gzip.compress(b"glTF"), "a gzip archive.*unpack it first"),
    "a.fbx": (b"; FBX 7.3.0 project file", "an FBX file.*Blender"),
    "a.blend": (b"\x28\xb5\x2f\xfd" + bytes(20), "a Blender file.*export it as .glb"),
    "a.dae": (b'<?xml version="1.0"?>\n<COLLADA version="1.4.1">', "a COLLADA file.*as .glb"),
    "a.usda": (b"#usda 1.0", "a USD file.*as .glb"),
    "a.wrl": (b"#VRML V2.0 utf8", "a VRML file.*as .glb"),
    "a.step": (b"ISO-10303-21;", "a STEP file.*CAD"),
    "a.drc": (b"DRACO\2\2", "a bare Draco mesh.*draco_decoder -i a.drc"),
    "a.b3dm": (b"b3dm" + bytes(24), "3D Tiles.*b3dmToGlb -i a.b3dm"),
    "a.mp4": (b"\0\0\0\x18ftypisom" + bytes(40), "a video; .*ns-process-data"),
    "a.ckpt": (archive_of("archive/data.pkl"), "a checkpoint; .*config.yml"),
    "config.yml": (b"!!python/object:nerfstudio.engine.trainer.TrainerConfig", "nerfstudio; .*style3d nerf config.yml"),
    "a.json": (b'{"hello": 1}', "JSON of an unknown kind; .*name the model itself"),
    "a.report.json": (
        b'{"versions": {"style3d": "1"}, "job": {}}',
        "report of a run; .*style3d mesh --config a.report.json",
    ),
    "a.job.yaml": (b"kind: mesh\nmodel: a.glb\n", "a job; .*style3d run a.job.yaml"),
    "a.max": (b"\xd0\xcf\x11\xe0", "a 3ds Max file; .*export it as .glb"),
    "a.xyz": (b"1 2 3\n", "a point cloud; .*make a surface"),
    "a": (b"solid a\nfacet normal 0 0 1\n", "rename"),
    "a.png": (b"\x89PNG\r\n\x1a\n", "is a picture; .*--style"),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_named(name: str, tmp_path: Path) -> None:
    """By its content first: a suffix may lie."""
    assert_named(tmp_path / name, *FILES[name], load_asset)


def test_a_mesh_is_none_of_them(tmp_path: Path) -> None:
    """An archive inside a GLB is a texture's business."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    made.json["extras"] = {"frames": 3}
    assert load_asset(made.write(tmp_path / "a.glb"), texture_size=16).surface.textures

"""What is no radiance field is called by its name when it is given to `style3d nerf`, and the error says what helps."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.load_scene import load
from style3d.mesh.asset import load_asset
from tests.helpers.foreign import assert_named
from tests.helpers.packers import archive_of


def picture(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, kind)
    return stream.getvalue()


FILES = {
    "step-9.ckpt": (archive_of("archive/data.pkl"), "a checkpoint; .*config.yml"),
    "a.bin": (archive_of("archive/data.pkl"), "a checkpoint; .*config.yml"),
    "old.pth": (b"\x80\x02\x8a\nl\xfc\x9cF", "a checkpoint"),
    "a.mp4": (b"\0\0\0\x18ftypisom" + bytes(40), "a video; .*ns-process-data video --data a.mp4"),
    "a.mov": (b"\0\0\0\x14ftypqt  " + bytes(40), "a video"),
    "a.webm": (b"\x1aE\xdf\xa3" + bytes(40), "a video"),
    "a.avi": (b"RIFF\0\0\0\0AVI LIST", "a video"),
    "a.zip": (archive_of("images/0.jpg", "transforms.json"), "a ZIP archive; .*unpack it first, and name the scene"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "a 7-Zip archive; .*unpack it first"),
    "a.rar": (b"Rar!\x1a\x07\1\0", "a RAR archive; .*unpack it first"),
    "a.tar": (bytes(257) + b"ustar\0" + bytes(300), "a tar archive; .*unpack it first"),
    "a.obj": (b"v 0 0 0\n", "a mesh; .*style3d mesh a.obj"),
    "a.stl": (b"solid a\nendsolid", "a mesh; .*style3d mesh a.stl"),
    "a.fbx": (b"Kaydara FBX Binary  \0", "an FBX file; .*export it as .glb"),
    "a.max": (b"\xd0\xcf\x11\xe0" + bytes(99), "a 3ds Max file; .*export it as .glb"),
    "a.jpg": (picture("JPEG"), "a picture; .*--style"),
    "a.tif": (picture("TIFF"), "a picture; .*--style"),
    "a.las": (b"LASF" + bytes(99), "a point cloud; .*train splats"),
    "a.json": (b'{"hello": 1}', "JSON of an unknown kind; .*name the scene itself"),
    "b.json": (b"[1, 2]", "JSON of an unknown kind"),
    "cameras.json": (b'[{"id": 0, "rotation": [], "fx": 1}]', "a list of cameras; .*name the splats"),
    "a.report.json": (
        b'{"versions": {"style3d": "1"}, "job": {}}',
        "report of a run; .*style3d nerf --config a.report.json",
    ),
    "a.job.yaml": (b"# again\nkind: nerf\nmodel: a.ply\n", "a job; .*style3d run a.job.yaml"),
    "database.db": (b"SQLite format 3\0", "a database of COLMAP; .*sparse model"),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_named(name: str, tmp_path: Path) -> None:
    assert_named(tmp_path / name, *FILES[name], lambda path: load(FieldJob(path, style=(tmp_path / "s.jpg",))))


def test_folders_say_what_is_in_them(tmp_path: Path) -> None:
    """A folder of trained runs names one, and a folder of splats the files in it."""
    run = tmp_path / "outputs" / "garden" / "nerfacto" / "2024-05-01"
    (run / "nerfstudio_models").mkdir(parents=True)
    (run / "config.yml").write_text("!!python/object:nerfstudio.engine.trainer.TrainerConfig {}")
    for folder in (tmp_path / "outputs", run.parent, run):
        with pytest.raises(Style3DError, match=r"what nerfstudio trained: name the run's .*2024-05-01/config.yml"):
            load(FieldJob(folder, style=(tmp_path / "s.jpg",)))
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "splat.ply").write_bytes(b"ply")
    with pytest.raises(Style3DError, match=r"name the file in it that is meant: splat.ply"):
        load(FieldJob(tmp_path / "exports", style=(tmp_path / "s.jpg",)))


def test_meshes_are_files(tmp_path: Path) -> None:
    with pytest.raises(Style3DError, match=r"is a folder; .*style3d nerf FOLDER"):
        load_asset(tmp_path)

"""`mesh`, `diff` and `inspect` as users meet them, on a glTF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.cli import main
from style3d.errors import Style3DError
from style3d.paint.checkpoint import Checkpoint, Progress
from tests.helpers.gltf_maker import image_of, read_glb
from tests.helpers.validator import assert_valid
from tests.mesh.test_animation import moving

TINY = ["--preset", "draft", "--views", "3", "--resolution", "48", "--texture-size", "32", "--steps", "3"]
QUICK = [*TINY, "--features", "wavelet", "--turntable", "none", "--quiet"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a moving quad and two pictures."""
    moving().write(tmp_path / "quad é.glb")
    for seed, name in enumerate(("oil.png", "ink.png")):
        noise = np.random.default_rng(seed).integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_painted_asset_tells_its_making(desk: Path, capsys: pytest.CaptureFixture) -> None:
    """Pose and credit; the comparison allows it, and what it tells is shown."""
    options = ["--style", "oil.png", "--pose", "dance:1", "--credit", "by Ann, CC-BY 4.0", "--output", "out.glb"]
    assert main(["mesh", "quad é.glb", *options, *QUICK]) == 0
    assert_valid(desk / "out.glb", desk / "quad é.glb")
    capsys.readouterr()
    assert main(["diff", "quad é.glb", "out.glb"]) == 0
    said = capsys.readouterr().out
    assert "image 0 is repainted" in said
    assert "0 not allowed" in said
    assert main(["inspect", "out.glb"]) == 0
    said = capsys.readouterr().out
    for words in ("dc:rights: by Ann", "oil.png", "pose dance:1", "preset draft", "animation 0 'dance': 2 s"):
        assert words in said
    assert str(desk) not in said


def test_differences_have_a_status(desk: Path, capsys: pytest.CaptureFixture) -> None:
    """0 for the same, 1 for damage, 2 for what cannot be compared."""
    made = moving()
    made.json["nodes"][0]["name"] = "moved"
    made.write(desk / "other.glb")
    assert main(["diff", "quad é.glb", "quad é.glb"]) == 0
    assert capsys.readouterr().out == "no differences\n"
    assert main(["diff", "quad é.glb", "other.glb"]) == 1
    assert "NOT ALLOWED  nodes/0/name is new: 'moved'" in capsys.readouterr().out
    assert main(["diff", "quad é.glb", "oil.png"]) == 2
    assert main(["inspect", "nothing.glb"]) == 2
    assert main(["mesh", "quad é.glb", "--style", "oil.png", "--pose", "walk:1", *QUICK]) == 2
    assert "one of: dance" in capsys.readouterr().err


def test_variants(desk: Path, capsys: pytest.CaptureFixture) -> None:
    """One file, three looks, named like the pictures; evidence for each style; each run ends as it does alone."""
    two = ["--style", "oil.png", "--style", "ink.png", "--output", "both.glb"]
    assert main(["mesh", "quad é.glb", *two, "--variants", *QUICK]) == 0
    found, _ = read_glb(desk / "both.glb")
    names = [item["name"] for item in found["extensions"]["KHR_materials_variants"]["variants"]]
    assert names == ["original", "oil", "ink"]
    assert (desk / "both.oil.contact-sheet.png").exists()
    assert (desk / "both.ink.report.json").exists()
    assert not list(desk.glob("*.checkpoint"))
    assert main(["diff", "quad é.glb", "both.glb"]) == 0
    assert main(["mesh", "quad é.glb", "--style", "ink.png", "--output", "ink.glb", *QUICK]) == 0
    np.testing.assert_array_equal(image_of(desk / "ink.glb", 0), image_of(desk / "both.glb", 2))
    capsys.readouterr()
    for wrong in (["--style-weights", "1", "2"], ["--paint", "vertices"], ["--output", "both.obj"]):
        assert main(["mesh", "quad é.glb", *two, "--variants", *wrong, *QUICK]) == 2


def test_variants_do_not_resume_over_another_mask(desk: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Masks decide what is painted, so that a run of another mask is another run."""

    def stop(*_: object, checkpoint: Checkpoint, resume: bool, **__: object) -> None:
        if resume:
            checkpoint.read()
        checkpoint.write(Progress(0, 0, ()), {})
        raise Style3DError("stopped")

    monkeypatch.setattr("style3d.paint.loop.stylize", stop)
    options = ["mesh", "quad é.glb", "--style", "oil.png", "--protect", "mask.png", "--variants", *QUICK]
    for level, more, said in ((0, [], "stopped"), (0, ["--resume"], "stopped"), (255, ["--resume"], "other inputs")):
        Image.new("L", (8, 8), level).save("mask.png")
        assert main([*options, *more]) == 2
        assert said in capsys.readouterr().err

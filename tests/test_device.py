"""Devices: one file says what they are called and can do, and a run follows its rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d import device as module
from style3d.device import CPU, CUDA, KINDS, DeviceKind, device_for, devices, fast_dtype, pick_device
from style3d.errors import Style3DError
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import tiny_objective

PACKAGE = Path(__file__).resolve().parents[1] / "style3d"
WRAPPERS = (
    "render/compositor_gsplat.py", "render/rasterizer_nvdiffrast.py",
    "nerf/nerfstudio/methods.py", "nerf/nerfstudio/splatfacto.py",
)  # fmt: skip
LIKE_A_GPU = replace(CPU, loops=False, sparse=True)  # torch alone, as on CUDA
BARE = replace(CPU, loops=False, doubles=False)  # neither loops nor sparse products, as on Apple's


def said(path: Path) -> Iterator[str]:
    """Every name and text in a file's code; docstrings and comments aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value
        for field in ("id", "attr", "arg", "name", "module", "asname"):
            if isinstance(name := getattr(node, field, None), str):
                yield name


def test_one_file_says_cuda() -> None:
    """Wrappers of libraries that run nowhere else may tell so in an error, and import what the library calls cuda."""
    others = [path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "device.py"]
    names = {path: path.relative_to(PACKAGE).as_posix() for path in others}
    allowed = {path for path, name in names.items() if name in WRAPPERS}
    telling = {path for path in others if any("cuda" in text.lower() for text in said(path))}
    assert not {names[path] for path in telling - allowed}
    assert {path.relative_to(PACKAGE).as_posix() for path in telling} >= set(WRAPPERS)  # the search finds what it seeks
    asking = {path for path in others for node in ast.walk(ast.parse(path.read_text("utf-8"))) if is_asking(node)}
    assert not {names[path] for path in asking}


def is_asking(node: ast.AST) -> bool:
    """Whether code names torch's module, or a device by its name."""
    if isinstance(node, ast.Attribute):
        return node.attr == "cuda"
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(":")[0] == "cuda"


def test_names_are_those_of_rows() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in {kind.name for kind in KINDS}
    for name in ("gpu", "meta", "cuda:77"):  # no device; one that torch has and no row names; one that is not here
        with pytest.raises(Style3DError, match=f"expected auto, {CPU.name}, .*{CUDA.name}\\b.* or "):
            pick_device(name)


def test_a_new_row_is_offered_and_no_more_called_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    apple = DeviceKind("mps", lambda: 1, lambda _: "Apple's GPU", lambda: False, doubles=False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(module, "KINDS", (CUDA, CPU))  # whatever rows there are by now
    assert any("(mps)" in line for line in module.unused_devices()) == (not CUDA.count())
    monkeypatch.setattr(module, "KINDS", (CUDA, apple, CPU))
    assert not any("(mps)" in line for line in module.unused_devices())
    assert "mps (Apple's GPU)" in devices()
    with pytest.raises(Style3DError, match="expected auto, cpu, mps, cuda, cuda:N or mps:N"):
        pick_device("gpu")


def test_auto_takes_the_first_that_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row more is a device more, for the choice, its libraries and the doctor."""
    new = DeviceKind("meta", lambda: 2, lambda index: f"card {index}", lambda: True, libraries=("gsplat",))
    gone = replace(CUDA, count=lambda: 0)
    monkeypatch.setattr(module, "KINDS", (gone, new, CPU))
    assert pick_device("auto") == torch.device("meta")
    assert device_for("gsplat") == torch.device("meta")
    assert device_for("triton") is None
    assert fast_dtype("meta:1") == torch.bfloat16
    assert devices() == ("meta (card 0, card 1)", "cpu")


@pytest.mark.filterwarnings("ignore:Sparse")  # what torch says of its own sparse products
@pytest.mark.parametrize("kind", [LIKE_A_GPU, BARE], ids=["like a GPU", "bare"])
def test_another_device_paints_alike(kind: DeviceKind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A device is changed in `KINDS` alone: all that painting does on it follows, and colours come out as before."""
    style = tmp_path / "style.png"
    blots = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(blots).resize((128, 96), Image.Resampling.BICUBIC).save(style)
    ball = write_textured_ball(tmp_path / "ball.obj")
    job = style3d.MeshJob(
        ball, style=(style,), preset="draft", views=4, resolution=48, steps=6, texture_size=64, turntable="none",
        device="cpu",
    )  # fmt: skip
    scene = style3d.load(job)
    usual = style3d.stylize(scene, job, tiny_objective()).colors
    monkeypatch.setattr(module, "KINDS", (kind,))
    other = style3d.stylize(scene, job, tiny_objective()).colors
    assert (other - usual).abs().mean() < 1e-3
    assert (usual - scene.initial()).abs().mean() > 2e-2

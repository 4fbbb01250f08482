"""Pairs weighed on a device against the compiled loops, gsplat asked as it wants to be, and what fails said once."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

from style3d import device
from style3d.render import compositors as chooser
from style3d.render.compositor import Compositor, Footprints
from style3d.render.compositor_compiled import CompiledCompositor
from style3d.render.compositor_gsplat import PairCompositor, check, gsplat_compositor, gsplat_pairs
from style3d.render.compositors import GuardedCompositor, compositor
from style3d.render.splats import Gaussians, project
from tests.helpers.gaussians import blob, every_pair
from tests.helpers.surfaces import front, noise
from tests.render.test_splats import CAMERAS

CPU = torch.device("cpu")


def agree(one: Compositor, gaussians: Gaussians, name: str, tolerance: float) -> None:
    """Rows, images and gradients are those of the compiled loops."""
    camera = CAMERAS[name]
    seen, size = project(gaussians, camera), (camera.width, camera.height, len(gaussians))
    ours, theirs = one.rows(seen, *size), CompiledCompositor().rows(seen, *size)
    assert theirs.indices.size > 1000
    assert np.abs(ours.scipy() - theirs.scipy()).max() < tolerance
    colors, slopes = (torch.from_numpy(noise(1, n, 1)[0]).double() for n in (ours.columns, ours.rows))
    assert (ours.apply(colors) - theirs.apply(colors)).abs().max() < tolerance
    assert (ours.adjoint(slopes) - theirs.adjoint(slopes)).abs().max() < 10 * tolerance


@pytest.mark.parametrize("name", sorted(CAMERAS))
@pytest.mark.parametrize("antialiased", [False, True])
def test_weighed_pairs_are_the_compiled_rows(name: str, antialiased: bool) -> None:
    """To 1e-6, and of each row in the same order: front to back."""
    gaussians = replace(blob(150), antialiased=antialiased)
    agree(PairCompositor(every_pair, CPU), gaussians, name, 1e-6)


def test_rows_run_front_to_back() -> None:
    seen = project(blob(150), front(24))
    ours, theirs = (kind.rows(seen, 24, 24, 150) for kind in (PairCompositor(every_pair, CPU), CompiledCompositor()))
    assert np.array_equal(ours.indptr, theirs.indptr)
    assert np.array_equal(ours.indices, theirs.indices)


def test_full_pixels_take_no_more() -> None:
    """A hundred solid splats behind each other: a pixel takes a few, and always keeps 1e-4 of its light."""
    wall = blob(100)
    wall.means[:, :2], wall.scales[:], wall.opacities[:] = 0, 0.3, 1
    seen = project(wall, front(16))
    ours, theirs = (kind.rows(seen, 16, 16, 100) for kind in (PairCompositor(every_pair, CPU), CompiledCompositor()))
    assert np.array_equal(ours.indices, theirs.indices)
    assert 0 < np.diff(ours.indptr)[8 * 16 + 8] < 10
    assert (1 - ours.row_sums()).min() > 1e-4 - 1e-6


def test_nothing_seen_is_an_empty_map() -> None:
    nothing = np.zeros((0, 3))
    seen = Footprints(np.zeros(0, np.int64), nothing[:, :2], nothing, nothing[:, 0], nothing[:, 0])
    for kind in (PairCompositor(every_pair, CPU), CompiledCompositor()):
        rows = kind.rows(seen, 5, 4, 7)
        assert (rows.rows, rows.columns, rows.indices.size) == (20, 7, 0)


class Gsplat(ModuleType):
    """gsplat's three functions as it documents them, with its checks of shapes, in single precision and slow."""

    def __init__(self, most_alpha: float) -> None:
        super().__init__("gsplat")
        self.most_alpha = most_alpha

    def isect_tiles(self, means2d: Tensor, radii: Tensor, depths: Tensor, size: int, wide: int, high: int) -> object:
        images, count, _ = means2d.shape
        assert radii.shape == (images, count, 2)
        assert radii.dtype == torch.int32
        assert depths.shape == (images, count)
        assert means2d.dtype == depths.dtype == torch.float32
        low = ((means2d[0] - radii[0]) / size).floor().long()
        end = ((means2d[0] + radii[0]) / size).ceil().long()
        bits = depths[0].view(torch.int32).long()
        met = [
            (((y * wide + x) << 32) | int(bits[k]), k)
            for k in range(count)
            for y in range(max(int(low[k, 1]), 0), min(int(end[k, 1]), high))
            for x in range(max(int(low[k, 0]), 0), min(int(end[k, 0]), wide))
        ]
        ids, flat = (torch.tensor(part) for part in zip(*sorted(met), strict=True))
        return torch.empty(0), ids, flat.int()

    def isect_offset_encode(self, ids: Tensor, images: int, wide: int, high: int) -> Tensor:
        assert images == 1
        return torch.searchsorted(ids >> 32, torch.arange(wide * high)).reshape(1, high, wide).int()

    def rasterize_to_indices_in_range(
        self, first: int, last: int, light: Tensor, means2d: Tensor, conics: Tensor, opacities: Tensor,
        width: int, height: int, size: int, offsets: Tensor, flat: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
        count = means2d.shape[1]
        assert (first, conics.shape, opacities.shape) == (0, (1, count, 3), (1, count))
        assert light.shape == (1, height, width)
        assert offsets.shape == (1, -(-height // size), -(-width // size))
        ends = torch.cat([offsets.flatten()[1:], torch.tensor([len(flat)])]).reshape(offsets.shape)
        found = []
        for pixel in range(width * height):
            y, x = divmod(pixel, width)
            tile = 0, y // size, x // size
            near = flat[int(offsets[tile]) : int(ends[tile])].long()
            dx, dy = (means2d[0, near] - torch.tensor([x + 0.5, y + 0.5])).unbind(1)
            a, b, c = conics[0, near].unbind(1)
            alpha = opacities[0, near] * torch.exp(-0.5 * (a * dx * dx + c * dy * dy) - b * dx * dy)
            alpha = alpha.clamp_max(self.most_alpha)
            alpha = torch.where(alpha < 1 / 255, 0, alpha)
            left = light[0, y, x] * (1 - alpha).cumprod(0)
            found += [(int(k), pixel) for k in near[(alpha > 0) & (left > 1e-4)]]
        which, pixels = (torch.tensor(part) for part in zip(*found, strict=True))
        return which, pixels, torch.zeros_like(pixels)


@pytest.mark.parametrize("most_alpha", [0.999, 0.99])
def test_gsplat_is_asked_for_all_pairs_that_count(monkeypatch: pytest.MonkeyPatch, most_alpha: float) -> None:
    """Its versions hold α under 0.999 or 0.99; the rows are ours with both."""
    monkeypatch.setitem(sys.modules, "gsplat", Gsplat(most_alpha))
    made = PairCompositor(gsplat_pairs, CPU)
    check(made)
    agree(made, blob(60), "off centre", 1e-6)


def test_tiles_are_those_of_gsplats_own_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    """gsplat's torch implementation of tiles takes what it is given, and finds what the compiled loops draw."""
    twin = pytest.importorskip("gsplat.cuda._torch_impl", reason="gsplat is not installed (pip install gsplat)")
    fake = Gsplat(0.999)
    fake.isect_tiles, fake.isect_offset_encode = twin._isect_tiles, twin._isect_offset_encode
    monkeypatch.setitem(sys.modules, "gsplat", fake)
    check(PairCompositor(gsplat_pairs, CPU))


def test_a_compositor_that_differs_is_found_out() -> None:
    def forgetful(*shape: object) -> tuple[Tensor, Tensor]:
        pixel, which = every_pair(*shape)
        return pixel[which > 0], which[which > 0]

    with pytest.raises(RuntimeError, match="differ from those of the compiled loops by 0"):
        check(PairCompositor(forgetful, CPU))


def test_what_fails_is_said_once_and_drawn_on_the_cpu(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> tuple[Tensor, Tensor]:
        raise RuntimeError("CUDA error: out of memory\nand a thousand lines more")

    guarded = GuardedCompositor(PairCompositor(broken, CPU))
    for _ in range(2):
        agree(guarded, blob(150), "in front", 1e-12)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages[0].endswith("from here on: RuntimeError: CUDA error: out of memory")


@pytest.fixture
def cuda_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that says it has CUDA."""
    chooser._find_compositor.cache_clear()
    monkeypatch.setattr(device, "KINDS", (replace(device.CUDA, count=lambda: 1), device.CPU))
    yield
    chooser._find_compositor.cache_clear()


@pytest.mark.usefixtures("cuda_here")
def test_an_extension_that_does_not_load_leaves_the_cpu(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not built, and failing to build: one warning, however many ask."""
    backend = ModuleType("gsplat.cuda._backend")
    backend._C = None
    for name, module in {"gsplat": Gsplat(0.999), "gsplat.cuda": ModuleType("cuda"), backend.__name__: backend}.items():
        monkeypatch.setitem(sys.modules, name, module)
    assert isinstance(compositor(), CompiledCompositor)
    assert isinstance(compositor(), CompiledCompositor)
    assert len(caplog.messages) == 1
    assert "no CUDA toolkit (nvcc)" in caplog.messages[0]


@pytest.mark.usefixtures("cuda_here")
def test_without_gsplat_nobody_is_warned(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "gsplat", None)
    with caplog.at_level(logging.INFO):
        assert isinstance(compositor(), CompiledCompositor)
    assert [record.levelno for record in caplog.records] == [logging.INFO]
    assert "style3d[gsplat]" in caplog.text


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", sorted(CAMERAS))
def test_gsplat_on_a_gpu(name: str) -> None:
    """The law of the seam on the real thing."""
    pytest.importorskip("gsplat", reason="gsplat is not installed (pip install 'style3d[gsplat]')")
    for antialiased in (False, True):
        agree(gsplat_compositor(), replace(blob(400), antialiased=antialiased), name, 1e-5)

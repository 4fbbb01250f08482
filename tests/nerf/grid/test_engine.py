"""The engines of a fit against each other and the slow twin: gradients, updates, what is seen, a whole small fit."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from style3d.errors import Style3DError
from style3d.nerf.grid import fit as module
from style3d.nerf.grid import marchers as grid_marching
from style3d.nerf.grid.engine import Engine, FitRules, Lattice, Rays, StepSizes, lattice_of
from style3d.nerf.grid.engine_compiled import CompiledEngine
from style3d.nerf.grid.engine_torch import TorchEngine
from style3d.nerf.grid.engines import build_engine
from style3d.nerf.grid.fit import FitSettings, Level, fit_grid
from style3d.nerf.grid.kernels_torch import loss_reference
from style3d.nerf.grid.marcher_compiled import CompiledMarcher
from style3d.nerf.grid.marchers import build_marcher, check
from style3d.nerf.grid.refine import kept_entries
from tests.nerf.grid.test_fit import SIDE, pictures_of_a_ball, rays, small_fog, wanted

CPU = torch.device("cpu")
PLAIN = FitRules(0.1, 1.0, 0.0, 0.0)


def thinned_fog() -> tuple[np.ndarray, Lattice, np.ndarray]:
    """A fog with holes, so that rows of the table are not vertices of the lattice and rays have empty cells to skip."""
    table, field = small_fog()
    seen = np.zeros(SIDE**3, np.uint8)
    seen[np.random.default_rng(3).integers(0, SIDE**3, 12)] = 1
    kept = kept_entries(SIDE, field.index, seen, 1)
    assert 0.2 < len(kept) / SIDE**3 < 0.9
    return table[kept], lattice_of(field.space, SIDE, kept), kept


def engines(rules: FitRules) -> tuple[CompiledEngine, TorchEngine]:
    table, place, vertices = thinned_fog()
    return CompiledEngine(place, vertices, table, rules), TorchEngine(place, vertices, table, rules, CPU)


def alike(one: np.ndarray, two: np.ndarray, tolerance: float) -> None:
    """Equal to a share of each column's greatest."""
    assert np.abs(one).max() > 0
    assert (np.abs(one - two).max(0) <= tolerance * (np.abs(one).max(0) + 1e-12)).all()


@pytest.mark.parametrize(
    "rules",
    [PLAIN, FitRules(0.1, 1.0, 0.5, 0.0), FitRules(0.1, 0.5, 0.5, 3.0)],
    ids=["plain", "distortion", "weakened"],
)
def test_gradients_agree(rules: FitRules) -> None:
    """Torch against the compiled loops, to 1e-4."""
    compiled, parallel = engines(rules)
    lines, want = Rays(*rays(200)), wanted(200)
    (lost, slope), (again, other) = compiled.add_gradient(lines, want), parallel.add_gradient(lines, want)
    assert again == pytest.approx(lost, rel=1e-5)
    alike(slope, other, 1e-4)
    alike(compiled.gradient, parallel.gradient.numpy(), 1e-4)


def test_gradients_agree_with_the_slow_twin() -> None:
    """Rays stop when a thousandth of the light is left, which the twin does not."""
    table, place, vertices = thinned_fog()
    engine = TorchEngine(place, vertices, table, FitRules(0.1, 1.0, 0.5, 0.0), CPU)
    (origin, direction, offset), want = rays(24), wanted(24)
    engine.add_gradient(Rays(origin, direction, offset), want)
    twin = torch.from_numpy(table).double().requires_grad_()
    loss_reference(twin, place, origin, direction, offset, 0.1, 1.0, want, 0.5).backward()
    alike(twin.grad.numpy(), engine.gradient.double().numpy(), 5e-3)


def test_updates_agree() -> None:
    """Three steps from the same gradients, with and without total variation: to 1e-5."""
    compiled, parallel = engines(PLAIN)
    rates = np.array([0.1, 0.02, 0.02, 0.02, 0.006, 0.006, 0.006, 0], np.float32)
    before = compiled.table().copy()
    for step in range(3):
        lines, want = Rays(*(part[step::3] for part in rays(90))), wanted(30)
        compiled.add_gradient(lines, want)
        parallel.add_gradient(lines, want)
        parallel.gradient.copy_(torch.from_numpy(compiled.gradient))  # Adam would make rounding a whole step
        for engine in (compiled, parallel):
            engine.update(StepSizes(rates, 0.002, np.full(8, 1e-3, np.float32) if step == 1 else None))
    assert np.abs(compiled.table() - before).max() > 0.05
    assert np.abs(compiled.table() - parallel.table()).max() < 1e-5
    assert not parallel.gradient.any()
    assert (compiled.table()[:, 1:4] >= 0).any()


def test_an_engine_goes_on_where_another_stopped() -> None:
    """From table and moments alone; the compiled one to the last bit."""
    _, place, vertices = thinned_fog()
    sizes = StepSizes(np.full(8, 0.05, np.float32), 0.002, np.full(8, 1e-3, np.float32))
    for engine in engines(PLAIN):
        some, more = (Rays(*(part[half::2] for part in rays(60))) for half in (0, 1))
        engine.add_gradient(some, wanted(30))
        engine.update(sizes)
        fresh = type(engine)(
            place, vertices, engine.table(), PLAIN, *([CPU] if isinstance(engine, TorchEngine) else [])
        )
        fresh.restore(engine.moments())
        for each in (engine, fresh):
            each.add_gradient(more, wanted(30))
            each.update(sizes)
        assert engine.moments().count.max() == 2
        if isinstance(engine, CompiledEngine):
            assert np.array_equal(fresh.table(), engine.table())
        alike(fresh.table(), engine.table(), 1e-5)


def test_they_see_the_same_cells() -> None:
    compiled, parallel = engines(PLAIN)
    origin, direction, _ = rays(60)
    seen, other = np.zeros(SIDE**3, np.uint8), np.zeros(SIDE**3, np.uint8)
    compiled.mark_seen(origin, direction, 0.05, seen)
    parallel.mark_seen(origin, direction, 0.05, other)
    assert 5 < seen.sum() < 0.5 * SIDE**3
    assert np.array_equal(seen, other)


def test_rays_that_meet_nothing_change_nothing() -> None:
    for engine in engines(PLAIN):
        before = engine.table().copy()
        lines = Rays(np.float32([[50, 0, 0]]), np.float32([[1, 0, 0]]), np.float32([0.5]))
        bare = replace(wanted(1), rgb=np.zeros((1, 3), np.float32), alpha=np.zeros(1, np.float32))
        lost, slope = engine.add_gradient(lines, bare)
        engine.update(StepSizes(np.ones(8, np.float32), 0.1, np.ones(8, np.float32)))
        assert lost == 0
        assert not slope.any()
        assert np.array_equal(engine.table(), before)


def test_the_device_decides() -> None:
    table, place, vertices = thinned_fog()
    assert isinstance(build_engine(CPU, place, vertices, table, PLAIN), CompiledEngine)
    assert isinstance(build_marcher(place, PLAIN, CPU), CompiledMarcher)


def test_torch_finds_a_ball_from_its_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As good as the compiled loops, to half a decibel."""
    capture = pictures_of_a_ball(tmp_path, 12, 20)
    settings = FitSettings(levels=(Level(10, 40), Level(16, 40)), rays=256)
    wanted = fit_grid(capture, settings).psnr

    def parallel(device: torch.device, *parts: object) -> Engine:
        return TorchEngine(*parts, device)

    monkeypatch.setattr(module, "build_engine", parallel)
    found = fit_grid(capture, settings)
    assert found.psnr == pytest.approx(wanted, abs=0.5)
    assert found.psnr > 12
    assert found.grid.colors.max() <= 1


def test_a_full_device_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Engine:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(module, "build_engine", full)
    with pytest.raises(Style3DError, match="ran out of memory; use --device cpu"):
        fit_grid(pictures_of_a_ball(tmp_path, 3, 12))


def test_without_triton_the_cpu_marches(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every level of a fit asks; one warning is enough."""
    monkeypatch.setitem(sys.modules, "triton", None)
    monkeypatch.delitem(sys.modules, "style3d.nerf.grid.marcher_triton", raising=False)
    grid_marching._own.cache_clear()
    _, place, _ = thinned_fog()
    for _ in range(2):
        assert isinstance(build_marcher(place, PLAIN, torch.device("cuda")), CompiledMarcher)
    grid_marching._own.cache_clear()
    assert len(caplog.messages) == 1
    assert "Triton does not work here" in caplog.messages[0]


def test_a_marcher_that_differs_is_found_out() -> None:
    def longer(lattice: Lattice, rules: FitRules, device: torch.device) -> CompiledMarcher:
        return CompiledMarcher(lattice, replace(rules, stride=0.7), device)

    check(CompiledMarcher, CPU)
    with pytest.raises(RuntimeError, match="of its rays are as long"):
        check(longer, CPU)


def compare_marches() -> None:
    """Contracted space and a bare cube: the same samples to the last bit."""
    from style3d.nerf.grid.marcher_triton import TritonMarcher

    _, place, _ = thinned_fog()
    origin, direction, offset = rays(70)
    direction[:4, 0], direction[4:6, :2] = 0, 0  # along the faces of the cube
    for tail, stride in ((0.5, 1.0), (0.0, 0.6)):
        around, rules = replace(place, space=np.array([0.1, 0.2, -0.1, 1.3, tail])), replace(PLAIN, stride=stride)
        lines = Rays(origin, direction, offset)
        one, two = (kind(around, rules, CPU).samples(lines) for kind in (CompiledMarcher, TritonMarcher))
        assert one.counts.sum() > 50
        assert torch.equal(one.counts, two.counts)
        there = torch.arange(one.cells.shape[1]) < one.counts[:, None]
        for name in ("cells", "fracs", "places", "depths"):
            assert torch.equal(getattr(one, name)[there], getattr(two, name)[there])


@pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed (it comes with torch for CUDA)")
def test_the_gpus_march_is_the_compiled_one() -> None:
    """In Triton's interpreter, which must be asked for before Triton is imported."""
    code = "from tests.nerf.grid.test_engine import compare_marches; compare_marches()"
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    command = [sys.executable, "-c", code]
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_agrees() -> None:
    """Gradients to 1e-4, and the same fit to half a decibel."""
    table, place, vertices = thinned_fog()
    rules = FitRules(0.1, 0.5, 0.5, 3.0)
    there = build_engine(torch.device("cuda"), place, vertices, table, rules)
    compiled = CompiledEngine(place, vertices, table, rules)
    lines, want = Rays(*rays(200)), wanted(200)
    (lost, slope), (again, other) = compiled.add_gradient(lines, want), there.add_gradient(lines, want)
    assert again == pytest.approx(lost, rel=1e-4)
    alike(slope, other, 1e-4)
    alike(compiled.gradient, there.gradient.cpu().numpy(), 1e-4)

"""A fit optimises a sparse lattice of density and colour to a capture's photos, coarse to fine.

After DVGO (Sun, Sun & Chen 2022: post-activated density, low at the start) and Plenoxels (Fridovich-Keil et al. 2022:
directional colour and total variation on the lattice), with mip-NeRF 360's contraction and distortion loss.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float32, Int64

from style3d.errors import Style3DError
from style3d.nerf.capture.capture import Capture
from style3d.nerf.grid.checkpoint import FitFile, FitState
from style3d.nerf.grid.engine import FitRules, Rays, RayTargets, StepSizes, lattice_of
from style3d.nerf.grid.engines import build_engine
from style3d.nerf.grid.refine import empty_table, finer_vertices, kept_entries
from style3d.nerf.grid.score import score
from style3d.nerf.grid.training_rays import Batch, PixelTable, pixel_table
from style3d.progress import Silent, Watcher
from style3d.render.grid_field import Contraction, RadianceGrid

log = logging.getLogger(__name__)
CPU = torch.device("cpu")
FIT_SIDE = 512  # pixels along a photo's longer side, where --downscale does not say
SMOOTH = 4  # steps between those that smooth
GAIN_RATE = 5e-4  # of the logarithm of a photo's gain, a step
REPORT = 20  # steps between reports
CHUNK = 1 << 18  # rays that are marched at once to find the cells that photos see
VISIBLE = 0.01  # share of a ray's light that a sample must get for its cell to stay


@final
@dataclass(frozen=True)
class Level:
    """One step of coarse to fine. Concretely: 1500 steps on a lattice of 128³."""

    side: int  # vertices along each axis
    steps: int


@final
@dataclass(frozen=True)
class FitSettings:
    """How to fit; the defaults suit a hand-held capture of an object and its room."""

    downscale: float | None = None  # of the photos; None: to 512 pixels along the longer side
    levels: tuple[Level, ...] = (Level(64, 600), Level(128, 1400), Level(224, 4000))
    rays: int = 8192  # a step
    stride: float = 1.0  # cells between samples
    radius: float = 0.45  # of the cube that is not contracted, in median camera distances
    tail: float = 0.5  # of the contracted cube, for what lies beyond
    near: float = 0.08  # depth before which nothing is, in median camera distances
    rates: tuple[float, float, float] = (0.12, 0.02, 0.006)  # Adam's steps: density, colour, colour by direction
    variation: tuple[float, float, float] = (2e-8, 1e-8, 1e-7)  # weights of total variation, likewise, a ray
    distortion: float = 2e-3
    fade: float = 0.002  # of directional colour a step that touches it: view dependence must earn its place
    seed: int = 0


@final
@dataclass(frozen=True)
class Fit:
    """A fitted grid and how well it shows photos it has not seen."""

    grid: RadianceGrid
    psnr: float | None  # dB, mean over held-out photos; None where none was held out
    psnr_matched: float | None  # the same after the best gain a channel: without differences in exposure
    training_psnr: float  # dB, over the last steps


def fit_grid(
    capture: Capture,
    settings: FitSettings | None = None,
    watcher: Watcher | None = None,
    device: torch.device = CPU,
    file: FitFile | None = None,
) -> Fit:
    """Fit a radiance grid to the training photos of a capture.

    The same seed gives the same grid on a processor, whatever the number of threads; on another device sums are taken
    in any order. A fit goes on from the state that ``file`` holds, to the same grid, and leaves its own there.

    Raises:
        Style3DError: photos cannot be read, nothing solid was found, or the device's memory is full.
    """
    try:
        return _run_fit(capture, settings or FitSettings(), watcher or Silent(), device, file)
    except torch.OutOfMemoryError as error:
        raise Style3DError("the device ran out of memory", hint="use --device cpu") from error


def _run_fit(
    capture: Capture, settings: FitSettings, watcher: Watcher, device: torch.device, file: FitFile | None
) -> Fit:
    scale = settings.downscale or default_downscale(capture)
    watcher.phase("reading photos", len(capture.training_photos))
    pixels = pixel_table(capture, capture.training_photos, scale, watcher.advance)
    fitter = _Fitter(capture, settings, pixels, device, file)
    fitter.run(watcher)
    while fitter.stage + 1 < len(settings.levels):
        fitter.refine()
        fitter.run(watcher)
    grid = fitter.final_grid()
    psnr, matched = score(grid, capture, scale, settings.stride, watcher)
    return Fit(grid, psnr, matched, fitter.training_psnr)


def default_downscale(capture: Capture) -> float:
    """The factor that brings the photos' longer side to `FIT_SIDE` pixels; never below one."""
    longer = np.median([max(photo.lens.width, photo.lens.height) for photo in capture.photos])
    return max(1.0, float(longer) / FIT_SIDE)


def scene_space(capture: Capture, settings: FitSettings, translucent: bool) -> Contraction:
    """The box of a cut-out object, or the contraction of everything around the point the cameras look at."""
    x, y, z = (float(value) for value in capture.focus)
    if not translucent:
        return Contraction((x, y, z), settings.radius * capture.distance, settings.tail)
    widest = max(np.hypot(p.camera.width, p.camera.height) / 2 / p.camera.focal for p in capture.photos)
    return Contraction((x, y, z), min(0.9, float(widest)) * capture.distance, 0.0)


@final
class _Fitter:
    """The fit's working state; `fit_grid` is its only user."""

    def __init__(
        self, capture: Capture, settings: FitSettings, pixels: PixelTable, device: torch.device, file: FitFile | None
    ) -> None:
        self.settings, self.pixels, self.device, self.file = settings, pixels, device, file
        self.space = scene_space(capture, settings, pixels.translucent)
        distance = capture.distance
        self.rules = FitRules(settings.near * distance, settings.stride, settings.distortion, 0.5 * distance)
        self.gains = np.zeros((len(capture.photos), 3), np.float64)  # logarithms
        self.gain_moments = np.zeros((2, *self.gains.shape))
        self.stage, self.done, self.loss = 0, 0, 0.0  # steps done within the stage; running mean squared error
        stages = [(level.side, level.steps) for level in settings.levels]
        saved = file.read(stages, len(self.gains)) if file else None
        if saved:
            self._restore(saved)
        else:
            side = settings.levels[0].side
            self._use_lattice(side, np.arange(side**3), empty_table(side**3))

    @property
    def training_psnr(self) -> float:
        """Of the last steps, dB."""
        return float(-10 * np.log10(max(self.loss, 1e-10)))

    def _restore(self, saved: FitState) -> None:
        self.stage, self.done, self.loss = saved.stage, saved.step, saved.loss
        self.gains, self.gain_moments = saved.gains, saved.gain_moments
        self._use_lattice(self.settings.levels[saved.stage].side, saved.vertices, saved.table)
        self.engine.restore(saved.moments)

    def _state(self) -> FitState:
        engine, gains = self.engine, (self.gains, self.gain_moments)
        return FitState(self.stage, self.done, self.loss, self.vertices, engine.table(), engine.moments(), *gains)

    def _use_lattice(
        self, side: int, vertices: Int64[np.ndarray, "n"], table: Float32[np.ndarray, "n numbers"]
    ) -> None:
        self.vertices = vertices
        self.lattice = lattice_of(np.array([*self.space.center, self.space.radius, self.space.tail]), side, vertices)
        self.engine = build_engine(self.device, self.lattice, vertices, table, self.rules)

    def run(self, watcher: Watcher) -> None:
        """Take the steps that are left of the stage."""
        steps = self.settings.levels[self.stage].steps
        if self.done:
            watcher.phase(f"going on at step {self.done}", 1)
            watcher.advance(1)
        watcher.phase(f"fitting {self.lattice.side}³, stage {self.stage + 1} of {len(self.settings.levels)}", steps)
        watcher.advance(self.done)
        for step in range(self.done, steps):
            loss = self._step(np.random.default_rng([self.settings.seed, self.stage, step]))
            self.loss, self.done = 0.98 * self.loss + 0.02 * loss if self.loss else loss, step + 1
            if self.file and self.file.due:
                self.file.write(self._state())
            if self.done % REPORT == 0 or self.done == steps:
                watcher.advance(self.done, f"PSNR {self.training_psnr:.2f} dB")

    def _step(self, generator: np.random.Generator) -> float:
        """Draws rays, renders them, adds their gradients and steps; returns the mean squared error."""
        settings, count = self.settings, self.settings.rays
        batch = self.pixels.batch(self.pixels.draw(generator, count))
        gain = np.exp(self.gains[batch.exposure]).astype(np.float32)
        rays = Rays(batch.origin, batch.direction, generator.random(count, np.float32))
        backdrop = generator.random((count, 3), np.float32)
        error, gain_slope = self.engine.add_gradient(rays, RayTargets(batch.rgb, batch.alpha, backdrop, gain))
        before, total = (sum(level.steps for level in settings.levels[:end]) for end in (self.stage, None))
        step = before + self.done
        decay = 0.1 ** (step / total)
        variation = SMOOTH * _per_number(settings.variation) if step % SMOOTH == 0 else None
        self.engine.update(StepSizes(decay * _per_number(settings.rates), settings.fade * decay, variation))
        self._step_gains(batch, gain_slope * gain, decay)
        return error / 3

    def _step_gains(self, batch: Batch, slope: Float32[np.ndarray, "rays 3"], decay: float) -> None:
        """One Adam step on the photos' gains, whose mean stays one."""
        for c in range(3):
            g: Any = np.bincount(batch.exposure, weights=slope[:, c], minlength=len(self.gains))
            g += 1e-3 * self.gains[:, c] / len(self.gains)
            first, second = self.gain_moments[0], self.gain_moments[1]
            first[:, c] = 0.9 * first[:, c] + 0.1 * g
            second[:, c] = 0.99 * second[:, c] + 0.01 * g * g
            self.gains[:, c] -= GAIN_RATE * decay * first[:, c] / (np.sqrt(second[:, c]) + 1e-12)
        used = np.unique(self.pixels.exposures)
        self.gains[used] -= self.gains[used].mean(0)

    def refine(self) -> None:
        """Drop the cells that no photo sees, and begin the next stage with a finer lattice."""
        self._prune()
        self.stage, self.done, self.loss = self.stage + 1, 0, 0.0
        side = self.settings.levels[self.stage].side
        self._use_lattice(side, *finer_vertices(self.lattice.side, self.lattice.index, self.engine.table(), side))

    def _prune(self) -> None:
        lattice, every = self.lattice, len(self.pixels.photo)
        seen = np.zeros(lattice.side**3, np.uint8)
        for start in range(0, every, 4 * CHUNK):
            batch = self.pixels.batch(np.arange(start, min(start + 4 * CHUNK, every), 4))
            self.engine.mark_seen(batch.origin, batch.direction, VISIBLE, seen)
        kept = kept_entries(lattice.side, lattice.index, seen)
        if not len(kept):
            raise Style3DError("the fit found no surface", hint="check that the photos' poses are right")
        self._use_lattice(lattice.side, self.vertices[kept], self.engine.table()[kept])

    def final_grid(self) -> RadianceGrid:
        """The grid as it stands, without what no photo sees."""
        self._prune()
        t: Any = self.engine.table()
        parts = t[:, 0].copy(), t[:, 1:4].copy(), t[:, 4:7].copy()
        return RadianceGrid(self.space, self.lattice.side, self.vertices, *parts, float(self.rules.near))


def _per_number(groups: tuple[float, float, float]) -> Float32[np.ndarray, "numbers"]:
    """A value for density, colour and directional brightness as one for each number of a vertex."""
    return np.array([groups[0]] + [groups[1]] * 3 + [groups[2]] * 3 + [0.0], np.float32)

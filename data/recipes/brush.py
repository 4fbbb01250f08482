"""A loaded bristle brush: strokes along a flow field, opaque colour and paint relief."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from recipes.noise import Field

BRISTLES = 24


@dataclass(frozen=True)
class Canvas:
    """Wet canvas that strokes are painted on; its arrays are changed in place."""

    color: Field  # (h, w, 3) in [0, 1]
    height: Field  # (h, w) paint thickness, about [0, 1]
    stamp: Field  # (h, w) number of the stroke that last touched a pixel


@dataclass(frozen=True)
class Brush:
    """One layer of strokes: sizes in pixels."""

    radius: float  # half width, concretely 14 for the ground and 2.5 for the last accents
    length: float  # mean path length
    count: int  # strokes tried
    tone: float  # spread of lightness between bristles, concretely 0.05
    load: float  # relief of the paint, 1 = thick
    detail: float  # a stroke is skipped where the canvas is already this close to the reference (0 = never)


@numba.njit
def _trace(angle: Field, region: Field, x: float, y: float, steps: int, sign: float, xs: Field, ys: Field) -> int:
    """Follow the flow from (x, y) by 2-pixel steps until it leaves its region; return the number of points."""
    h, w = angle.shape
    home = region[int(y), int(x)]
    count, outside = 0, 0
    px, py = 0.0, 0.0
    for _ in range(steps):
        if x < 0 or y < 0 or x >= w or y >= h:
            break
        outside += region[int(y), int(x)] != home
        if outside > 1:
            break
        xs[count], ys[count] = x, y
        count += 1
        a = angle[int(y), int(x)]
        dx, dy = np.cos(a) * sign, np.sin(a) * sign
        if px * dx + py * dy < 0:
            dx, dy = -dx, -dy
        if count > 1:
            dx, dy = 0.55 * px + 0.45 * dx, 0.55 * py + 0.45 * dy
        norm = np.sqrt(dx * dx + dy * dy) + 1e-9
        px, py = dx / norm, dy / norm
        x += 2.0 * px
        y += 2.0 * py
    return count


@numba.njit
def _stroke(
    color: Field, height: Field, stamp: Field, mark: float, xs: Field, ys: Field, n: int,
    radius: float, left: Field, right: Field, tone: Field, start: Field, end: Field, load: float,
) -> None:  # fmt: skip
    """Lay one stroke: colour runs from `left` to `right` across it, each bristle has its tone, start and end."""
    h, w = height.shape
    for k in range(n - 1):
        ax, ay = xs[k], ys[k]
        dx, dy = xs[k + 1] - ax, ys[k + 1] - ay
        norm = np.sqrt(dx * dx + dy * dy) + 1e-9
        dx, dy = dx / norm, dy / norm
        s0 = k / (n - 1)
        swell = radius * min(1.0, 0.55 + 3.0 * s0) * min(1.0, 0.45 + 3.0 * (1.0 - s0))
        reach = int(swell + 2.0)
        for iy in range(max(0, int(ay) - reach), min(h, int(ay) + reach + 2)):
            for ix in range(max(0, int(ax) - reach), min(w, int(ax) + reach + 2)):
                ox, oy = ix + 0.5 - ax, iy + 0.5 - ay
                along = ox * dx + oy * dy
                if along < -1.3 or along > norm + 1.3 or stamp[iy, ix] == mark:
                    continue
                across = (ox * -dy + oy * dx) / swell
                edge = (1.0 - abs(across)) * swell
                if edge <= 0.0:
                    continue
                f = (across * 0.5 + 0.5) * (BRISTLES - 1)
                b = int(f)
                f -= b
                c = min(b + 1, BRISTLES - 1)
                s = (k + along / norm) / (n - 1)
                begin = start[b] + (start[c] - start[b]) * f
                stop = end[b] + (end[c] - end[b]) * f
                alpha = min(1.0, edge) * min(1.0, max(0.0, (s - begin) * 14.0)) * min(1.0, max(0.0, (stop - s) * 7.0))
                if alpha <= 0.02:
                    continue
                stamp[iy, ix] = mark
                shade = tone[b] + (tone[c] - tone[b]) * f
                mix = across * 0.5 + 0.5
                for ch in range(3):
                    value = left[ch] + (right[ch] - left[ch]) * mix + shade
                    color[iy, ix, ch] += alpha * (value - color[iy, ix, ch])
                ridge = 0.45 + 7.0 * shade + 0.5 * across * across + 0.35 * s
                height[iy, ix] += alpha * (0.3 * height[iy, ix] + load * ridge - height[iy, ix])


def prepare(underpainting: Field) -> Canvas:
    """A canvas with a thin first colour (h, w, 3) and no relief."""
    flat = np.zeros(underpainting.shape[:2])
    return Canvas(underpainting.copy(), flat, flat - 1.0)


def lay(canvas: Canvas, reference: Field, angle: Field, region: Field, brush: Brush, mark: int,
        rng: np.random.Generator, at: tuple[float, float]) -> None:  # fmt: skip
    """One stroke that starts at pixel `at`, with colour from `reference` and direction from `angle` (radians)."""
    jitter = rng.normal(0.0, 1.0, 5)
    noise = rng.normal(0.0, 1.0, (3, BRISTLES))
    steps = int(max(4, brush.length / 2 * np.exp(0.35 * jitter[4])))
    xs, ys = np.zeros(steps), np.zeros(steps)
    n = _trace(angle, region, at[0], at[1], steps, 1.0 if jitter[3] < 0 else -1.0, xs, ys)
    if n < 3:
        return
    ends = [reference[min(int(ys[k]), len(angle) - 1), min(int(xs[k]), len(angle) - 1)] for k in (0, n // 2)]
    shift = 0.025 * jitter[:3] + 0.03 * jitter[3]
    tone = np.convolve(noise[0], [0.25, 0.5, 0.25], "same") * brush.tone
    _stroke(
        canvas.color, canvas.height, canvas.stamp, float(mark), xs, ys, n, brush.radius * np.exp(0.2 * jitter[0]),
        ends[0] + shift, ends[1] + shift * 0.4 + 0.02 * jitter[1], tone,
        np.abs(noise[1]) * 0.05, 1.0 - np.abs(noise[2]) * 0.22, brush.load,
    )  # fmt: skip


def paint(
    canvas: Canvas, reference: Field, angle: Field, region: Field, brush: Brush, rng: np.random.Generator
) -> None:
    """Cover the canvas with strokes that follow `angle` and stop where `region` changes, so that forms keep edges.

    Placement by remaining error is Hertzmann's painterly rendering (SIGGRAPH 1998).
    """
    canvas.stamp[:] = -1.0
    for mark in range(brush.count):
        x, y = rng.random(2) * (len(angle) - 1)
        here = (int(y), int(x))
        if not brush.detail or np.abs(canvas.color[here] - reference[here]).mean() >= brush.detail:
            lay(canvas, reference, angle, region, brush, mark, rng, (x, y))


def relief(canvas: Canvas, strength: float = 1.5, gloss: float = 0.25) -> Field:
    """Light the paint from the upper left: diffuse slope shading and a thin varnish highlight."""
    gy, gx = np.gradient(canvas.height)
    slope = -(gx * -0.6 + gy * -0.8) * strength
    length = np.sqrt(1.0 + (gx**2 + gy**2) * strength**2 * 4.0)
    shade = 1.0 - np.clip(-slope, -0.35, 0.35) * 0.62 / length
    spark = np.clip(slope - 0.22, 0.0, 0.5) * gloss
    return np.clip(canvas.color * shade[..., None] + spark[..., None], 0.0, 1.0)

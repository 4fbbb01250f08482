"""Transparent pigment on paper: washes with dark edges, granulation and back-runs, and outlines to flood."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from scipy import ndimage

from recipes.noise import Field, fbm, grid, rgb, smoothstep

# Light a pigment lets through at unit density; layers multiply (Beer's law).
PIGMENTS = {
    "scarlet": rgb("#f0523c"), "rose": rgb("#e8527f"), "yellow": rgb("#fbd04a"), "orange": rgb("#f79240"),
    "ultramarine": rgb("#4a62c8"), "cobalt": rgb("#5f9fe0"), "violet": rgb("#8a62b8"), "sap": rgb("#86b04a"),
    "viridian": rgb("#4f9f86"), "indigo": rgb("#3f4f78"), "sepia": rgb("#6a5048"), "turquoise": rgb("#7fd0cc"),
}  # fmt: skip
GRANULATION = {"ultramarine": 0.55, "violet": 0.45, "viridian": 0.4, "cobalt": 0.45, "sepia": 0.5}


class Sheet:
    """Rough paper and the pigment that lies on it."""

    def __init__(self, size: int, tooth: float = 1.0) -> None:
        self.size = size
        self.x, self.y = grid(size)
        grain = fbm(self.x * 150, self.y * 150, octaves=3, seed=1) + 0.5 * fbm(
            self.x * 60, self.y * 60, octaves=2, seed=2
        )
        self.tooth = tooth * grain / grain.std()
        self.log_light = np.zeros((size, size, 3))
        self.reserved = np.zeros((size, size))  # flowers painted first; what comes later goes round them

    def wash(self, points: Field, pigments: Sequence[tuple[str, float]], *, seed: int, wet: float = 0.3,
             center: tuple[float, float] | None = None, rough: float = 1.0, behind: bool = False,
             keep: float = 0.0) -> None:  # fmt: skip
        """Flood the closed outline `points` (n, 2 in [0, 1]) with pigments at these densities.

        `wet` in [0, 1] is how much of the edge runs out softly; `center` is where the colour charges up; a wash
        `behind` leaves out what earlier ones reserved, and `keep` is how much of this one is reserved.
        """
        span = float(np.sqrt(np.prod(points.max(0) - points.min(0))))
        margin = 0.008 + 0.008 * rough + 0.08 * span  # as far as the edge wanders and runs
        low, high = points.min(0) - margin, points.max(0) + margin
        n = self.size
        box = (
            slice(max(0, int(low[1] * n)), min(n, int(high[1] * n))),
            slice(max(0, int(low[0] * n)), min(n, int(high[0] * n))),
        )
        x, y = self.x[box], self.y[box]
        if x.size == 0:
            return
        warp = 0.006 * rough
        px = x + warp * fbm(x * 14, y * 14, octaves=4, seed=seed) + 0.35 * warp * fbm(x * 70, y * 70, seed=seed + 1)
        py = y + warp * fbm(x * 14, y * 14, octaves=4, seed=seed + 2) + 0.35 * warp * fbm(x * 70, y * 70, seed=seed + 3)
        inside = _signed_distance(points, px, py) * n  # pixels to the edge, positive inside
        run = smoothstep(0.62 - wet, 0.9 - wet, 0.5 + 0.8 * fbm(x * 5, y * 5, octaves=2, seed=seed + 4))
        room = 1 - (0.94 * smoothstep(0.05, 0.5, self.reserved[box]) if behind else 0.0)
        soft = 1.1 + run * 0.11 * span * n
        cover = smoothstep(-0.55 * soft, 0.45 * soft, inside)
        rim = np.exp(-(((inside - 1.6) / 1.9) ** 2)) * (1 - run) + 0.35 * np.exp(-np.abs(inside) / 9) * (1 - run)
        flow = 1 + 0.85 * fbm(x * 6 / (span + 0.1), y * 6 / (span + 0.1), octaves=4, seed=seed + 5)
        bloom = _blooms(px, py, span, seed) * (inside > 0)
        body = cover * np.clip(flow + 0.85 * rim + bloom, 0.08, None)
        self.reserved[box] = np.maximum(self.reserved[box], keep * cover)
        if center is not None:
            d = np.hypot(x - center[0], y - center[1]) / span
            body = body * (0.55 + 0.9 * np.exp(-((d / 0.42) ** 2)))
        for index, (name, density) in enumerate(pigments):
            drift = 1 + 1.3 * fbm(
                x * 3 / (span + 0.05) + 9 * index, y * 3 / (span + 0.05), octaves=2, seed=seed + 20 + index
            )
            speck = 1 - GRANULATION.get(name, 0.16) * self.tooth[box] * 0.5
            layer = room * density * body * np.clip(drift, 0, None) * np.clip(speck, 0.2, None)
            self.log_light[box] += layer[..., None] * np.log(PIGMENTS[name])

    def stroke(
        self, path: Field, width: Field, pigments: Sequence[tuple[str, float]], seed: int, wet: float = 0.1
    ) -> None:
        """One pass of a round brush along `path` (n, 2) with half width (n,) on the way."""
        tangent = np.gradient(path, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / (np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9)
        outline = np.concatenate([path + normal * width[:, None], (path - normal * width[:, None])[::-1]])
        self.wash(outline, pigments, seed=seed, wet=wet, rough=0.45, behind=True)

    def picture(self) -> Field:
        """Light through the pigment, off the paper."""
        relief = ndimage.gaussian_filter(self.tooth, 0.8)
        gy, gx = np.gradient(relief)
        paper = rgb("#faf6ec") * (1 + 0.040 * (gx + gy) + 0.008 * fbm(self.x * 4, self.y * 4, seed=3))[..., None]
        return np.clip(paper * self.light(), 0, 1)

    def light(self) -> Field:
        """Share of light the pigment lets through, (size, size, 3)."""
        density = -self.log_light
        most = density.max(-1, keepdims=True) + 1e-6
        return np.exp(-density * (1 - np.exp(-most / 2.1)) * 2.1 / most)  # the paper holds only so much pigment


@numba.njit
def _signed_distance(points: Field, x: Field, y: Field) -> Field:
    """Signed distance from (x, y) to a closed polygon, positive inside."""
    out = np.empty(x.shape)
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            px, py, best, odd = x[row, column], y[row, column], 1e18, False
            ax, ay = points[-1]
            for k in range(len(points)):
                bx, by = points[k]
                ex, ey = bx - ax, by - ay
                t = min(1.0, max(0.0, ((px - ax) * ex + (py - ay) * ey) / (ex * ex + ey * ey + 1e-12)))
                best = min(best, (px - ax - t * ex) ** 2 + (py - ay - t * ey) ** 2)
                if (ay > py) != (by > py) and px < ex * (py - ay) / ey + ax:
                    odd = not odd
                ax, ay = bx, by
            out[row, column] = np.sqrt(best) if odd else -np.sqrt(best)
    return out


def _blooms(x: Field, y: Field, span: float, seed: int) -> Field:
    """Back-runs: water pushes pigment outwards into a frilly dark line and leaves a pale pool behind."""
    rng = np.random.default_rng(seed)
    total = np.zeros(x.shape)
    for number in range(int(rng.integers(0, 2 + int(9 * span)))):
        cx, cy = rng.uniform(x.min(), x.max()), rng.uniform(y.min(), y.max())
        radius = span * rng.uniform(0.08, 0.2)
        r = np.hypot(x - cx, y - cy) / radius
        a = np.arctan2(y - cy, x - cx)
        frill = 0.85 * fbm(1.6 * np.cos(a), 1.6 * np.sin(a), seed + number, octaves=5, seed=seed)
        edge = r - 1 - frill
        line = np.exp(-((edge / 0.05) ** 2)) * (edge < 0) + np.exp(-((edge / 0.12) ** 2)) * (edge >= 0)
        total += 0.6 * line * smoothstep(-0.2, 0.3, np.sin(a + seed)) - 0.6 * smoothstep(0.05, -0.6, edge)
    return total


def blob(
    center: Sequence[float], radii: Sequence[float], turn: float, rng: np.random.Generator, wobble: float = 0.12
) -> Field:
    """An irregular oval outline."""
    t = np.linspace(0, 2 * np.pi, 44, endpoint=False)
    r = 1 + wobble * sum(rng.normal() * np.cos(k * t + rng.uniform(0, 6.3)) / k for k in range(2, 7))
    p = np.stack([radii[0] * r * np.cos(t), radii[1] * r * np.sin(t)], 1)
    return p @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + np.asarray(center)


def petal(center: Sequence[float], turn: float, length: float, width: float, rng: np.random.Generator) -> Field:
    """A petal that leaves `center` in the direction `turn` and ends in a ruffled edge."""
    t = np.linspace(0, 1, 26)
    half = width * np.sin(np.pi * np.clip(t, 0, 1) ** 0.75) ** 0.72 * (0.35 + 0.65 * t)
    ruffle = 0.06 * length * np.cumsum(rng.normal(0, 0.4, t.size)) / 3
    upper = np.stack([t * length + ruffle * t, half * (1 + 0.08 * rng.normal(size=t.size))], 1)
    lower = np.stack([t * length + ruffle[::-1] * t, -half * (1 + 0.08 * rng.normal(size=t.size))], 1)
    p = np.concatenate([upper, lower[-2:0:-1]])
    return p @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + np.asarray(center)

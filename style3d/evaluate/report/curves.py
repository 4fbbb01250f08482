"""This module draws the losses of a run as an SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from style3d.evaluate.report.tables import section

STROKE = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2")
LEFT, WIDE, HIGH = 34, 600, 200  # units of the picture
LEAST = 1e-4


def curves(run: Mapping[str, Any]) -> str:
    """A card with every term by step on a logarithmic scale; nothing where the run left no losses."""
    losses = run.get("losses")
    if not isinstance(losses, dict):
        return ""
    series = {str(name): smooth_curve(values) for name, values in losses.items() if isinstance(values, list)}
    series = {name: values for name, values in series.items() if len(values) > 1}
    if not series:
        return ""
    every = np.maximum(np.concatenate(list(series.values())), LEAST)
    low, high = math.log10(every.min()), math.log10(max(every.max(), 1.01 * every.min()))

    def height(values: Any) -> Any:
        return HIGH * (1 - (np.log10(np.maximum(values, LEAST)) - low) / (high - low))

    lines, legend = [], []
    for color, (name, values) in zip(STROKE, series.items(), strict=False):
        x = np.linspace(LEFT, WIDE, len(values))
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, height(values), strict=True))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        legend.append(f'<span><i style="background:{color}"></i>{escape(name)} {values[-1]:.3g}</span>')
    grid = "".join(
        f'<line x1="{LEFT}" x2="{WIDE}" y1="{height(v):.1f}" y2="{height(v):.1f}"/>'
        f'<text x="{LEFT - 4}" y="{height(v) + 3:.1f}" text-anchor="end">{v:g}</text>'
        for v in ticks(low, high)
    )
    steps = max(len(values) for values in losses.values() if isinstance(values, list))
    feet = f'<text x="{LEFT}" y="{HIGH + 14}">step 1</text>'
    feet += f'<text x="{WIDE}" y="{HIGH + 14}" text-anchor="end">{steps}</text>'
    box = f'<svg viewBox="0 -5 {WIDE} {HIGH + 25}" role="img" aria-label="losses by step">'
    note = "Logarithmic, smoothed; it jumps where a finer stage begins and where views are new."
    return section("Losses by step", f'{box}<g>{grid}{feet}</g>{"".join(lines)}</svg>'
                   f'<p class="legend">{"".join(legend)}</p>', note)  # fmt: skip


def ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between two logarithms; powers alone where those are many."""
    found = [k * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for k in (1, 2, 5)]
    inside = [value for value in found if low <= math.log10(value) <= high]
    return inside if len(inside) <= 8 else [value for value in inside if math.log10(value) % 1 < 1e-9]


def smooth_curve(values: Sequence[Any], most: int = 300) -> np.ndarray[Any, Any]:
    """At most so many means of neighbours; what is no number is left out."""
    numbers = np.array([float(v) for v in values if isinstance(v, int | float) and math.isfinite(v)])
    parts = np.array_split(numbers, min(most, len(numbers))) if len(numbers) else []
    return np.array([part.mean() for part in parts])

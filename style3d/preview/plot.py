"""Pillow draws the loss plot, so no plotting library is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from style3d.preview.axes import Axis, Values, log_axis, tick_text
from style3d.preview.canvas import FAINT, HAIRLINE, INK, PAPER, Rgb, save_png, shorten, typeface, write_text

FINER = 3  # drawn this much larger and scaled down, for smooth lines
WIDTH, HEIGHT = 1120, 560
LEFT, RIGHT, TOP, BOTTOM = 84, 250, 56, 58  # around the axes, pixels of the finished plot
COLORS: tuple[Rgb, ...] = (  # Okabe and Ito's, which colour-blind readers tell apart
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (92, 92, 92),
)


def loss_plot(curves: Mapping[str, Sequence[float]], path: Path, *, title: str = "loss by step") -> None:
    """Write a PNG with one line a curve: the values faintly, their running median strongly, on a log scale.

    Args:
        curves: name to one value a step, from step 1; curves may differ in length. Values that are not finite, and on
            a log scale those that are not positive, leave a gap. If no value is positive the scale is linear.
        path: file to write, through a temporary name in the same folder.
        title: a line above the axes.
    """
    series = {name: np.asarray(values, dtype=np.float64) for name, values in curves.items()}
    everything = np.concatenate([np.zeros(0), *series.values()])
    steps = max([2, *(len(values) for values in series.values())])
    across = Axis(1, steps, LEFT * FINER, (WIDTH - RIGHT) * FINER, False)
    upward = log_axis(everything, (HEIGHT - BOTTOM) * FINER, TOP * FINER)
    image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), PAPER)
    draw = ImageDraw.Draw(image)
    _draw_axes(draw, across, upward, title)
    for index, values in enumerate(series.values()):
        color = COLORS[index % len(COLORS)]
        _draw_curve(draw, values, across, upward, _mix(color, PAPER, 0.72), 1)
        _draw_curve(draw, running_median(values), across, upward, color, 2)
    _draw_legend(draw, series)
    save_png(image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), path)


def running_median(values: Values) -> Values:
    """The median of a window around each step, a fiftieth of the curve wide, over its finite values.

    The loop looks at one view a step, and views differ; the median shows the trend without following outliers.
    """
    if not len(values):
        return values
    half = max(1, len(values) // 100)
    padded = np.pad(np.where(np.isfinite(values), values, np.nan), half, constant_values=np.nan)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)  # NaN goes last
    count = np.isfinite(windows).sum(1)
    rows = np.arange(len(windows))
    lower, upper = windows[rows, np.maximum(count - 1, 0) // 2], windows[rows, np.minimum(count // 2, 2 * half)]
    return np.where(np.isfinite(values), (lower + upper) / 2, np.nan)


def _mix(color: Rgb, other: Rgb, share: float) -> Rgb:
    """A colour ``share`` of the way to another."""
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(color, other, strict=True))
    return red, green, blue


def _draw_axes(draw: ImageDraw.ImageDraw, across: Axis, upward: Axis, title: str) -> None:
    """Hairlines at the ticks, their numbers, and what the axes count."""
    face = typeface(15 * FINER)
    for tick in upward.ticks():
        y = float(upward.at(np.array([tick]))[0])
        draw.line([(across.start, y), (across.end, y)], fill=HAIRLINE, width=FINER)
        draw.text((across.start - 10 * FINER, y), tick_text(tick), fill=FAINT, font=face, anchor="rm")
    for tick in across.ticks():
        x = float(across.at(np.array([tick]))[0])
        if tick == round(tick):
            draw.line([(x, upward.start), (x, upward.start + 5 * FINER)], fill=FAINT, width=FINER)
            draw.text((x, upward.start + 10 * FINER), tick_text(tick), fill=FAINT, font=face, anchor="mt")
    draw.line([(across.start, upward.start), (across.end, upward.start)], fill=FAINT, width=FINER)
    draw.text((across.end, upward.start + 36 * FINER), "step", fill=FAINT, font=face, anchor="rm")
    scale = "log scale" if upward.log else "linear scale"
    write_text(draw, (across.start, TOP * FINER / 2), title, typeface(18 * FINER), INK)
    draw.text((across.end, TOP * FINER / 2), scale, fill=FAINT, font=face, anchor="rm")


def _draw_curve(draw: ImageDraw.ImageDraw, values: Values, across: Axis, upward: Axis, color: Rgb, width: int) -> None:
    """Join the finite points; a point on its own becomes a dot."""
    x, y = across.at(np.arange(1, len(values) + 1, dtype=np.float64)), upward.at(values)
    known = np.flatnonzero(np.isfinite(y))
    for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        points = [(float(x[i]), float(y[i])) for i in run]
        if len(points) > 1:
            draw.line(points, fill=color, width=width * FINER, joint="curve")
        elif points:
            radius = width * FINER
            draw.ellipse([(c - radius) for c in points[0]] + [(c + radius) for c in points[0]], fill=color)


def _draw_legend(draw: ImageDraw.ImageDraw, series: Mapping[str, Values]) -> None:
    """Each curve's colour and name, and under it where it started and where it ended."""
    x, y = (WIDTH - RIGHT + 26) * FINER, TOP * FINER
    name_face, value_face = typeface(15 * FINER), typeface(13 * FINER)
    gap = min(46 * FINER, (HEIGHT - TOP - 20) * FINER // max(1, len(series)))
    for index, (name, values) in enumerate(series.items()):
        at = y + index * gap + 8 * FINER
        draw.line([(x, at), (x + 20 * FINER, at)], fill=COLORS[index % len(COLORS)], width=3 * FINER)
        room = (RIGHT - 26 - 30 - 16) * FINER
        write_text(draw, (x + 30 * FINER, at), shorten(name, name_face, room), name_face, INK)
        if gap >= 36 * FINER:
            write_text(draw, (x + 30 * FINER, at + 18 * FINER), _from_to(values), value_face, FAINT)


def _from_to(values: Values) -> str:
    """Where a curve starts and ends, by its running median."""
    trend = running_median(values)
    known = trend[np.isfinite(trend)]
    return f"{known[0]:.3g} to {known[-1]:.3g}" if known.size else "no finite value"

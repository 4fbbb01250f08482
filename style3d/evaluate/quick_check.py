"""A quick check warps a few views of a run onto each other, and writes their agreement as figures and a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from PIL import Image, ImageDraw

from style3d.errors import Style3DError
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.footage.render import burst_route, render_run
from style3d.evaluate.metrics.consistency import Consistency, consistency, error_map
from style3d.evaluate.report.pictures import heat_picture
from style3d.paint.result import Result
from style3d.preview.canvas import FAINT, INK, PAPER, fit_image, save_png, shorten, to_pillow, typeface, write_text
from style3d.progress import Watcher
from style3d.types import Picture, Plane

GAPS = (1, 7)  # steps between the views that are compared
STARTS, SIZE = 3, 256  # places on the route, and pixels along a side of a view
CHECKED = (SIZE**2,) * (STARTS * (1 + len(GAPS)))  # pixels of each view, at most
EDGE, GUTTER, LABEL = 320, 8, 30  # pixels of the sheet
LEAST_TOP = 0.02  # the brightest colour of a heat map is at least this error


@final
@dataclass(frozen=True)
class GapCheck:
    """One gap. Concretely: 7 steps, 19° of parallax; RMSE 0.05 painted and 0.04 before."""

    gap: int
    parallax: float  # degrees, median
    after: Consistency
    before: Consistency
    heat: Mapping[int, Plane]  # by target view: error of the painted views, NaN where not compared

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a report."""
        one, floor = self.after, self.before
        return {
            "parallax_degrees": self.parallax, "pairs": one.pairs, "valid": one.valid, "rmse": one.rmse,
            "rmse_before": floor.rmse, "ssim": one.ssim, "ssim_before": floor.ssim, "relative": one.relative,
            "relative_before": floor.relative, "over_floor": one.relative / floor.relative,
        }  # fmt: skip

    def __str__(self) -> str:
        """One line."""
        one, floor = self.after, self.before
        apart = f"{self.gap} step{'s' if self.gap > 1 else ''} apart ({self.parallax:.2g}° of parallax)"
        return (
            f"{apart}: RMSE {one.rmse:.3f}, unstylised {floor.rmse:.3f}; relative to contrast {one.relative:.2f}, "
            f"unstylised {floor.relative:.2f}; {one.valid:.0%} of the pixels compared"
        )


@final
@dataclass(frozen=True)
class QuickCheck:
    """What was seen of a run."""

    footage: Footage
    checks: tuple[GapCheck, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, by gap."""
        return {str(check.gap): check.to_json() for check in self.checks}


def quick_check(result: Result, watcher: Watcher) -> QuickCheck:
    """Look at the run's scene from `STARTS` places, and from `GAPS` steps further each.

    Gaps of which no two views share a pixel are left out. The route is that of `style3d evaluate`.
    """
    route = burst_route(result.scene, STARTS * (1 + len(GAPS)), min(SIZE, result.recipe.resolution), GAPS)
    watcher.phase("comparing views", len(route.cameras))
    footage = render_run(result.scene, result.before, result.colors, route, watcher.advance)
    checks = []
    for gap in GAPS:
        joined = [link for link in footage.links(gap) if link.valid.any()]
        try:
            after, before = (consistency(images, joined, gap) for images in (footage.after, footage.before))
        except Style3DError:  # no pair shares a pixel
            continue
        heat = {link.target: error_map(link, footage.after) for link in joined}
        checks.append(GapCheck(gap, footage.parallax(joined), after, before, heat))
    return QuickCheck(footage, tuple(checks))


def save_sheet(seen: QuickCheck, path: Path) -> bool:
    """Write a PNG: for each gap the views another was carried to, original, painted, and where the two disagree.

    Returns whether there was anything to show.
    """
    blocks = [_block(seen.footage, check) for check in seen.checks]
    if not blocks:
        return False
    width = max(block.width for block in blocks)
    sheet = Image.new("RGB", (width, sum(block.height for block in blocks)), PAPER)
    top = 0
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height
    save_png(sheet, path)
    return True


def _block(footage: Footage, check: GapCheck) -> Image.Image:
    """A line of figures above columns of three pictures."""
    views = sorted(check.heat)[:STARTS]
    known = np.concatenate([plane[np.isfinite(plane)] for plane in check.heat.values()])
    top = max(float(np.percentile(known, 99)), LEAST_TOP)
    columns = [[footage.before[view], footage.after[view], heat_picture(check.heat[view], top)] for view in views]
    width = max(len(columns), 3) * (EDGE + GUTTER) + GUTTER
    block = Image.new("RGB", (width, 2 * LABEL + 3 * (EDGE + GUTTER) + GUTTER), PAPER)
    draw, face = ImageDraw.Draw(block), typeface(LABEL * 0.45)
    write_text(draw, (GUTTER, LABEL * 0.5), shorten(str(check), face, width - 2 * GUTTER), face, INK)
    legend = f"original; painted; error of what the view {check.gap} before shows (bright: {top:.2f}, grey: unknown)"
    write_text(draw, (GUTTER, LABEL * 1.3), shorten(legend, face, width - 2 * GUTTER), face, FAINT)
    _paste(block, columns)
    return block


def _paste(block: Image.Image, columns: Sequence[Sequence[Picture]]) -> None:
    for number, column in enumerate(columns):
        for row, picture in enumerate(column):
            place = GUTTER + number * (EDGE + GUTTER), 2 * LABEL + row * (EDGE + GUTTER)
            block.paste(fit_image(to_pillow(picture), EDGE, EDGE), place)

"""What figures can be called, so that a threshold on none of them is refused before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence

from style3d.evaluate.metrics.consistency_figures import MEASURES
from style3d.evaluate.metrics.image_figures import CONTENT, STYLE
from style3d.evaluate.metrics.lights import LAMPS
from style3d.evaluate.metrics.meaning import MEANING

CONTROLS = ("", ".floor", ".flat", ".independent")


def figure_names(gaps: Sequence[int]) -> list[str]:
    """All of them, whether or not what is compared has them."""
    found = [f"consistency.{gap}.{name}{control}" for gap in gaps for name, _ in MEASURES for control in CONTROLS]
    found += [f"consistency.{gap}.over_{name}" for gap in gaps for name in ("floor", "independent")]
    found += [f"legacy.{gap}.{name}" for gap in gaps for name in ("rmse", "lpips")]
    found += [f"{name}{suffix}" for name in (*STYLE, "composite.artfid") for suffix in ("", ".before")]
    found += [f"{name}{suffix}" for name in ("style.gram", "style.moments") for suffix in CONTROLS[2:]]
    found += [f"style.light.{lamp}{suffix}" for lamp in LAMPS for suffix in ("", ".relief")]
    mesh = [name for name in MEANING if name.startswith("mesh.")]
    return [*found, *CONTENT, *mesh, "mesh.seams.before", "mesh.clipped.before"]

"""The loop steps on staged views, and knows which entries they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from style3d.core.pyramid import entry_values
from style3d.core.scene import Scene
from style3d.render.cache import BuiltView
from style3d.types import Flags


@final
@dataclass(frozen=True)
class StagedView:
    """A view of a stage, ready to be stepped on."""

    view: BuiltView
    scale: float  # pixels that the whole object would span: what sizes the brush

    @property
    def pixels(self) -> int:
        """How large it is."""
        return self.view.operator.height * self.view.operator.width


def seen_entries(scene: Scene, staged_views: Sequence[StagedView]) -> Flags:
    """Entries of θ that some view shows: those with a positive column sum, or mostly under coarser ones that have."""
    hierarchy = scene.hierarchy
    views = [staged.view for staged in staged_views]
    tables = {view.level: np.zeros(hierarchy.sizes[view.level], dtype=np.float32) for view in views}
    for view in views:
        entries, sums = view.operator.column_sums()
        tables[view.level][entries[sums > 0]] = 1.0
    seen = np.zeros(hierarchy.sizes[0], dtype=bool)
    for level, table in tables.items():
        seen |= entry_values(hierarchy, level, torch.from_numpy(table)[:, None]).numpy()[:, 0] > 0.5
    return seen

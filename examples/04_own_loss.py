"""Adds a loss: a term that pulls the picture towards the dark, beside the terms that paint the style."""

from dataclasses import dataclass
from pathlib import Path

import style3d
from style3d.losses.features import build_features
from style3d.losses.objective import Objective, default_objective
from style3d.losses.term import Term

QUICK = {"preset": "draft", "features": "wavelet", "steps": 40, "views": 6, "resolution": 160, "turntable": "none"}


@dataclass(frozen=True)
class Night(Term):
    """Mean brightness under the object's mask, [0, 1]."""

    def loss(self, frame, style, content):
        """Zero where all is black; differentiable to the image."""
        return (frame.image * frame.mask).sum() / (3 * frame.mask.sum())


job = style3d.MeshJob(
    Path("data/models/koi.glb"),
    style=(Path("data/styles/oil.jpg"),),
    output=Path("out/04_own_loss.glb"),
    texture_size=256,
    **QUICK,
)
features = build_features("wavelet")
objective = Objective(features, (*default_objective(features).terms, Night("night", 100.0)))
scene = style3d.load(job)
style3d.stylize(scene, job, objective).save()
print("wrote out/04_own_loss.glb")

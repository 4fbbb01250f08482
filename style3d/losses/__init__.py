"""Images in, numbers out: perceptual features, style and content terms. Knows no 3D, needs no device."""

from __future__ import annotations

from style3d.color.match import affine_color_match
from style3d.losses.features import Features, build_features
from style3d.losses.objective import (
    ContentTarget,
    Objective,
    StyleTarget,
    default_objective,
    gatys_objective,
    nnfm_objective,
)
from style3d.losses.term import Frame, Prepared, Term

__all__ = [
    "ContentTarget",
    "Features",
    "Frame",
    "Objective",
    "Prepared",
    "StyleTarget",
    "Term",
    "affine_color_match",
    "build_features",
    "default_objective",
    "gatys_objective",
    "nnfm_objective",
]

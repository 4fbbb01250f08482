"""Losses turn images into numbers: perceptual features, style terms and content terms. They know no 3D."""

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

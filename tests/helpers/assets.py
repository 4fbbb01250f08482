"""Finds the shared test assets: third-party models, paintings and networks that are kept outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "assets"


def asset(relative: str) -> Path:
    """The file or folder ``relative`` of the shared assets, or a skip that says why.

    The assets are looked for in the folder that the environment variable STYLE3D_ASSETS names, else in
    ``../shared/assets`` beside the repository. Concretely: ``asset("meshes/spot/spot.obj")``.
    """
    root = Path(os.environ.get("STYLE3D_ASSETS", BESIDE))
    if not root.is_dir():
        pytest.skip(f"no shared assets here: {root} is absent (STYLE3D_ASSETS names another folder)")
    path = root / relative
    if not path.exists():
        pytest.skip(f"the shared assets have no {relative}")
    return path

"""Imports what takes seconds, once for all commands that are forked from here."""

from __future__ import annotations

import warnings
from importlib import import_module

from style3d.optional.torchvision_compat import import_torchvision

warnings.simplefilter("ignore")
import_torchvision()
for name in ("train", "eval", "render"):  # the first loads every method, ours too
    import_module(f"nerfstudio.scripts.{name}")

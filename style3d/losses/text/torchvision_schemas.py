"""Imports torchvision where its compiled operators do not fit the installed torch.

On platforms without a matching build, torchvision's Python part fails to import for two detection operators that image
towers never call. Declaring their schemas, without code, is enough.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from typing import Any

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def import_torchvision() -> Any:
    """torchvision; only if the plain import fails over its operators are their schemas declared.

    Raises:
        ImportError: it is not installed, or fails for another reason.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise ImportError(str(error)) from error
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in SCHEMAS:
        library.define(schema)
    _kept.append(library)
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        raise ImportError(str(error)) from error


_kept: list[Any] = []  # a library's definitions go with it

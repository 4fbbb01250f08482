"""Torch reads nerfstudio's checkpoints here, and a checkpoint cannot run code."""

from __future__ import annotations

import codecs
from typing import Any

import numpy as np
import torch


def allow_numbers() -> None:
    """Name NumPy's numbers as harmless to torch's restricted unpickler.

    nerfstudio 1.1.5 writes step sizes as NumPy numbers and reads with torch's defaults, which since 2.6 refuse them:
    without this no checkpoint of its own opens. Only what a NumPy number is made of is allowed.
    """
    scalar = np.float64(0).__reduce__()[0]  # its home was renamed in NumPy 2; checkpoints hold either name
    names = [(scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
    kinds = [type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64)]
    allowed: list[Any] = [*names, np.dtype, *kinds, codecs.encode]
    torch.serialization.add_safe_globals(allowed)

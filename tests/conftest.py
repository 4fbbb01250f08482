"""What every test runs under: array shapes checked against their annotations, and one thread per worker process."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any

if "PYTEST_XDIST_WORKER" in os.environ:  # before numpy and numba read it
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")

os.environ["STYLE3D_CACHE"] = "off"  # tests leave nothing in the user's folders, and find nothing there

import jaxtyping
import numba
import torch

import tests.helpers.typecheck  # noqa: F401 - the import hook looks it up by name

compiled = numba.njit


def njit(*args: Any, **options: Any) -> Any:
    """numba.njit of the function itself: numba cannot compile the shape check that the import hook wraps around it."""
    if args and callable(args[0]):
        return compiled(inspect.unwrap(args[0]), **options)

    def decorate(function: Callable[..., Any]) -> Any:
        return compiled(*args, **options)(inspect.unwrap(function))

    return decorate


numba.njit = njit
jaxtyping.install_import_hook("style3d", "tests.helpers.typecheck.check")

if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)

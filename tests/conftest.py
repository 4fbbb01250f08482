"""What every test runs under: array shapes checked against their annotations, and one thread per worker process."""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # before numpy and numba read it
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import jaxtyping
import torch

jaxtyping.install_import_hook("style3d", "beartype.beartype")

if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)

"""Style statistics stay on disk under a hash of their content, so a second run on a painting starts at once.

The folder is the user's cache folder, or the one that the environment variable STYLE3D_CACHE names; STYLE3D_CACHE=off
keeps nothing. Files are safetensors, written whole or not at all; the oldest go when there are too many.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

from style3d.errors import Style3DError
from style3d.files import atomic_path, cache_folder, trim
from style3d.files.source_digest import source_digest
from style3d.losses.objective import Objective, StyleTarget
from style3d.losses.term import Prepared
from style3d.types import AnyImage, AnyMask

LIMIT = 256 << 20  # bytes kept in all
logger = logging.getLogger(__name__)


def style_folder() -> Path | None:
    """Where statistics are kept; see `cache_folder`."""
    return cache_folder("styles")


@cache
def _code() -> str:
    """The sources of losses, and of the colours they import: other code, other statistics."""
    return source_digest(("style3d.losses",), ("style3d.losses", "style3d.color"))


@contextmanager
def one_thread() -> Iterator[None]:
    """Within the block torch adds up on one thread, so that sums do not depend on how many there are.

    Whoever leaves the block has as many threads as before. Enter it whether or not anything is computed: torch manages
    the threads of its matrix library in another way once it has been told their number, and the rest of a run must not
    differ by what a cache held.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def style_key(objective: Objective, images: Sequence[tuple[AnyImage, float]], masks: Sequence[AnyMask] = ()) -> str:
    """sha256 (hex) of the extractor's digest, the terms with their settings, the code, and every pixel and weight."""
    device = images[0][0].device.type if images else "cpu"
    total = hashlib.sha256(f"{_code()} {torch.__version__} {device} {objective.features.digest}".encode())
    total.update(repr(objective.terms).encode())
    for image, weight in images:
        total.update(f"{tuple(image.shape)} {weight!r}".encode())
        total.update(image.detach().cpu().contiguous().numpy().tobytes())
    for mask in masks:
        total.update(mask.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()


def cached_style(
    objective: Objective,
    images: Sequence[tuple[AnyImage, float]],
    folder: Path | None,
    masks: Sequence[AnyMask] = (),
) -> StyleTarget:
    """`Objective.prepare_style`, read from ``folder`` if it has been computed before; always computed without one.

    On the processor it is computed on one thread: whoever kept it, and whoever computes it anew, have the same bytes.
    A file that cannot be read is computed anew; a folder that cannot be written is only logged. Objectives with terms
    of one's own are not kept: nobody here knows when their code changes.
    """
    own = not all(type(term).__module__.startswith("style3d.") for term in objective.terms)
    with one_thread():
        if folder is None or own:
            return objective.prepare_style(images, masks)
        path = folder / f"{style_key(objective, images, masks)}.safetensors"
        target = _read_target(path, len(objective.terms), images[0][0].device)
        if target is None:
            target = objective.prepare_style(images, masks)
            _write(path, target)
        return target


def _read_target(path: Path, terms: int, device: torch.device) -> StyleTarget | None:
    """What a file holds; None if there is none, or it is broken."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if not path.is_file() or path.stat().st_size > LIMIT:
            return None
        tensors = load_file(path, device=str(device))
        os.utime(path)
        mean = tensors.pop("mean_color")
        prepared: tuple[Prepared, ...] = tuple({} for _ in range(terms))
        for name, value in tensors.items():
            index, _, key = name.partition("|")
            prepared[int(index)][key] = value
        whole = mean.shape == (3,) and all(bool(value.isfinite().all()) for value in (mean, *tensors.values()))
        return StyleTarget(prepared, mean) if whole else None
    except (OSError, SafetensorError, KeyError, ValueError, IndexError):
        return None


def _write(path: Path, target: StyleTarget) -> None:
    """Keeps a target, and drops the oldest past the limit."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    flat = {f"{i}|{key}": value.contiguous() for i, part in enumerate(target.prepared) for key, value in part.items()}
    try:
        with atomic_path(path) as temporary:
            save_file({**flat, "mean_color": target.mean_color.contiguous()}, temporary)
        trim(path.parent, LIMIT)
    except (OSError, SafetensorError, Style3DError) as error:
        logger.info("style statistics are not kept: %s", error)

"""Style statistics kept on disk by content hash, so that a second run on the same painting starts at once."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from style3d.losses.objective import Objective, StyleTarget
from style3d.losses.term import Prepared
from style3d.types import Image

logger = logging.getLogger(__name__)


def style_key(objective: Objective, images: Sequence[tuple[Image, float]]) -> str:
    """sha256 (hex) of the extractor's digest, the terms with all their settings, and every pixel and weight."""
    total = hashlib.sha256(f"1 {objective.features.digest} {objective.terms!r}".encode())
    for image, weight in images:
        total.update(f"{tuple(image.shape)} {weight!r}".encode())
        total.update(image.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()


def cached_style(objective: Objective, images: Sequence[tuple[Image, float]], folder: Path) -> StyleTarget:
    """`Objective.prepare_style`, read from ``folder`` if it has been computed before.

    A file that cannot be read is computed anew; a folder that cannot be written is only logged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save_file

    path = folder / f"{style_key(objective, images)}.safetensors"
    device = images[0][0].device
    try:
        tensors = load_file(path, device=str(device))
        prepared: tuple[Prepared, ...] = tuple({} for _ in objective.terms)
        for name, value in tensors.items():
            if name != "mean_color":
                index, _, key = name.partition("|")
                prepared[int(index)][key] = value
        return StyleTarget(prepared, tensors["mean_color"])
    except (OSError, SafetensorError, KeyError, ValueError, IndexError):
        target = objective.prepare_style(images)
    flat = {f"{i}|{key}": value.contiguous() for i, part in enumerate(target.prepared) for key, value in part.items()}
    temporary = path.with_suffix(f".{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({**flat, "mean_color": target.mean_color}, temporary)
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        logger.warning("style statistics are not kept: %s", error)
    return target

"""A weight may follow what it weighs, as in ``a.jpg:0.7`` or ``a wooden carving:0.3``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from style3d.errors import Style3DError

WEIGHTED = re.compile(r"(.+):(\d+\.?\d*|\.\d+)", re.DOTALL)


def split_text(text: str) -> tuple[str, float | None]:
    """A text and the ``:NUMBER`` at its end, None without one."""
    found = WEIGHTED.fullmatch(text)
    return (found[1].strip(), float(found[2])) if found else (text, None)


def split_path(path: Path) -> tuple[Path, float | None]:
    """A path and the ``:NUMBER`` at its end, None without one.

    A file of the whole name is that file, and a single letter before the colon is a drive: ``C:\\a.jpg``, ``C:7``.
    """
    head, weight = split_text(str(path))
    if weight is None or path.exists() or re.fullmatch("[A-Za-z]", head):
        return path, None
    return Path(head), weight


def split_paths(paths: Sequence[Path], weights: Sequence[float]) -> tuple[tuple[Path, ...], tuple[float, ...]]:
    """Paths, and the weights behind them, 1 where there is none; ``weights`` where no path has one.

    Raises:
        Style3DError: weights of both kinds, or not one for each path.
    """
    pairs = [split_path(Path(path)) for path in paths]
    if any(weight is not None for _, weight in pairs):
        if weights:
            raise Style3DError("weights are given twice", hint="write --style IMAGE:WEIGHT or --style-weights")
        weights = [1.0 if weight is None else weight for _, weight in pairs]
    if weights and len(weights) != len(pairs):
        what = f"{len(weights)} weights for {len(pairs)} images"
        raise Style3DError("--style-weights must match --style", got=what)
    if any(weight < 0 for weight in weights) or (weights and not sum(weights)):
        raise Style3DError("--style-weights must not be negative or all zero", got=tuple(weights))
    return tuple(path for path, _ in pairs), tuple(weights)


def weighted_texts(texts: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Texts and their weights, 1 where none is given."""
    pairs = [split_text(text) for text in texts]
    return tuple((text, 1.0 if weight is None else weight) for text, weight in pairs)

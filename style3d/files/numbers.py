"""Words of text files become numbers; one that cannot be read costs itself and not the file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def is_number(word: str) -> bool:
    """Whether a word is a finite number."""
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def read_numbers(words: Sequence[str] | Array) -> Array:
    """Words (n,) as float64; NaN where one is no finite number."""
    try:
        found = np.asarray(words).astype(np.float64)
    except ValueError:
        texts = [word.decode("latin-1") if isinstance(word, bytes) else word for word in words]
        found = np.array([float(text) if is_number(text) else np.nan for text in texts], np.float64)
    return np.where(np.isfinite(found), found, np.nan)

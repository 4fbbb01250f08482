"""Words of text files become numbers; one that cannot be read costs itself and not the file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def is_number(word: str) -> bool:
    """Whether a word is a finite number."""
    return math.isfinite(number_of(word))


def number_of(word: str) -> float:
    """A word as a number, also with the decimal comma that programs in many languages write; NaN if it is none."""
    try:
        return float(word.replace(",", ".") if word.count(",") == 1 and "." not in word else word)
    except ValueError:
        return math.nan


def read_numbers(words: Sequence[str] | Array) -> Array:
    """Words (n,) as float64; NaN where one is no finite number."""
    try:
        found = np.asarray(words).astype(np.float64)
    except ValueError:
        texts = [word.decode("latin-1") if isinstance(word, bytes) else word for word in words]
        found = np.array([number_of(text) for text in texts], np.float64)
    return np.where(np.isfinite(found), found, np.nan)

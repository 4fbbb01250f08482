"""Asserts with the Khronos glTF-Validator; skips where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from style3d.evaluate.metrics.gltf_validator import new_problems, node_places, validate, why_missing

__all__ = ["assert_valid", "new_problems", "node_places", "validate", "why_missing"]


def assert_valid(file: Path, source: Path | None = None) -> None:
    """No errors and no warnings, but for those that ``source`` had already; a skip where the validator is not."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"no glTF-Validator: {reason}")
    found = validate(file, *([source] if source else []))
    assert not new_problems(found[1] if source else [], found[0])

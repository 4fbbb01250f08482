"""Primitives of a glTF that hold Gaussian splats are told from those that hold triangles, lines or points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from style3d.gltf.extensions import GAUSSIANS


def is_splats(primitive: Mapping[str, Any]) -> bool:
    """Whether a primitive holds Gaussian splats."""
    return GAUSSIANS in primitive.get("extensions", {})


def has_splats(json: Mapping[str, Any]) -> bool:
    """Whether some primitive of a file does."""
    return any(is_splats(primitive) for primitive in _primitives(json))


def has_others(json: Mapping[str, Any]) -> bool:
    """Whether some primitive of a file does not."""
    return any(not is_splats(primitive) for primitive in _primitives(json))


def _primitives(json: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (primitive for mesh in json.get("meshes", []) for primitive in mesh.get("primitives", []))

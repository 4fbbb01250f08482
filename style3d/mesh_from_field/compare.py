"""The comparison renders mesh and field from cameras that neither was built with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float32

from style3d.mesh_from_field.build import FieldMesh
from style3d.mesh_from_field.fields import Field
from style3d.mesh_from_field.renders import OPAQUE, FieldView, view_renderer

GREY = 0.93  # backdrop of pictures
VIEWS = 5


@final
@dataclass(frozen=True)
class FieldComparison:
    """Pictures of the field and of the mesh, from the same places. Concretely: five pairs of 400², 28.5 dB alike."""

    field: tuple[Float32[np.ndarray, "h w 3"], ...]
    mesh: tuple[Float32[np.ndarray, "h w 3"], ...]
    psnr: float  # dB, over all the pixels that show the content or nothing


def compare(field: Field, mesh: FieldMesh, size: int) -> FieldComparison:
    """Render both from cameras between those that the mesh was made from; what is beyond the content does not count."""
    render, before, after, lost = view_renderer(field), list[Any](), list[Any](), list[Any]()
    for camera in field.scene.cameras_around(2 * VIEWS + 1, size)[1::2]:
        seen = render(camera)
        before.append((seen.rgb + (1 - seen.alpha[..., None]) * GREY).clip(0, 1).astype(np.float32))
        image = mesh.scene.operator(seen.camera, 0).render(mesh.colors, torch.full((3,), GREY))
        after.append(image[0].permute(1, 2, 0).clamp(0, 1).numpy())
        lost.append(((before[-1] - after[-1]) ** 2)[~_beyond(field, seen)].mean(1))
    error = float(np.concatenate(lost).mean())
    return FieldComparison(tuple(before), tuple(after), -10 * float(np.log10(max(error, 1e-12))))


def _beyond(field: Field, seen: FieldView) -> Any:
    """Pixels of what lies outside the ball that is meshed."""
    center, radius = field.content
    rays = seen.camera.directions().reshape(*seen.depth.shape, 3)
    place = seen.camera.position + rays * np.where(np.isfinite(seen.depth), seen.depth, 0)[..., None]
    return (np.linalg.norm(place - center, axis=2) > radius) & (seen.alpha >= OPAQUE)


def facts(mesh: FieldMesh, comparison: FieldComparison) -> dict[str, object]:
    """What NAME.mesh.json says of a mesh."""
    surface = mesh.scene.surface
    low, high = surface.positions.min(0), surface.positions.max(0)
    return {
        "faces": len(surface.faces),
        "vertices": len(surface.positions),
        "texture": [[texture.rgb.shape[1], texture.rgb.shape[0]] for texture in surface.textures],
        "axes": "+Y up",
        "units": "the field's own, which glTF takes for metres",
        "size": (high - low).tolist(),
        "detail": mesh.detail,
        "texels_seen": mesh.seen,
        "psnr_against_field": comparison.psnr,
    }

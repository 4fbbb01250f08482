"""Gaussian splats become A_v: a row holds the α·T of every splat a pixel sees, front to back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float

from style3d.core.camera import Camera
from style3d.core.operator import SparseMap, ViewOperator
from style3d.render import splat_kernels as kernels
from style3d.render.compositor import Footprints
from style3d.render.compositors import compositor
from style3d.render.drop_faint import drop_empty_columns, drop_small_weights
from style3d.render.pyramid import SpacePyramid
from style3d.types import Indices

DILATION = 0.3  # square pixels added to every footprint: none falls between pixels
NEAR = 0.01  # scene units in front of the camera, before which nothing is drawn


@final
@dataclass(frozen=True)
class Gaussians:
    """Splats held still: all of them but their colours.

    Concretely: 150 000 ellipsoids of a few millimetres that together look like a motorcyclist.
    """

    means: Float[np.ndarray, "splats 3"]  # scene units
    rotations: Float[np.ndarray, "splats 4"]  # unit quaternions, w x y z
    scales: Float[np.ndarray, "splats 3"]  # standard deviation along each axis, scene units
    opacities: Float[np.ndarray, "splats"]  # [0, 1]
    antialiased: bool = False  # take from opacity what the dilation adds in area (Yu et al. 2024), as in their training

    def __len__(self) -> int:
        """Number of splats."""
        return len(self.means)


def project(gaussians: Gaussians, camera: Camera, near: float = NEAR) -> Footprints:
    """Footprints in a view.

    As gsplat does: centres are projected exactly, the covariance by the Jacobian at the centre, with the centre held
    within 1.3 times the field of view; `DILATION` is added; what stays under 1/255 everywhere is left out.
    """
    count = len(gaussians)
    out = kernels.Ellipses(np.empty((count, 2)), np.empty((count, 3)), np.empty(count), np.empty(count))
    lens = np.array([camera.focal, camera.cx, camera.cy, camera.width, camera.height], dtype=np.float64)
    pose = camera.camera_to_world[:3, :3], camera.position
    shapes = kernels.SplatShapes(gaussians.means, gaussians.rotations, gaussians.scales, gaussians.opacities)
    kernels.project(shapes, kernels.Projection(*pose, lens, DILATION, near, gaussians.antialiased), out)
    drawn = np.flatnonzero(out.opacity >= kernels.LEAST_ALPHA)
    splat = drawn[np.argsort(out.depth[drawn], kind="stable")]
    return Footprints(splat, *(part[splat] for part in out))


def splat_rows(gaussians: Gaussians, camera: Camera, near: float = NEAR) -> SparseMap:
    """Splats to pixels: row p holds α_k · Π_{j<k} (1 − α_j) of the splats over pixel p (Kerbl et al. 2023, eq. 3).

    α is at most 0.999 and none below 1/255 counts; a pixel is full before the splat that would leave it 1e-4 of its
    light or less. These are gsplat's numbers.
    """
    seen = project(gaussians, camera, near)
    return compositor().rows(seen, camera.width, camera.height, len(gaussians))


def splat_rows_reference(gaussians: Gaussians, camera: Camera, near: float = NEAR) -> SparseMap:
    """The slow twin of `splat_rows`: matrices, and every splat over every pixel, in torch's float64."""
    means, rotations, scales, opacity = (
        torch.from_numpy(np.asarray(part, dtype=np.float64))
        for part in (gaussians.means, gaussians.rotations, gaussians.scales, gaussians.opacities)
    )
    center, covariance, depth = _project(means, rotations, scales, camera)
    wide = covariance + DILATION * torch.eye(2, dtype=torch.float64)
    if gaussians.antialiased:
        opacity = opacity * (torch.linalg.det(covariance).clamp_min(0) / torch.linalg.det(wide)).sqrt()
    y, x = torch.meshgrid(torch.arange(camera.height) + 0.5, torch.arange(camera.width) + 0.5, indexing="ij")
    pixels = torch.stack([x, y], -1).reshape(-1, 2).to(torch.float64)
    weights = torch.zeros(len(pixels), len(gaussians), dtype=torch.float64)
    light, open_ = torch.ones(len(pixels), dtype=torch.float64), torch.ones(len(pixels), dtype=torch.bool)
    for k in torch.argsort(depth, stable=True).tolist():
        if depth[k] <= near:
            continue
        away = pixels - center[k]
        alpha = (opacity[k] * torch.exp(-0.5 * (away @ torch.linalg.inv(wide[k]) * away).sum(1))).clamp_max(0.999)
        alpha = torch.where(alpha >= 1 / 255, alpha, 0)
        open_ &= (light * (1 - alpha) > 1e-4) | (alpha == 0)
        alpha = torch.where(open_, alpha, 0)
        weights[:, k], light = alpha * light, light * (1 - alpha)
    rows, columns = (part.numpy() for part in weights.nonzero(as_tuple=True))
    indptr = np.searchsorted(rows, np.arange(len(pixels) + 1)).astype(np.int64)
    values = weights.numpy()[rows, columns].astype(np.float32)
    return SparseMap(indptr, columns.astype(np.int32), values, len(gaussians))


def _project(
    means: torch.Tensor, rotations: torch.Tensor, scales: torch.Tensor, camera: Camera
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Centres (n, 2) and covariances (n, 2, 2) in pixels, depths (n,)."""
    pose = torch.from_numpy(camera.camera_to_world)
    local = (means - pose[:3, 3]) @ pose[:3, :3]
    x, y, z = local.unbind(1)
    center = torch.stack([x / z * camera.focal + camera.cx, y / z * camera.focal + camera.cy], 1)
    slack = 0.15 * torch.tensor([camera.width, camera.height]) / camera.focal
    low = -torch.tensor([camera.cx, camera.cy]) / camera.focal - slack
    high = torch.tensor([camera.width - camera.cx, camera.height - camera.cy]) / camera.focal + slack
    slope = (local[:, :2] / z[:, None]).clamp(low, high)
    jacobian = torch.zeros(len(means), 2, 3, dtype=torch.float64)
    jacobian[:, 0, 0] = jacobian[:, 1, 1] = camera.focal / z
    jacobian[:, :, 2] = -camera.focal * slope / z[:, None]
    w, i, j, k = rotations.unbind(1)
    turn = torch.stack([
        1 - 2 * (j * j + k * k), 2 * (i * j - w * k), 2 * (i * k + w * j),
        2 * (i * j + w * k), 1 - 2 * (i * i + k * k), 2 * (j * k - w * i),
        2 * (i * k - w * j), 2 * (j * k + w * i), 1 - 2 * (i * i + j * j),
    ], 1).reshape(-1, 3, 3)  # fmt: skip
    half = jacobian @ pose[:3, :3].T @ turn * scales[:, None, :]
    return center, half @ half.transpose(1, 2), z


def splat_view(
    gaussians: Gaussians,
    pyramid: SpacePyramid,
    level: int,
    camera: Camera,
    frozen: Callable[[Indices], Float[np.ndarray, "seen 3"]] | None = None,
    near: float = NEAR,
) -> ViewOperator:
    """The operator of one view onto the table of ``level``.

    Args:
        frozen: of the splats seen, what their colour in this view has beyond θ (higher harmonics); it stays as it is.
    """
    rows = splat_rows(gaussians, camera, near)
    alpha = np.clip(rows.row_sums(), 0, 1).astype(np.float32)
    matrix = drop_small_weights(rows)
    entries, matrix = drop_empty_columns(matrix)
    fixed = np.zeros((matrix.rows, 3), np.float32)
    if frozen is not None:
        fixed = (matrix.scipy() @ frozen(entries)).astype(np.float32)
    if level > 0:
        entries, matrix = drop_empty_columns(drop_small_weights(matrix.compose(pyramid.spread(level, entries))))
    light = np.ones((matrix.rows, 3), np.float32)
    return ViewOperator(matrix, entries, light, fixed, alpha, camera.height, camera.width)

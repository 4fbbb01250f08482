"""An image–text model sees crops of the object: the whole, and random patches in random perspective."""

from __future__ import annotations

import math
import zlib

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.text.base import Pictures
from style3d.types import Image, Mask

TILT = 0.35  # of half a patch's side: how far its corners move at most


def seed_of(image: Image) -> int:
    """A number that changes with the image, for drawing crops: without a counter, a resumed run draws the same ones."""
    return zlib.crc32(image.detach()[..., ::7, ::7].cpu().contiguous().numpy().tobytes())


def object_square(mask: Mask) -> Float[Tensor, "1 4 2"]:
    """Corners (x, y) in pixels of the smallest square around what the mask covers, clockwise from the top left."""
    rows, columns = (mask[0, 0] > 0.5).any(1).nonzero()[:, 0], (mask[0, 0] > 0.5).any(0).nonzero()[:, 0]
    if not len(rows):
        rows, columns = torch.tensor([0, mask.shape[-2] - 1]), torch.tensor([0, mask.shape[-1] - 1])
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return squares(
        torch.tensor([[(left + right) / 2, (top + bottom) / 2]]), torch.tensor([max(bottom - top, right - left)])
    )


def squares(centres: Float[Tensor, "n 2"], sides: Tensor) -> Float[Tensor, "n 4 2"]:
    """Corners of upright squares, pixels, clockwise from the top left."""
    signs = torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    return centres[:, None] + signs * sides[:, None, None] / 2


def random_patches(mask: Mask, count: int, side: float, seed: int) -> Float[Tensor, "n 4 2"]:
    """Corners of ``count`` quadrilaterals centred on the object, about ``side`` pixels large, tilted as if from aside.

    Args:
        mask: where the object is; nothing of it gives patches of the whole image.
        side: pixels; each patch's is between 0.7 and 1.4 of it.
        seed: gives the same patches again.
    """
    rng = torch.Generator().manual_seed(seed)
    inside = (mask[0, 0].cpu() > 0.5).nonzero()
    if not len(inside):
        inside = torch.ones(mask.shape[-2:]).nonzero()
    spots = inside[torch.randint(0, len(inside), (count,), generator=rng)].flip(1) + 0.5
    sides = side * 2 ** (torch.rand(count, generator=rng) - 0.5)
    corners = squares(spots, sides)
    inward = -torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]) * torch.rand(count, 4, 2, generator=rng)
    return corners + TILT * inward * sides[:, None, None] / 2


def homographies(corners: Float[Tensor, "n 4 2"]) -> Float[Tensor, "n 3 3"]:
    """The projective maps that take the square [−1, 1]² to the quadrilaterals, corner by corner.

    Eight equations in eight unknowns for each: x (g u + h v + 1) = a u + b v + c, and the same for y.
    """
    u, v = torch.tensor([[-1.0, 1, 1, -1], [-1, -1, 1, 1]], dtype=torch.float64)
    rows, right = [], []
    for place in range(4):
        x, y = corners[:, place].double().T
        one, nil = torch.ones_like(x), torch.zeros_like(x)
        a, b = u[place] * one, v[place] * one
        rows.append(torch.stack([a, b, one, nil, nil, nil, -x * a, -x * b], 1))
        rows.append(torch.stack([nil, nil, nil, a, b, one, -y * a, -y * b], 1))
        right += [x, y]
    solved = torch.linalg.solve(torch.stack(rows, 1), torch.stack(right, 1))
    return torch.cat([solved, torch.ones(len(corners), 1, dtype=torch.float64)], 1).reshape(-1, 3, 3).float()


def warp_crops(
    image: Float[Tensor, "1 c h w"], corners: Float[Tensor, "n 4 2"], size: int
) -> Float[Tensor, "n c size size"]:
    """The quadrilaterals as square pictures of ``size`` pixels, bilinear; beyond the border the edge goes on.

    Where a patch has more than twice the pixels of its picture, the image is halved first, so that nothing is skipped.
    """
    longest = float((corners[:, (1, 2, 3, 0)] - corners).norm(dim=2).amax())
    for _ in range(max(0, math.floor(math.log2(max(longest, 1.0) / size)))):
        if min(image.shape[-2:]) < 2:
            break
        image, corners = F.avg_pool2d(image, 2), corners / 2
    places = (torch.arange(size) + 0.5) * 2 / size - 1
    v, u = torch.meshgrid(places, places, indexing="ij")
    flat = torch.stack([u.flatten(), v.flatten(), torch.ones(size * size)])
    at = homographies(corners) @ flat
    at = (at[:, :2] / at[:, 2:]).reshape(-1, 2, size, size).permute(0, 2, 3, 1)
    extent = torch.tensor([image.shape[-1], image.shape[-2]], dtype=torch.float32)
    grid = (at * 2 / extent - 1).to(image.device)
    many = image.expand(len(corners), -1, -1, -1)
    return F.grid_sample(many, grid, "bilinear", "border", align_corners=False)


def pictures_of(image: Image, corners: Float[Tensor, "n 4 2"], size: int) -> Pictures:
    """The patches of an image, in [0, 1]."""
    return warp_crops(image, corners, size).clamp(0, 1)

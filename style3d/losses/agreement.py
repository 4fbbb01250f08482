"""This term compares an image with another view's image, resampled to where the same surface points lie."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.types import Image, Mask


def sample_image(other: Float[Tensor, "1 c oh ow"], places: Float[Tensor, "h w 2"]) -> Float[Tensor, "1 c h w"]:
    """The image at ``places`` (x, y), pixels with centres at +0.5, bilinear; its border continues outside.

    Differentiable to ``other``. For ``places`` see `style3d.render.warp.link`.
    """
    size = places.new_tensor([other.shape[-1], other.shape[-2]])
    grid = (places / size * 2 - 1)[None]
    return F.grid_sample(other, grid.to(other), mode="bilinear", padding_mode="border", align_corners=False)


def disagreement(image: Image, carried: Image, valid: Mask) -> Float[Tensor, ""]:
    """Mean squared difference, over valid pixels and channels, between a view and another one carried over into it.

    What a scene whose colour depends on the view is optimised with, so that strokes stay on its surfaces; the number
    is the square of the consistency that stylised films are judged by (Lai et al., ECCV 2018, eq. 8).
    Differentiable to both images; zero where no pixel is valid.

    Args:
        image: the view, in [0, 1].
        carried: what the other view shows of the same surface points; see `sample_image`.
        valid: 1 where both views see that point, else 0.
    """
    error = (image - carried).square().mean(1, keepdim=True)
    return (error * valid).sum() / valid.sum().clamp_min(1)

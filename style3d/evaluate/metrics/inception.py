"""The Fréchet inception distance uses this Inception-v3 (Szegedy et al., CVPR 2016), with weights from a user's file.

Two files are known, which differ in more than their numbers:

- the one FID is defined by, ``inception-2015-12-05`` converted to torch (pytorch-fid's pt_inception-…, torch-fidelity's
  and torchmetrics' weights-inception-…): 1008 classes; averages leave the padding out, the last block takes a maximum
  where the paper has an average; pictures are squeezed to 299 × 299 and scaled to [-1, 1] (Heusel et al. 2017);
- ArtFID's ``art_inception.pth`` (Wright & Ommer, GCPR 2022): two heads for artists and styles; torchvision's averages;
  pictures as they are, in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.files import check_readable
from style3d.losses.network import FixedNetwork, digest_of
from style3d.losses.weights_file import read_tensors
from style3d.types import Image

Kind = Literal["fid", "art"]
SQUARE = 299  # pixels along a side that FID's pictures are squeezed to
SMALLEST = 75  # pixels along a side that the last block still has something to look at
EXPECTED = "pytorch-fid's or torch-fidelity's inception-2015-12-05, or ArtFID's art_inception.pth"
EPSILON = 1e-3  # of batch normalisation


@final
class Inception(FixedNetwork):
    """The network without its heads.

    Args:
        tensors: by torchvision's names, "Mixed_5b.branch1x1.conv.weight" and so on.

    Raises:
        Style3DError: they are another network's.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.kind = _kind(tensors)
        body = {name: value for name, value in tensors.items() if name.startswith(("Conv2d_", "Mixed_"))}
        try:
            super().__init__(f"inception-v3 ({self.kind})", digest_of(body, self.kind), constants=_folded_weights(body))
            self(torch.zeros(1, 3, SMALLEST, SMALLEST))
        except (KeyError, RuntimeError) as error:
            raise Style3DError("the Inception weights do not fit", got=str(error)[:120], expected=EXPECTED) from error

    @torch.no_grad()
    def places(self, image: Image) -> Float[Tensor, "1 c rows columns"]:
        """The 192 features before the second pooling, of a picture in [0, 1] at its own size (SinGAN, 2019, §4)."""
        return self._stem(image if self.kind == "art" else 2 * image - 1)

    @torch.no_grad()
    def __call__(self, image: Image) -> Float[Tensor, "1 c"]:
        """The 2048 features of a whole picture in [0, 1]: the average over places after the last block."""
        if self.kind == "fid":
            image = F.interpolate(image, (SQUARE, SQUARE), mode="bilinear", align_corners=False)
        elif min(image.shape[-2:]) < SMALLEST:
            scale = SMALLEST / min(image.shape[-2:])
            size = [max(SMALLEST, round(side * scale)) for side in image.shape[-2:]]
            image = F.interpolate(image, size, mode="bilinear", align_corners=False)
        x = F.max_pool2d(self.places(image), 3, 2)
        for block in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
            x = self._a(x, block)
        x = self._shrink(x, "Mixed_6a", [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"]])
        for block in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
            x = self._c(x, block)
        x = self._shrink(x, "Mixed_7a", [["branch3x3_1", "branch3x3_2"], [f"branch7x7x3_{i}" for i in range(1, 5)]])
        x = self._e(self._e(x, "Mixed_7b"), "Mixed_7c")
        return x.mean((2, 3))

    def _stem(self, x: Tensor) -> Tensor:
        x = self._conv(self._conv(x, "Conv2d_1a_3x3", 2, 0), "Conv2d_2a_3x3", 1, 0)
        x = F.max_pool2d(self._conv(x, "Conv2d_2b_3x3"), 3, 2)
        return self._conv(self._conv(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3", 1, 0)

    def _conv(self, x: Tensor, name: str, stride: int = 1, padding: int | None = None) -> Tensor:
        """Convolution, normalisation and ReLU; borders are padded so that nothing shrinks, unless said otherwise."""
        weight, bias = self._constants[f"{name}.weight"], self._constants[f"{name}.bias"]
        around = [side // 2 if padding is None else padding for side in weight.shape[-2:]]
        return F.conv2d(x, weight, bias, stride, around).relu_()

    def _chain(self, x: Tensor, block: str, names: Sequence[str]) -> Tensor:
        for name in names:
            x = self._conv(x, f"{block}.{name}")
        return x

    def _pool_branch(self, x: Tensor, block: str) -> Tensor:
        if self.kind == "fid" and block == "Mixed_7c":
            x = F.max_pool2d(x, 3, 1, 1)
        else:
            x = F.avg_pool2d(x, 3, 1, 1, count_include_pad=self.kind != "fid")
        return self._conv(x, f"{block}.branch_pool")

    def _a(self, x: Tensor, block: str) -> Tensor:
        branches = [["branch1x1"], ["branch5x5_1", "branch5x5_2"], [f"branch3x3dbl_{i}" for i in range(1, 4)]]
        return torch.cat([*(self._chain(x, block, names) for names in branches), self._pool_branch(x, block)], 1)

    def _c(self, x: Tensor, block: str) -> Tensor:
        branches = [["branch1x1"], *([f"branch7x7{kind}_{i}" for i in range(1, last)] for kind, last in
                                     (("", 4), ("dbl", 6)))]  # fmt: skip
        return torch.cat([*(self._chain(x, block, names) for names in branches), self._pool_branch(x, block)], 1)

    def _e(self, x: Tensor, block: str) -> Tensor:
        parts = [self._conv(x, f"{block}.branch1x1")]
        for names, last in ((["branch3x3_1"], "branch3x3_2"), (["branch3x3dbl_1", "branch3x3dbl_2"], "branch3x3dbl_3")):
            inner = self._chain(x, block, names)
            parts += [self._conv(inner, f"{block}.{last}{side}") for side in "ab"]
        return torch.cat([*parts, self._pool_branch(x, block)], 1)

    def _shrink(self, x: Tensor, block: str, branches: Sequence[Sequence[str]]) -> Tensor:
        """Half the size: the last convolution of each branch strides, and so does a maximum."""
        parts = [self._conv(self._chain(x, block, names[:-1]), f"{block}.{names[-1]}", 2, 0) for names in branches]
        return torch.cat([*parts, F.max_pool2d(x, 3, 2)], 1)


def _kind(tensors: Mapping[str, Tensor]) -> Kind:
    """By the heads; torchvision's own weights (1000 classes) give distances that nobody else's can be compared with."""
    if len(tensors.get("fc.weight", ())) == 1008:
        return "fid"
    if "fc1.weight" in tensors:
        return "art"
    raise Style3DError("these are not the weights of the Inception-v3 that FID uses", expected=EXPECTED)


def _folded_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``NAME.weight`` and ``NAME.bias`` of each convolution with its batch normalisation worked in."""
    layers: dict[str, Tensor] = {}
    for key in [key for key in tensors if key.endswith(".conv.weight")]:
        name = key.removesuffix(".conv.weight")
        slope, shift, mean, variance = (
            tensors[f"{name}.bn.{part}"].float() for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = slope / (variance + EPSILON).sqrt()
        layers[f"{name}.weight"] = tensors[key].float() * scale[:, None, None, None]
        layers[f"{name}.bias"] = shift - mean * scale
    return layers


def load_inception(path: Path) -> Inception:
    """The network of a .pth or .safetensors file.

    Raises:
        Style3DError: the file is missing, damaged, or another network's.
    """
    check_readable(path)
    return Inception(read_tensors(path))

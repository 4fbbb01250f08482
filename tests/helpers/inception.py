"""A slender Inception-v3: every convolution of the real one, with a few channels each and seeded random weights."""

from __future__ import annotations

import torch
from torch import Tensor

WIDTH = 6  # channels that each convolution puts out
POINT, SQUARE, WIDE, HIGH = (1, 1), (3, 3), (1, 7), (7, 1)
CHAINS: dict[str, list[list[tuple[str, tuple[int, int]]]]] = {
    "5": [
        [("branch1x1", POINT)], [("branch5x5_1", POINT), ("branch5x5_2", (5, 5))],
        [("branch3x3dbl_1", POINT), ("branch3x3dbl_2", SQUARE), ("branch3x3dbl_3", SQUARE)], [("branch_pool", POINT)],
    ],
    "6a": [
        [("branch3x3", SQUARE)],
        [("branch3x3dbl_1", POINT), ("branch3x3dbl_2", SQUARE), ("branch3x3dbl_3", SQUARE)],
    ],
    "6": [
        [("branch1x1", POINT)], [("branch7x7_1", POINT), ("branch7x7_2", WIDE), ("branch7x7_3", HIGH)],
        [("branch7x7dbl_1", POINT), *((f"branch7x7dbl_{i}", HIGH if i % 2 == 0 else WIDE) for i in range(2, 6))],
        [("branch_pool", POINT)],
    ],
    "7a": [
        [("branch3x3_1", POINT), ("branch3x3_2", SQUARE)],
        [("branch7x7x3_1", POINT), ("branch7x7x3_2", WIDE), ("branch7x7x3_3", HIGH), ("branch7x7x3_4", SQUARE)],
    ],
    "7": [
        [("branch1x1", POINT)], [("branch3x3_1", POINT)], [("branch3x3dbl_1", POINT), ("branch3x3dbl_2", SQUARE)],
        [("branch_pool", POINT)],
    ],
}  # fmt: skip
AFTER = {"branch3x3_1": "branch3x3_2", "branch3x3dbl_2": "branch3x3dbl_3"}  # what the last blocks split in two


def slender_inception(kind: str = "fid") -> dict[str, Tensor]:
    """As a weights file of that kind has them."""
    rng, tensors = torch.Generator().manual_seed(0), dict[str, Tensor]()

    def layer(name: str, inputs: int, kernel: tuple[int, int]) -> None:
        weight = torch.randn(WIDTH, inputs, *kernel, generator=rng)
        tensors[f"{name}.conv.weight"] = weight * (2 / weight[0].numel()) ** 0.5
        for part, low in (("weight", 0.5), ("bias", -0.1), ("running_mean", -0.1), ("running_var", 0.5)):
            tensors[f"{name}.bn.{part}"] = low + torch.rand(WIDTH, generator=rng)

    inputs = 3
    for name in ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3"):
        layer(f"Conv2d_{name}", inputs, POINT if name == "3b_1x1" else SQUARE)
        inputs = WIDTH
    for block in ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"):
        chains, ends = CHAINS.get(block, CHAINS[block[0]]), 0
        for chain in chains:
            channels = inputs
            for name, kernel in chain:
                layer(f"Mixed_{block}.{name}", channels, kernel)
                channels = WIDTH
                if block in ("7b", "7c") and name in AFTER:
                    layer(f"Mixed_{block}.{AFTER[name]}a", WIDTH, (1, 3))
                    layer(f"Mixed_{block}.{AFTER[name]}b", WIDTH, (3, 1))
                    ends += 1
            ends += 1
        inputs = ends * WIDTH + (inputs if block.endswith("a") else 0)
    heads = {"fid": {"fc.weight": (1008, 1)}, "art": {"fc1.weight": (9, 1), "fc2.weight": (9, 1)}}[kind]
    return tensors | {name: torch.zeros(shape) for name, shape in heads.items()}

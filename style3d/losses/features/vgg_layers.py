"""This module lists the layers of VGG-19 and VGG-16, and their names in weights files."""

from __future__ import annotations

BLOCKS = {"vgg19": (2, 2, 4, 4, 4), "vgg16": (2, 2, 3, 3, 3)}  # convolutions before each pooling
WIDTHS = (64, 128, 256, 512, 512)


def plan(variant: str) -> list[tuple[str, str, int, int]]:
    """The layers in order: (relu name, key in a weights file, inputs, outputs); a pooling follows each block.

    Concretely: ("relu3_1", "features.10", 128, 256) for VGG-19.
    """
    rows, index, inputs = [], 0, 3
    for block, (count, width) in enumerate(zip(BLOCKS[variant], WIDTHS, strict=True), start=1):
        for layer in range(1, count + 1):
            rows.append((f"relu{block}_{layer}", f"features.{index}", inputs, width))
            index, inputs = index + 2, width
        index += 1
    return rows

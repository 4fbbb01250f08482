"""A palette names the few colours that a result may have, or takes them from a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.color.clusters import SAMPLES, spread_means
from style3d.errors import Style3DError
from style3d.images import read_style

COUNT = 8  # colours taken from a picture
MOST = 64
SOFTNESS = 0.05  # distance in RGB over which neighbouring colours of the palette blend into each other


def read_palette(items: Sequence[str]) -> Float[Tensor, "colors 3"]:
    """The colours, display-referred in [0, 1], of ``("#0b132b", "#5bc0be")`` or of one picture.

    A picture gives the centres of `COUNT` clusters of its colours (k-means), the same every time.

    Raises:
        Style3DError: a text that is no colour, too many colours, or a picture that cannot be read.
    """
    if len(items) == 1 and not is_hex(items[0]):
        return _colors_of_picture(Path(items[0]))
    names = [name for item in items for name in item.split(",")]
    wrong = next((name for name in names if not is_hex(name)), None)
    if wrong is not None or not 1 <= len(names) <= MOST:
        got = repr(wrong) if wrong is not None else f"{len(names)} colours"
        raise Style3DError("--palette is not understood", got=got, expected="colours like #0b132b, or one picture")
    return torch.tensor([_rgb(name) for name in names], dtype=torch.float32)


def onto_palette(
    colors: Float[Tensor, "n 3"], palette: Float[Tensor, "colors 3"], block: int = 1 << 18
) -> Float[Tensor, "n 3"]:
    """Each colour moved to the palette: Σ_i w_i p_i with w = softmax(−‖c − p_i‖² / 2 s²), s = `SOFTNESS`.

    Colours close to one of the palette become it; those between two become a narrow transition.
    """
    parts = []
    for part in colors.split(block):
        near = -torch.cdist(part, palette.to(part)).square() / (2 * SOFTNESS**2)
        parts.append(torch.softmax(near, 1) @ palette.to(part))
    return torch.cat(parts)


def _rgb(name: str) -> list[float]:
    digits = name.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    return [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]


def cluster_centers(pixels: Float[Tensor, "n 3"], count: int) -> Float[Tensor, "colors 3"]:
    """At most ``count`` k-means centres of colours, from starts spread over their brightness."""
    flat = pixels[:: max(1, len(pixels) // SAMPLES)].cpu().double().numpy()
    return torch.from_numpy(spread_means(flat, flat.sum(1), count, 15)[0]).to(pixels)


def _colors_of_picture(path: Path) -> Float[Tensor, "colors 3"]:
    pixels = torch.from_numpy(read_style(path).reshape(-1, 3))
    distinct = (pixels[:: max(1, len(pixels) // SAMPLES)] * 255).round().unique(dim=0)
    return distinct / 255 if len(distinct) <= COUNT else cluster_centers(pixels, COUNT).clamp(0, 1)


HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


def is_hex(text: str) -> bool:
    """Whether a text is a colour like #0b132b, or several with commas between."""
    return all(HEX.fullmatch(part) for part in text.split(","))

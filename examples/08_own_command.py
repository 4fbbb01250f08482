"""Adds a command: `style3d palette IMAGE` writes the main colours of a picture as a row of squares."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import tyro
from PIL import Image

from style3d.cli import COMMANDS, Command, main
from style3d.color.palette import cluster_centers
from style3d.commands.parse import parse
from style3d.images import read_style


@dataclass(frozen=True)
class PaletteRequest:
    """Write the main colours of a picture as a row of squares."""

    image: Annotated[Path, tyro.conf.Positional]
    """The picture."""
    count: int = 6
    """How many colours at most."""
    output: Path = Path("palette.png")
    """File to write."""


def run(arguments: list[str]) -> int:
    """Read, cluster, write."""
    request = parse(PaletteRequest, "palette", arguments, PaletteRequest.__doc__ or "")
    pixels = torch.from_numpy(read_style(request.image).reshape(-1, 3))
    colors = cluster_centers(pixels, request.count).clamp(0, 1).numpy()
    squares = np.repeat(np.repeat(colors[None], 80, 0), 80, 1)
    request.output.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((squares * 255).round().astype(np.uint8)).save(request.output)
    print("wrote", request.output)
    return 0


# In the package, `run` is in style3d/commands/palette.py, and this row is in style3d/cli.py without a home.
COMMANDS["palette"] = Command("palette", "IMAGE", "write the main colours of a picture", home=__name__)
sys.exit(main(["palette", "data/styles/oil.jpg", "--output", "out/08_own_command.png"]))

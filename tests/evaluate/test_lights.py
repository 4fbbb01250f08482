"""Style under several lights."""

from __future__ import annotations

from pathlib import Path

import torch

from style3d.evaluate.lights import LAMPS, light_figures
from style3d.evaluate.looks import Yardstick
from style3d.evaluate.scenes import open_mesh
from tests.models import write_textured_ball
from tests.nets import Tiny


def test_every_lamp_is_measured_smooth_and_raised(tmp_path: Path) -> None:
    scene = open_mesh(write_textured_ball(tmp_path / "ball.obj"))
    style = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    figures = light_figures(scene, Yardstick(style, Tiny(), "absent", "absent"), scene.portraits(3, 48))
    values = {figure.name: figure.value for figure in figures}
    assert set(values) == {f"style.light.{lamp}{kind}" for lamp in LAMPS for kind in ("", ".relief")}
    assert all(value is not None and value > 0 for value in values.values())
    assert len({round(value or 0, 6) for value in values.values()}) == len(values)  # each light and relief shows

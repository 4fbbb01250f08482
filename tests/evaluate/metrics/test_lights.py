"""Style under several lights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from style3d.evaluate.metrics.lights import LAMPS, light_figures
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.texels import texel_grid
from style3d.render.view import Light, build_lit, build_view
from style3d.scene_kinds.meshes import open_mesh
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import Tiny
from tests.helpers.surfaces import flat_on, pyramid_of, quad


def test_every_lamp_is_measured_smooth_and_raised(tmp_path: Path) -> None:
    scene = open_mesh(write_textured_ball(tmp_path / "ball.obj"))
    style = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    figures = light_figures(scene, Yardstick(style, Tiny(), "absent", "absent"), scene.cameras_around(3, 48))
    values = {figure.name: figure.value for figure in figures}
    assert set(values) == {f"style.light.{lamp}{kind}" for lamp in LAMPS for kind in ("", ".relief")}
    assert all(value is not None and value > 0 for value in values.values())
    assert len({round(value or 0, 6) for value in values.values()}) == len(values)  # each light and relief shows


def test_lights_share_rows_and_are_those_of_views_built_one_by_one() -> None:
    surface, camera = quad(), flat_on(16)
    grid, pyramid, rasterizer = texel_grid(surface.textures), pyramid_of(surface), EmbreeRasterizer(surface)
    tilted = np.tile([0.6, 0.0, 0.8], (grid.entries, 1))
    lights: list[Light] = [(lamp, relief) for lamp in LAMPS for relief in (None, tilted)]
    together = build_lit(surface, grid, pyramid, 0, rasterizer, camera, lights)
    assert all(operator.matrix is together[0].matrix for operator in together)
    for (lamp, relief), operator in zip(lights, together, strict=True):
        if relief is None:
            alone = build_view(surface, grid, pyramid, 0, rasterizer, camera, lamp)
            assert np.array_equal(operator.light, alone.light)
        else:
            assert not np.array_equal(operator.light, together[lights.index((lamp, None))].light)

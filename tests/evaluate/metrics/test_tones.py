"""Tones: the same order is 1, the inverse -1, and the light on a shape is found where somebody painted it in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from style3d.core.scene import Scene
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.footage.render import plan_route, render_run
from style3d.evaluate.metrics.image_figures import image_figures
from style3d.evaluate.metrics.painted_views import PaintedViews
from style3d.evaluate.metrics.tones import MASS, blurred_pixels, object_size, rank_correlation, tone_order
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.scene_kinds.meshes import open_mesh
from tests.evaluate.metrics.test_content import drawing
from tests.helpers.footage import arc, with_images
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import Tiny

UNABLE = Yardstick(None, Tiny(), "absent", "absent")


def seen(footage: Footage, scene: Scene | None = None) -> PaintedViews:
    return PaintedViews(footage, tuple(footage.after), UNABLE, scene)


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return open_mesh(write_textured_ball(tmp_path_factory.mktemp("ball") / "ball.obj"))


def order(images: list[np.ndarray], footage: Footage) -> float | None:
    return tone_order(seen(with_images(footage, images))).value


def test_order_of_tones() -> None:
    footage = arc(2, 64)
    assert order(footage.before, footage) == pytest.approx(1)
    assert order([image * 0.3 + 0.4 for image in footage.before], footage) == pytest.approx(
        1
    )  # less contrast, the same order
    assert order([1 - image for image in footage.before], footage) == pytest.approx(-1)
    assert order([np.full_like(image, 0.4) for image in footage.before], footage) == 0
    assert abs(order([drawing(seed, blur=5) for seed in (1, 2)], footage) or 0) < 0.4


def test_strokes_do_not_hide_the_order() -> None:
    """What varies within a few pixels is blurred away; the raw pixels agree far less."""
    original = drawing(0, 128, 12)
    strokes = np.random.default_rng(0).standard_normal(original.shape[:2])[..., None] * 0.4
    inside = np.ones((128, 128), dtype=bool)
    tones = [blurred_pixels(image, inside, 3.0)[:, 0] for image in (original, original + strokes)]
    assert (rank_correlation(*tones) or 0) > 0.8
    assert (rank_correlation(original[..., 0].ravel(), (original + strokes)[..., 0].ravel()) or 1) < 0.5


def test_what_lies_outside_does_not_count() -> None:
    inside = np.zeros((32, 32), dtype=bool)
    inside[8:24, 4:20] = True
    values = np.where(inside[..., None], 0.7, 99.0)
    assert np.allclose(blurred_pixels(values, inside, 3), 0.7)
    assert object_size(inside) == 16
    assert object_size(inside & False) == 0
    assert pytest.approx(5) == MASS * 250


def test_a_plain_original_has_no_order() -> None:
    footage = arc(2, 48)
    flat = Footage("flat", tuple(replace(view, before=np.full_like(view.before, 0.8)) for view in footage.views))
    told = {figure.name: figure for figure in image_figures(flat, UNABLE)}
    assert told["content.tone_order"].value is None
    assert "one tone" in told["content.tone_order"].note
    assert "geometry" in told["content.form"].note


def test_form_is_found_where_it_was_painted(ball: Scene) -> None:
    light = ball.form()
    assert light is not None
    table, walk = torch.from_numpy(light).float()[:, None].expand(-1, 3), plan_route(ball, 3, 64, (1,))
    told = {}
    for name, colors in (("lit", 0.2 + 0.6 * table), ("inverted", 0.8 - 0.6 * table), ("even", 0 * table + 0.5)):
        footage = render_run(ball, ball.initial(), colors, walk, lambda _: None)
        figures = image_figures(footage, UNABLE, ball)
        told[name] = next(figure.value for figure in figures if figure.name == "content.form")
    assert told == {"lit": pytest.approx(1, abs=0.01), "inverted": pytest.approx(-1, abs=0.01), "even": 0}


def test_form_is_absent_where_colours_hold_light(ball: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(ball), "form", lambda _: None)
    figures = {figure.name: figure for figure in image_figures(arc(2, 32), UNABLE, ball)}
    assert figures["content.form"].value is None
    assert "light of their own" in figures["content.form"].note

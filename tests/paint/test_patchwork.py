"""Patches are found where they fit best, fit what is there already, and cover a scene with a picture's own colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.paint.form import LEAST, Drawing
from style3d.paint.loop import PaintRun
from style3d.paint.panels import panels_of
from style3d.paint.patch_guide import busyness_of, flow_of, guide_of
from style3d.paint.patch_search import REACH, Exemplar, Sheet, Taste, count_use, first_guess, improve, paste_patches
from style3d.paint.patchwork import Patchwork, solve_colors
from style3d.progress import Silent
from style3d.regions.region import Region
from style3d.regions.selector import Where
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import tiny_objective

ALONE = Taste(guide=0.0, flow=0.0, busy=0.0, spread=0.0)


def guide_for(image: np.ndarray) -> np.ndarray:
    return np.concatenate([image, flow_of(image, 1.0, 2.0), busyness_of(image)[..., None]], 2)


def exemplar_of(image: np.ndarray) -> Exemplar:
    allowed = np.zeros((1, *image.shape[:2]), bool)
    allowed[:, REACH:-REACH, REACH:-REACH] = True
    return Exemplar(image, guide_for(image), allowed, np.zeros(image.shape[:2], np.float32))


def sheet_of(framed: np.ndarray) -> Sheet:
    size = (framed.shape[0] - 2 * REACH, framed.shape[1] - 2 * REACH)
    inside = framed[REACH:-REACH, REACH:-REACH]
    return Sheet(
        framed, guide_for(inside), np.zeros(size, np.int64), np.arange(size[0] * size[1]),
        np.full((*size, 2), -1, np.int32), np.zeros(size, np.float32),
    )  # fmt: skip


def searched(exemplar: Exemplar, sheet: Sheet, taste: Taste = ALONE, sweeps: int = 8) -> None:
    chance = np.random.default_rng(0)
    first_guess(exemplar, sheet, taste, np.argwhere(exemplar.allowed[0])[None], 200, chance)
    improve(exemplar, sheet, taste, sweeps, 32, chance)


def smooth_noise(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    small = np.random.default_rng(seed).random((3, rows // 4, columns // 4)).astype(np.float32)
    large = torch.nn.functional.interpolate(torch.from_numpy(small)[None], (rows, columns), mode="bicubic")
    return np.ascontiguousarray(large[0].permute(1, 2, 0).numpy())


def best_distances(exemplar: Exemplar, sheet: Sheet) -> np.ndarray:
    """The slow twin: every allowed patch is tried for every pixel."""
    windows = np.lib.stride_tricks.sliding_window_view
    patches = windows(exemplar.image, (2 * REACH + 1,) * 2, (0, 1)).reshape(-1, 3 * (2 * REACH + 1) ** 2)
    wanted = windows(sheet.image, (2 * REACH + 1,) * 2, (0, 1)).reshape(-1, 3 * (2 * REACH + 1) ** 2)
    distances = ((wanted[:, None] - patches[None]) ** 2).sum(2) / (2 * REACH + 1) ** 2
    return distances.min(1).reshape(sheet.distance.shape)


def test_a_piece_of_the_picture_is_found_whole() -> None:
    image = smooth_noise(48, 40)
    sheet = sheet_of(image[8:36, 6:34].copy())
    exemplar = exemplar_of(image)
    searched(exemplar, sheet)
    rows, columns = np.indices(sheet.distance.shape)
    np.testing.assert_array_equal(sheet.match[..., 0] - rows, 8 + REACH)
    np.testing.assert_array_equal(sheet.match[..., 1] - columns, 6 + REACH)
    shown, weight = paste_patches(exemplar, sheet, 1.0)
    assert weight.min() > 0
    np.testing.assert_allclose(shown, sheet.guide[..., :3], atol=1e-5)


def test_the_search_comes_near_the_best_of_all_patches() -> None:
    exemplar, sheet = exemplar_of(smooth_noise(32, 32)), sheet_of(smooth_noise(28, 28, seed=1))
    searched(exemplar, sheet)
    best = best_distances(exemplar, sheet)
    assert (sheet.distance >= best - 1e-5).all()
    assert sheet.distance.mean() < 1.1 * best.mean()


def test_only_what_a_layer_may_take_is_taken() -> None:
    exemplar, sheet = exemplar_of(smooth_noise(32, 48)), sheet_of(smooth_noise(28, 28, seed=1))
    exemplar.allowed[0, :, 24:] = False
    searched(exemplar, sheet)
    assert sheet.match[..., 1].max() < 24


def test_what_was_used_is_used_less() -> None:
    """Two halves that fit alike: the one that another view has taken is left alone."""
    half = smooth_noise(28, 28)
    exemplar, sheet = exemplar_of(np.concatenate([half, half], 1)), sheet_of(half[:20, :20].copy())
    exemplar.used[:, :28] = 2
    searched(exemplar, sheet, Taste(guide=0.0, flow=0.0, busy=0.0, spread=0.1))
    assert (sheet.match[..., 1] >= 28).mean() > 0.9
    before = exemplar.used.sum()
    count_use(exemplar, sheet, 4.0)
    np.testing.assert_allclose(exemplar.used.sum() - before, sheet.distance.size * (2 * REACH + 1) ** 2 / 4, rtol=1e-5)


def stripes(along_rows: bool) -> np.ndarray:
    waves = np.sin(np.arange(40) * 1.2).astype(np.float32) / 4 + 0.5
    return np.broadcast_to(waves[:, None, None] if along_rows else waves[None, :, None], (40, 40, 3)).copy()


def test_the_flow_is_the_direction_of_the_strokes() -> None:
    inner, size = np.s_[8:-8, 8:-8], (24, 24, 2)
    np.testing.assert_allclose(flow_of(stripes(True), 1.0, 2.0)[inner], np.broadcast_to([1, 0], size), atol=0.01)
    np.testing.assert_allclose(flow_of(stripes(False), 1.0, 2.0)[inner], np.broadcast_to([-1, 0], size), atol=0.01)
    rows, columns = np.indices((40, 40))
    slanted = np.repeat((np.sin(0.9 * (rows - columns)) / 4 + 0.5).astype(np.float32)[..., None], 3, 2)
    np.testing.assert_allclose(flow_of(slanted, 1.0, 2.0)[inner], np.broadcast_to([0, 1], size), atol=0.02)
    assert np.abs(flow_of(np.full((20, 20, 3), 0.5, np.float32), 1.0, 2.0)).max() == 0


def test_strokes_go_along_the_drawings_lines() -> None:
    """A grey sheet whose guide runs along columns takes the half of the picture that does."""
    exemplar = exemplar_of(np.concatenate([stripes(True), stripes(False)], 1))
    sheet = sheet_of(np.full((26, 26, 3), 0.5, np.float32))
    sheet.guide[..., 3:5] = [-1, 0]
    searched(exemplar, sheet, Taste(guide=0.0, flow=0.1, busy=0.0, spread=0.0))
    assert (sheet.match[..., 1] >= 38).mean() > 0.9


def painted(tmp_path: Path, style: np.ndarray, **options) -> PaintRun:
    Image.fromarray(style).save(tmp_path / "style.png")
    model = write_textured_ball(tmp_path / "ball.obj")
    job = style3d.MeshJob(
        model, style=(tmp_path / "style.png",), preset="draft", views=6, resolution=64, texture_size=64, steps=4,
        turntable="none", **options,
    )  # fmt: skip
    return PaintRun(style3d.load(job), job, tiny_objective(), None, Silent())


def covered(run: PaintRun) -> torch.Tensor:
    start = run.layers.match_layers(run.drawing.colors, [staged.view for staged in run._staged_views(0)])
    patchwork = Patchwork(run.scene, run.layers, run._operator, guide_of(1.0, run.drawing), run.job.seed)
    return patchwork.cover(start, run.views.overviews, Silent())


TWO = np.tile(np.kron([[0, 1], [1, 0]], np.ones((12, 12)))[..., None], (6, 8, 1)) * [200, 90, 40] + [20, 30, 90]


@pytest.mark.parametrize("options", [{}, {"cast": ("off",)}, {"symmetry": "x"}])
def test_a_scene_takes_the_pictures_own_colours(options: dict, tmp_path: Path) -> None:
    """A checkerboard of two colours leaves the ball in those two, and hardly any between."""
    run = painted(tmp_path, TWO.astype(np.uint8), **options)
    colors = covered(run)[torch.from_numpy(run.scene.inside)]
    two = torch.tensor([[20, 30, 90], [220, 120, 130]]) / 255
    distance = torch.cdist(colors, two)
    assert float((distance.min(1).values < 0.15).float().mean()) > 0.6
    shares = (distance.argmin(1) == 0).float().mean()
    assert 0.2 < float(shares) < 0.8


def test_a_view_shows_what_its_entries_were_solved_for(tmp_path: Path) -> None:
    """Better than means of pixels do, in every colour's range; entries that are not taken stay."""
    run = painted(tmp_path, TWO.astype(np.uint8))
    view = run._operator(run.views.overviews[0], 0)
    entries, sums = view.column_sums()
    coverage = torch.from_numpy(view.coverage).reshape(-1, 1)
    wanted = view.matrix.apply(torch.from_numpy(np.random.default_rng(0).random((len(entries), 3), np.float32)))
    image = (wanted / coverage.clamp_min(0.05)).reshape(view.height, view.width, 3).numpy()
    grey, every = torch.full((len(entries), 3), 0.5), torch.ones(len(entries), dtype=torch.bool)
    colors = solve_colors(view, image, sums, grey, every)
    means = view.matrix.adjoint(torch.from_numpy(image.reshape(-1, 3))) / torch.from_numpy(sums)[:, None].float()
    left, before = ((view.matrix.apply(one.contiguous()) - wanted).square().mean() for one in (colors, means))
    assert left < 0.5 * before
    assert colors.min() >= 0 and colors.max() <= 1  # noqa: PT018
    half = every.clone()
    half[::2] = False
    assert torch.equal(solve_colors(view, image, sums, grey, half)[::2], grey[::2])


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    run = painted(tmp_path, TWO.astype(np.uint8))
    assert torch.equal(covered(run), covered(run))


def test_a_tiny_picture_has_patches_too(tmp_path: Path) -> None:
    style = np.random.default_rng(0).integers(0, 255, (9, 30, 3), dtype=np.uint8)
    assert torch.isfinite(covered(painted(tmp_path, style))).all()


def test_regions_take_from_their_own_pictures(tmp_path: Path) -> None:
    """Red above and blue below: no patch of one picture lies in the other's region."""
    for name, color in (("red", (220, 30, 30)), ("blue", (30, 30, 220))):
        noise = np.random.default_rng(0).integers(-20, 20, (64, 64, 1))
        Image.fromarray((np.array(color) + noise).astype(np.uint8)).save(tmp_path / f"{name}.png")
    low = Region(Where(box=(-9, -9, -9, 9, 0, 9)), style=tmp_path / "blue.png")
    model = write_textured_ball(tmp_path / "ball.obj")
    job = style3d.MeshJob(
        model, style=(tmp_path / "red.png",), region=(low,), preset="draft", views=6, resolution=64, texture_size=64,
        steps=4, turntable="none",
    )  # fmt: skip
    run = PaintRun(style3d.load(job), job, tiny_objective(), None, Silent())
    colors, height = covered(run), run.scene.points(0)[:, 1]
    inside = run.scene.inside
    for part, channel in (((height > 0.3) & inside, 0), ((height < -0.3) & inside, 2)):
        assert (colors[torch.from_numpy(part)].argmax(1) == channel).float().mean() > 0.9


def drawing(form: float, contrast: float = 0.2) -> Drawing:
    return Drawing(torch.full((60, 3), 0.5), form, contrast)


PLAIN, TEXTURED = drawing(1.0), drawing(LEAST)


def test_plain_drawings_guide_less() -> None:
    """And use the picture more evenly."""
    plain, textured, close = (guide_of(*both).taste for both in ((1.0, PLAIN), (1.0, TEXTURED), (2.0, TEXTURED)))
    assert plain.guide < textured.guide < close.guide
    assert plain.spread > textured.spread == close.spread


def test_a_flat_drawing_guides_hardly() -> None:
    flat, shaded = (guide_of(1.0, one).taste for one in (drawing(1.0, 0.002), PLAIN))
    assert flat.guide < 0.05 * shaded.guide
    assert flat.busy < 0.05 * shaded.busy
    assert flat.flow < 0.05 * shaded.flow


def half_checked(rows: int, columns: int, contrast: float) -> np.ndarray:
    """Grey on the left, a board of two greys on the right, which are as light in the mean."""
    board = (np.indices((rows, columns)) // 2).sum(0) % 2 * 2.0 - 1
    board[:, : columns // 2] = 0
    return np.repeat(0.5 + contrast * board[..., None], 3, 2).astype(np.float32)


def test_a_busy_drawing_is_covered_by_busy_patches() -> None:
    """However faint its own contrast is: the order counts."""
    picture, solid = half_checked(60, 60, 0.3), np.ones((60, 60), bool)
    guide = guide_of(1.0, PLAIN)
    answers = guide.of_picture(picture)
    exemplar = exemplar_of(picture)._replace(guide=answers)
    middles = exemplar.allowed
    faint = half_checked(60, 60, 0.02)
    asked = guide.of_drawing(faint, np.zeros((60, 60), np.int64), solid, guide.ranks_of(answers, middles))
    sheet = sheet_of(np.pad(np.full_like(faint, 0.5), ((REACH, REACH), (REACH, REACH), (0, 0))))
    sheet = sheet._replace(guide=asked)
    first_guess(exemplar, sheet, guide.taste, np.argwhere(middles[0])[None], 200, np.random.default_rng(0))
    right = sheet.match[..., 1] >= 30
    assert right[:, 40:].mean() > 0.9
    assert right[:, :20].mean() < 0.1


def asked(drawn: Drawing) -> tuple[np.ndarray, np.ndarray]:
    """What a red ramp asks of a dark picture; the ramp's own light."""
    answers = np.random.default_rng(0).uniform(0.1, 0.3, (20, 20, 3)).astype(np.float32)
    ramp = np.linspace(0.3, 0.9, 900, dtype=np.float32).reshape(30, 30, 1) * np.array([1, 0.2, 0.2], np.float32)
    solid = np.ones((30, 30), bool)
    guide = guide_of(1.0, drawn)
    ranks = guide.ranks_of(guide.of_picture(answers), solid[None, :20, :20])
    return guide.of_drawing(ramp, np.zeros((30, 30), np.int64), solid, ranks)[..., :3], ramp


def test_a_plain_drawing_asks_for_the_pictures_light_in_its_own_order() -> None:
    drawn, ramp = asked(PLAIN)
    assert 0.1 < drawn.min() < drawn.max() < 0.3
    assert np.ptp(drawn, 2).max() < 1e-5  # no colours
    order = drawn[..., 0].ravel()[ramp[..., 0].ravel().argsort()]
    assert (np.diff(order[50:-50]) > -0.01).all()


def test_a_textured_drawing_asks_for_its_colours_too() -> None:
    drawn, _ = asked(TEXTURED)
    assert (drawn[..., 0] - drawn[..., 1] > 0.1).mean() > 0.9


def test_the_last_pass_is_as_fine_as_the_picture_and_at_most_twice_the_views(tmp_path: Path) -> None:
    for side, finest in ((64, 1.0), (100, 1.72), (600, 2.0)):
        style = np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8)
        run = painted(tmp_path, style, style_scale=1.0)
        patchwork = Patchwork(run.scene, run.layers, run._operator, guide_of(1.0, TEXTURED), 0)
        scales = patchwork.passes(run.views.overviews)
        assert scales == sorted(scales)
        assert scales[-1] == pytest.approx(finest, rel=0.1)


def test_layers_of_the_same_places_are_one_source(tmp_path: Path) -> None:
    """A plain scene's parts take from the whole picture, and are ranked by their light together."""
    style = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    style[:24] //= 4
    run = painted(tmp_path, style)
    layers = run.layers.layers
    assert panels_of([layers[0], layers[0]], guide_of(1.0, PLAIN), 40.0).source.tolist() == [0, 0]

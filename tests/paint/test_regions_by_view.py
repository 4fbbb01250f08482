"""Regions that a view decides: masks drawn over it, and depth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.core.camera import Camera, look_at
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.nerf.capture.capture import Photo
from style3d.nerf.capture.lens import Brown, Lens
from style3d.nerf.grid.file import FittedGrid, read_grid, save_grid
from style3d.nerf.grid.scene import GridScene
from style3d.nerf.splats.scene import SplatScene
from style3d.paint.regions_by_view import mean_depth, share_of_entries, view_called
from style3d.regions.region import Region, region_of, region_of_text
from style3d.regions.selector import Where
from tests.helpers.clouds import splat_ball
from tests.helpers.fields import ball
from tests.helpers.models import write_textured_ball

NAMES = ("left.jpg", "front.jpg", "right.png")


def grid_scene() -> GridScene:
    """A dense ball, photographed from three sides."""
    grid = ball(24)
    cameras = tuple(look_at(4 * np.array([np.sin(a), 0.0, np.cos(a)]), np.zeros(3), 24.0, 40) for a in (-0.6, 0.0, 0.6))
    return GridScene(FittedGrid(replace(grid, density=grid.density * 4), cameras, names=NAMES), "ball")


def mesh_scene(folder: Path) -> Scene:
    model = write_textured_ball(folder / "ball.obj", 64)
    return style3d.load(style3d.MeshJob(model, (folder / "s.png",), output=folder / "out.glb", texture_size=64))


@pytest.fixture
def left_half(tmp_path: Path) -> Path:
    picture = np.zeros((90, 90), np.uint8)
    picture[:, :45] = 255
    Image.fromarray(picture).save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


def named_view(scene: Scene, name: str) -> Camera:
    return scene.named_views()[view_called(scene, name)]


def shown(scene: Scene, weights: np.ndarray, view: str) -> np.ndarray:
    """The share of each pixel of a view that a region holds."""
    camera = named_view(scene, view)
    table = torch.from_numpy(np.repeat(weights[:, None], 3, 1).astype(np.float32))
    return scene.operator(camera, 0).render(table, torch.zeros(3))[0, 0].numpy()


@pytest.mark.parametrize("kind", ["grid", "splats", "mesh"])
def test_a_mask_lies_where_it_was_drawn(kind: str, left_half: Path, tmp_path: Path) -> None:
    """Seen again from its own view, and from no other side."""
    splats = SplatScene(splat_ball(4000), "ball") if kind == "splats" else None
    scene = splats or (grid_scene() if kind == "grid" else mesh_scene(tmp_path))
    view = "front.jpg" if kind == "grid" else "1"
    weights = share_of_entries(scene, Where(mask=left_half, view=view))
    assert 0 < (weights > 0).mean() < 0.6
    image = shown(scene, weights, view)
    size = image.shape[1]
    body = shown(scene, np.ones(len(weights)), view) > 0.95
    middle = np.abs(np.arange(size) - size / 2) < 0.06 * size  # the edge lies between pixels, texels or splats
    left, right = (body & ~middle[None] & side for side in (np.arange(size) < size / 2, np.arange(size) > size / 2))
    assert image[left].mean() > 0.9
    assert image[right].mean() < 0.07


def test_what_stands_behind_stays_out(left_half: Path) -> None:
    """White everywhere paints the front and not the back."""
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(left_half)
    scene = grid_scene()
    weights = share_of_entries(scene, Where(mask=left_half, view="2"))
    depth = named_view(scene, "front.jpg").project(scene.points(0))[1]
    assert weights[depth < 3.5].max() > 0.99
    assert not weights[depth > 4.2].any()


def test_near_and_far_by_depth_and_by_share() -> None:
    scene = grid_scene()
    depth, seen = mean_depth(scene)
    near, far = (share_of_entries(scene, Where(depth=bounds)) for bounds in ((0.0, 3.6), (3.6, 99.0)))
    assert near.any()
    assert far.any()
    assert not (near * far).any()
    assert np.array_equal((near + far) > 0, seen > 0)
    assert depth[near > 0].max() <= 3.6
    half = share_of_entries(scene, Where(depth_share=(0.0, 0.5)))
    assert seen[half > 0].sum() == pytest.approx(seen.sum() / 2, rel=0.02)
    assert depth[half > 0].max() <= depth[(half == 0) & (seen > 0)].min()


def test_conditions_meet_and_fade(left_half: Path) -> None:
    scene = grid_scene()
    whole = share_of_entries(scene, Where(mask=left_half, view="front"))
    upper = share_of_entries(scene, Where(mask=left_half, view="front", box=(-1, 0, -1, 1, 1, 1)))
    assert 0 < (upper > 0).sum() < (whole > 0).sum()
    assert not upper[scene.points(0)[:, 1] < 0].any()
    faded = share_of_entries(scene, Where(mask=left_half, view="front", feather=0.3))
    assert faded.sum() < whole.sum()


def test_views_by_name_stem_and_number(tmp_path: Path) -> None:
    scene = grid_scene()
    cameras = scene.fitted.cameras
    assert [named_view(scene, name) for name in ("right.png", "right", "3")] == [cameras[2]] * 3
    with pytest.raises(Style3DError, match="no view 'top'"):
        named_view(scene, "top")
    with pytest.raises(Style3DError, match="no view '4'"):
        named_view(scene, "4")
    save_grid(scene.fitted, tmp_path / "a.safetensors")
    assert read_grid(tmp_path / "a.safetensors").names == NAMES


def test_a_mask_is_bent_as_its_photo(tmp_path: Path) -> None:
    """What is drawn over a photo whose lens draws the rim inwards is carried to where a pinhole shows it."""
    plain = grid_scene()
    camera = plain.fitted.cameras[1]
    bend = Brown(k=(-0.9,))
    lens = Lens(camera.focal, camera.focal, camera.cx, camera.cy, camera.width, camera.height, bend)
    photos = tuple(Photo(tmp_path / name, one, lens, 0) for name, one in zip(NAMES, plain.fitted.cameras, strict=True))
    scene = GridScene(replace(plain.fitted, photos=photos), "ball")
    right = np.zeros((200, 200), np.uint8)
    right[:, 150:] = 255
    Image.fromarray(right).save(tmp_path / "right.png")
    drawn = np.linspace(0, 1, 200, dtype=np.float32)[None, :, None].repeat(200, 0)
    assert np.array_equal(plain.straightened_drawing("front.jpg", drawn), drawn)
    bent = scene.straightened_drawing("front.jpg", drawn)[100, :, 0]
    x = (np.arange(200) + 0.5 - 100) / (camera.focal * 5)
    assert np.allclose(bent, (100 + x * (1 - 0.9 * x * x) * camera.focal * 5 - 0.5) / 199, atol=0.01)
    straight, moved = (
        share_of_entries(one, Where(mask=tmp_path / "right.png", view="front")).sum() for one in (plain, scene)
    )
    assert 0 < moved < straight
    with pytest.raises(Style3DError, match="does not fit the photo"):
        scene.straightened_drawing("front.jpg", drawn[:100])


def test_masks_of_other_proportions_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 60), 255, np.uint8)).save(tmp_path / "wide.png")
    with pytest.raises(Style3DError, match="does not fit its view"):
        share_of_entries(grid_scene(), Where(mask=tmp_path / "wide.png", view="1"))
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "black.png")
    with pytest.raises(Style3DError, match="selects nothing"):
        share_of_entries(grid_scene(), Where(mask=tmp_path / "black.png", view="1"))
    with pytest.raises(Style3DError, match="cannot be chosen by mask"):
        share_of_entries(grid_scene(), Where(mask=tmp_path / "black.png"))


def test_a_region_alone_is_painted(left_half: Path, tmp_path: Path) -> None:
    """Without a style for the rest, which stays as it was to the bit."""
    scene = grid_scene()
    region = Region(Where(mask=left_half, view="front"), style=tmp_path / "mask.png")
    quick = {"preset": "draft", "views": 3, "resolution": 64, "steps": 4, "features": "wavelet", "turntable": "none"}
    job = style3d.FieldJob(tmp_path / "a.safetensors", region=(region,), output=tmp_path / "b.safetensors", **quick)
    result = style3d.stylize(scene, job)
    outside = share_of_entries(scene, region.where) == 0
    changed = (result.after != result.before).any(1).numpy()
    assert not changed[outside].any()
    assert changed[~outside].mean() > 0.5


def test_spelling() -> None:
    text = r"mask='C:\my masks\head.png' view=0042.jpg depth=1.5,4 depth-share=0,0.4 strength=0.5"
    region = region_of_text(text)
    assert str(region.where.mask) == r"C:\my masks\head.png"
    assert (region.where.view, region.where.depth, region.where.depth_share) == ("0042.jpg", (1.5, 4.0), (0.0, 0.4))
    assert region_of_text(str(region)) == region
    assert region_of(region.values()) == region
    assert region_of({"mask": "a.png", "view": 3}).where.view == "3"
    for wrong in ("view=3", "depth=4,1", "depth=1", "depth-share=0,1.5"):
        with pytest.raises(Style3DError):
            region_of_text(wrong)

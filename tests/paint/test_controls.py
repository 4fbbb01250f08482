"""What an artist turns: strength, regions, protected areas, kept colours, palettes, brushes, symmetry."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image
from scipy.spatial import cKDTree

import style3d
from style3d.color.interpolate import levels, straight_line
from style3d.color.match import LUMA
from style3d.color.palette import onto_palette, read_palette
from style3d.commands.blend import blend
from style3d.commands.parse import parse_job
from style3d.errors import Style3DError
from style3d.images import read_image
from style3d.losses.objective import default_objective
from style3d.mesh.asset import load_asset
from style3d.paint.layers import _brush
from style3d.paint.symmetry import Mirror
from style3d.regions.region import Region, region_of, region_of_text
from style3d.regions.region_weights import part_weights
from style3d.regions.selector import Where
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import Tiny, tiny_objective


@pytest.fixture
def style(tmp_path: Path) -> Path:
    blots = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(blots).resize((128, 96), Image.Resampling.BICUBIC).save(tmp_path / "style.png")
    return tmp_path / "style.png"


@pytest.fixture
def job(tmp_path: Path, style: Path) -> style3d.MeshJob:
    model = write_textured_ball(tmp_path / "ball.obj", 64)
    return style3d.MeshJob(
        model, (style,), output=tmp_path / "out.glb", preset="draft", views=4, resolution=40, texture_size=64, steps=8,
        turntable="none",
    )  # fmt: skip


def run(job: style3d.MeshJob) -> style3d.Result:
    return style3d.stylize(style3d.load(job), job, tiny_objective())


def texture_of(path: Path) -> np.ndarray:
    return levels(load_asset(path, texture_size=64).surface.textures[0].rgb)


def test_the_line_is_straight_in_eight_bits() -> None:
    before, after = np.uint8([[0, 10, 255]]), np.uint8([[255, 20, 254]])
    assert straight_line(before, after, 0.0).tolist() == before.tolist()
    assert straight_line(before, after, 1.0).tolist() == after.tolist()
    assert straight_line(before, after, 0.4).tolist() == [[102, 14, 255]]


def test_any_strength_is_baked_again(job: style3d.MeshJob, tmp_path: Path) -> None:
    result = run(job)
    result.save(tmp_path / "out.glb")
    for strength in (0.0, 0.3, 1.0):
        blend(tmp_path / "out.glb", strength, tmp_path / "again.glb")
        straight = replace(result, job=replace(job, strength=strength)).save(tmp_path / "run.glb")[0]
        assert np.array_equal(texture_of(tmp_path / "again.glb"), texture_of(straight))
        expected = straight_line(levels(result.before.numpy()), levels(result.after.numpy()), strength)
        assert np.array_equal(texture_of(straight).reshape(-1, 3), expected)


def test_blending_in_place_can_be_taken_back(job: style3d.MeshJob, tmp_path: Path) -> None:
    run(job).save(tmp_path / "out.glb")
    styled = texture_of(tmp_path / "out.glb")
    blend(tmp_path / "out.glb", 0.25)
    assert json.loads((tmp_path / "out.report.json").read_text())["job"]["strength"] == 0.25
    assert not np.array_equal(texture_of(tmp_path / "out.glb"), styled)
    blend(tmp_path / "out.glb", 1.0)
    assert np.array_equal(texture_of(tmp_path / "out.glb"), styled)


def test_vertex_colours_blend_by_way_of_the_source(job: style3d.MeshJob, tmp_path: Path) -> None:
    painted = replace(job, paint="vertices", output=tmp_path / "ball.ply")
    result = run(painted)
    result.save()
    (half,) = blend(tmp_path / "ball.ply", 0.5, tmp_path / "half.ply")
    (direct,) = result.scene.save(result.blend(0.5), tmp_path / "direct.ply")
    assert half.read_bytes() == direct.read_bytes() != (tmp_path / "ball.ply").read_bytes()
    job.model.write_text(job.model.read_text() + "# changed\n")
    with pytest.raises(Style3DError, match="missing or has changed"):
        blend(tmp_path / "ball.ply", 0.5, tmp_path / "half.ply")


def test_a_run_without_its_evidence_cannot_be_blended(job: style3d.MeshJob, tmp_path: Path) -> None:
    run(job).save(tmp_path / "out.glb")
    kept = (tmp_path / "out.glb").read_bytes()
    (tmp_path / "out.strengths.npz").write_bytes(b"PK nonsense")
    with pytest.raises(Style3DError, match="damaged"):
        blend(tmp_path / "out.glb", 0.5)
    (tmp_path / "out.report.json").unlink()
    with pytest.raises(Style3DError, match="missing"):
        blend(tmp_path / "out.glb", 0.5)
    assert (tmp_path / "out.glb").read_bytes() == kept


def test_an_edit_never_leaves_its_region(job: style3d.MeshJob, style: Path, tmp_path: Path) -> None:
    region = Region(Where(sphere=(1.0, 0, 0, 0.9), feather=0.3), style=style)
    only = replace(job, style=(), region=(region,))
    result = run(only)
    weights = part_weights(result.scene, region.where)
    outside = torch.from_numpy(weights == 0)
    assert 0.5 < outside.float().mean() < 0.95
    assert torch.equal(result.after[outside], result.before[outside])
    assert (result.after[~outside] - result.before[~outside]).abs().mean() > 0.02
    written = texture_of(result.save(tmp_path / "out.glb")[0]).reshape(-1, 3)
    source = levels(read_image(job.model.with_suffix(".png"))).reshape(-1, 3)
    assert np.array_equal(written[outside.numpy()], source[outside.numpy()])


def test_regions_lie_over_each_other(job: style3d.MeshJob, style: Path) -> None:
    upper = Region(Where(box=(-2, 0, -2, 2, 2, 2)), strength=0.5)
    whole, half = run(job), run(replace(job, region=(upper,)))
    top = torch.from_numpy(part_weights(whole.scene, upper.where) > 0)
    assert torch.equal(whole.after[~top], half.after[~top])  # the same style: one layer, painted as one
    expected = torch.lerp(whole.before, whole.after, 0.5)
    assert torch.allclose(half.after[top], expected[top], atol=1e-6)


def test_what_is_protected_stays_to_the_byte(job: style3d.MeshJob, tmp_path: Path) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 10:50] = 255
    Image.fromarray(mask).save(tmp_path / "eyes.png")
    result = run(replace(job, protect=(tmp_path / "eyes.png",)))
    written = texture_of(result.save(tmp_path / "out.glb")[0])
    source = levels(read_image(job.model.with_suffix(".png")))
    assert np.array_equal(written[mask > 0], source[mask > 0])
    assert (written[mask == 0] != source[mask == 0]).any(-1).mean() > 0.9


def test_hues_are_kept(job: style3d.MeshJob) -> None:
    result = run(replace(job, preserve_color=True))
    luma = torch.tensor(LUMA)
    before, after = (colors - (colors @ luma)[:, None] for colors in (result.before, result.after))
    length = before.norm(dim=1) * after.norm(dim=1)
    kept = length > 1e-3
    assert kept.float().mean() > 0.5
    assert ((before * after).sum(1)[kept] / length[kept]).min() > 0.999  # chroma points the same way
    assert (result.after - result.before).abs().mean() > 0.02


def test_a_palette_is_reached(job: style3d.MeshJob) -> None:
    names = ("#0b132b", "5bc0be", "#fff")
    result = run(replace(job, palette=names))
    palette = read_palette(names)
    distance = torch.cdist(result.after, palette).min(1).values
    assert distance.median() < 0.02
    assert torch.allclose(onto_palette(palette, palette), palette, atol=1e-3)


def test_palettes_come_from_pictures_and_names(tmp_path: Path) -> None:
    board = np.zeros((16, 16, 3), np.uint8)
    board[:8] = (255, 0, 0)
    Image.fromarray(board).save(tmp_path / "two.png")
    assert sorted(read_palette((str(tmp_path / "two.png"),)).tolist()) == [[0, 0, 0], [1, 0, 0]]
    assert torch.equal(read_palette(("#102030,#fff",)), read_palette(("102030", "#ffffff")))
    with pytest.raises(Style3DError, match="'#12345'"):
        read_palette(("#000000", "#12345"))


def test_detail_is_kept(job: style3d.MeshJob) -> None:
    def lines(result: style3d.Result) -> float:
        """Correlation of what is fine in the texture with what was."""
        fine = [colors.reshape(64, 64, 3).diff(n=2, dim=1).flatten() for colors in (result.before, result.after)]
        return float(torch.corrcoef(torch.stack(fine))[0, 1])

    kept = default_objective(Tiny(), detail_weight=150.0)
    more = replace(job, steps=120, learning_rate=0.01)
    detailed = style3d.stylize(style3d.load(more), more, kept)
    assert lines(detailed) > lines(run(more)) + 0.03


def test_both_sides_are_painted_alike(job: style3d.MeshJob, tmp_path: Path) -> None:
    """On an atlas that is not symmetric at all; to what texels in other places can show."""
    trimesh.creation.icosphere(subdivisions=2).export(tmp_path / "ball.ply")
    bare = replace(job, model=tmp_path / "ball.ply", paint="texture")
    steps = []
    for symmetry in ("x", None):
        result = run(replace(bare, symmetry=symmetry))
        points, colors = (values[result.scene.inside] for values in (result.scene.points(0), result.after.numpy()))
        distance, near = cKDTree(points).query(points * [-1, 1, 1])
        spacing = np.median(cKDTree(points).query(points, 2)[0][:, 1])
        steps.append(np.abs(colors[near] - colors).mean(1)[distance < 0.25 * spacing].mean())
    assert steps[0] < 0.3 * steps[1]
    assert steps[0] < 0.02


def test_what_is_not_symmetric_is_refused(tmp_path: Path, job: style3d.MeshJob) -> None:
    mesh = trimesh.creation.cone(0.3, 3.0, sections=24)
    mesh.apply_transform(trimesh.transformations.rotation_matrix(0.7, [0, 1, 0]))
    mesh.export(tmp_path / "cone.ply")
    scene = style3d.load(replace(job, model=tmp_path / "cone.ply", paint="texture"))
    with pytest.raises(Style3DError, match="not symmetric in x"):
        Mirror(scene, "x")


def test_regions_are_written_as_they_are_read() -> None:
    text = "material='Dark leather' style=gold.jpg strength=0.6 brush-size=0.1 feather=0.02 box=0,0,0,1,2,3"
    region = region_of_text(text)
    assert region.where.material == "Dark leather"
    assert region.where.box == (0, 0, 0, 1, 2, 3)
    assert region.brush_size == 0.1
    assert region_of_text(str(region)) == region_of(region.values()) == region
    with pytest.raises(Style3DError, match="did you mean 'strength'"):
        region_of_text("material=a strenght=1")
    with pytest.raises(Style3DError, match="out of range"):
        region_of_text("material=a strength=2")
    with pytest.raises(Style3DError, match="cannot be understood"):
        region_of_text("leather")


def test_controls_reach_the_job(job: style3d.MeshJob, style: Path) -> None:
    words = [
        "--region",
        f"node=head style={style}",
        "--region",
        "sphere=0,0,0,1 strength=0",
        "--palette",
        "#fff",
        "#000",
    ]
    found, _ = parse_job(style3d.MeshJob, [str(job.model), "--brush-size", "0.5", "--symmetry", "z", *words])
    assert [region.strength for region in found.regions] == [1.0, 0.0]
    assert (found.brush_size, found.symmetry, found.palette) == (0.5, "z", ("#fff", "#000"))
    for wrong in (["--strength", "1.5"], ["--preserve-color", "--palette", "#fff"], ["--region", "node=head"]):
        with pytest.raises(Style3DError):
            parse_job(style3d.MeshJob, [str(job.model), "--region", "mesh=a style=b.png", *wrong])


def test_a_region_with_a_picture_leaves_the_prompts_out(job: style3d.MeshJob, style: Path) -> None:
    """Even where its picture is the job's only one; without a prompt it is the same brush as the rest."""
    scene, region = style3d.load(job), Region(Where(material="*"), style=style)
    spoken = replace(job, style=(style,), prompt=("red marble",), region=(region,))
    assert [_brush(scene, spoken, part).spoken for part in (Region(), region)] == [True, False]
    silent = replace(spoken, prompt=())
    assert _brush(scene, silent, Region()) == _brush(scene, silent, region)


def test_brushes_are_measured_in_scene_units(job: style3d.MeshJob) -> None:
    """A brush of half the object's size is a style scale of one half, in every view."""
    scene = style3d.load(job)
    half = replace(job, brush_size=0.5 * scene.extent, region=(Region(Where(material="*"), brush_size=0.25),))
    layers = [_brush(scene, half, region) for region in (Region(), *half.regions)]
    assert [brush.scale for brush in layers] == pytest.approx([0.5, 0.25 / scene.extent])
    camera = scene.plan(4, 40).overviews[0]
    pixels_per_unit = camera.focal / scene.distance(camera)
    assert scene.pixel_extent(camera) * layers[1].scale == pytest.approx(0.25 * pixels_per_unit)

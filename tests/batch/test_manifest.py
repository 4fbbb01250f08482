"""Manifests: what they come to, and what is refused before anything is painted."""

from __future__ import annotations

from pathlib import Path

import pytest

from style3d.batch.ledger import Ledger
from style3d.batch.library import picks_with_shared_look
from style3d.batch.manifest import read_manifest
from style3d.batch.plan import PlannedJob, manifest_of_folder, paint_key, picks, planned_jobs
from style3d.errors import Style3DError
from style3d.job import MeshJob
from tests.helpers.models import write_textured_ball


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Three assets in two folders, and two pictures."""
    for name in ("props/barrel.obj", "props/crate.obj", "hero.obj"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_textured_ball(tmp_path / name)
    for name in ("oil.png", "glass.png"):
        (tmp_path / name).write_bytes((tmp_path / "hero.png").read_bytes())
    return tmp_path


HEAD = (
    "looks:\n  oil: {style: oil.png, accept: style<=0.9, retries: 1}\n  glass: {style: glass.png, content-weight: 2}\n"
)


def jobs_of(library: Path, text: str) -> dict[str, PlannedJob]:
    path = library / "night.yaml"
    path.write_text(HEAD + text)
    output = library / "out"
    return {job.enrolled.target: job for job in planned_jobs(picks(read_manifest(path), output), output)}


def test_every_asset_in_every_look(library: Path) -> None:
    jobs = jobs_of(library, "settings: {preset: draft}\nassets: ['**/*.obj']\n")
    assert list(jobs) == [
        "oil/hero.glb", "glass/hero.glb", "oil/props/barrel.glb", "glass/props/barrel.glb", "oil/props/crate.glb",
        "glass/props/crate.glb",
    ]  # fmt: skip
    barrel = jobs["glass/props/barrel.glb"]
    assert (barrel.job.preset, barrel.job.content_weight, barrel.accept) == ("draft", 2.0, "")
    assert barrel.job.output == library / "out/glass/props/barrel.glb"
    assert barrel.job.style == (library / "glass.png",)
    assert (jobs["oil/hero.glb"].accept, jobs["oil/hero.glb"].retries) == ("style<=0.9", 1)
    assert len({job.enrolled.key for job in jobs.values()}) == 6


def test_later_rules_go_before_earlier_ones(library: Path) -> None:
    rules = "- '**/*.obj'\n- {files: hero.obj, looks: [glass], content-weight: 0.5, format: obj}\n"
    jobs = jobs_of(library, f"assets:\n{rules}")
    assert sorted(name for name in jobs if "hero" in name) == ["glass/hero.obj"]
    assert jobs["glass/hero.obj"].job.content_weight == 0.5
    assert jobs["glass/props/crate.glb"].job.content_weight == 2


def test_a_list_of_pairs(library: Path) -> None:
    jobs = jobs_of(library, "jobs:\n- {files: props/crate.obj, look: oil, seed: 7}\n- {files: hero.obj, look: glass}\n")
    assert list(jobs) == ["oil/props/crate.glb", "glass/hero.glb"]
    assert jobs["oil/props/crate.glb"].job.seed == 7


def test_a_folder_is_a_batch(library: Path) -> None:
    looks = read_manifest_looks(library)
    (library / "out/oil").mkdir(parents=True)
    write_textured_ball(library / "out/oil/hero.obj")
    found = picks(manifest_of_folder(library, looks), library / "out", {"seed": 3})
    assert sorted({pick.name for pick in found}) == ["hero.obj", "props/barrel.obj", "props/crate.obj"]
    assert all(pick.settings["seed"] == 3 for pick in found)
    with pytest.raises(Style3DError, match="does not exist"):
        manifest_of_folder(library / "absent", looks)


def read_manifest_looks(library: Path) -> dict:
    path = library / "looks.yaml"
    path.write_text(HEAD + "assets: ['**/*.obj']\n")
    return dict(read_manifest(path).looks)


def test_a_key_depends_on_contents_and_not_on_places(library: Path, tmp_path: Path) -> None:
    job = MeshJob(library / "hero.obj", style=(library / "oil.png",))
    moved = library / "elsewhere"
    moved.mkdir()
    (library / "hero.obj").rename(moved / "hero.obj")
    same = MeshJob(moved / "hero.obj", style=(library / "oil.png",), device="cpu", output=Path("a.glb"))
    absent = paint_key(job, "a.glb")
    assert paint_key(same, "a.glb") == paint_key(MeshJob(moved / "hero.obj", style=(library / "oil.png",)), "a.glb")
    assert paint_key(same, "a.glb") not in (absent, paint_key(same, "b.glb"))
    (library / "oil.png").write_bytes(b"another picture")
    assert paint_key(same, "a.glb") != absent


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("asets: ['*.obj']", "did you mean 'assets'"),
        ("assets: [{files: '*.obj', stepps: 3}]", "did you mean 'steps'"),
        ("assets: [{files: '*.obj', looks: [oyl]}]", "did you mean 'oil'"),
        ("assets: ['*.fbx']", r"no asset is called \*.fbx"),
        ("assets: [hiro.obj]", "no asset is called hiro.obj"),
        ("assets: ['*.obj']\nlooks: {../up: {style: oil.png}}", "cannot have this name"),
        ("assets: ['*.obj']\nlooks: {con/x: {style: oil.png}}", "cannot have this name"),
        ("assets: ['*.obj']\nlooks: {oil: {style: absent.png}}", "absent.png"),
        ("assets: ['*.obj']\nlooks: {oil: {content-weight: 1}}", "has no style"),
        ("assets: ['*.obj']\nlooks: {oil: {style: oil.png, retries: 99}}", "retries .* is out of range"),
        ("assets: ['*.obj']\nlooks: {oil: {style: oil.png, output: x.glb}}", "output .* is decided by the batch"),
        ("assets: ['*.obj']\nsettings: {content-weight: 500}", "hero.obj as oil: --content-weight is out of range"),
        ("assets: ['*.obj']\nbrush-size: wide", "brush-size .* expected one, own, or a length"),
        ("assets: ['*.obj']\npalette: ['#12345']", "12345 does not exist"),
        ("assets: [{files: '*.obj', format: fbx}]", "format .* cannot be written"),
        ("assets: 7", "is not a list"),
        ("jobs: [{files: hero.obj}]", "names no look"),
        ("jobs: [{look: oil}]", "names no files"),
        ("settings: {seed: 1}", "the batch has no assets"),
        ("- a", "is not valid YAML"),
        ("assets: !!python/object/apply:os.system ['true']", "is not valid YAML"),
    ],
)
def test_what_is_not_understood_is_said(text: str, said: str, library: Path) -> None:
    with pytest.raises(Style3DError, match=said):
        jobs_of(library, text + "\n")


def test_two_results_never_have_one_name(library: Path) -> None:
    (library / "hero.stl").write_bytes(b"solid")
    assert list(jobs_of(library, "assets: [{files: 'hero.*', looks: [oil]}]\n")) == ["oil/hero.glb", "oil/hero.stl.glb"]


def test_a_look_has_one_brush_and_one_palette_that_stay(library: Path) -> None:
    path, ledger = library / "night.yaml", Ledger(library / "ledger.sqlite")
    path.write_text(HEAD + "palette: one\nassets: ['**/*.obj', {files: hero.obj, brush-size: 9}]\n")
    manifest = read_manifest(path)
    chosen = picks_with_shared_look(manifest, picks(manifest, library / "out"), ledger)
    sizes = {pick.settings["brush_size"] for pick in chosen if pick.name != "hero.obj" and pick.look.name == "oil"}
    assert len(sizes) == 1
    assert 1.5 < sizes.pop() < 5  # the balls are two units wide
    assert {pick.settings["brush_size"] for pick in chosen if pick.name == "hero.obj"} == {9.0}
    assert len({pick.settings["palette"] for pick in chosen if pick.look.name == "oil"}) == 1
    (library / "castle.obj").write_text((library / "hero.obj").read_text().replace("v 0", "v 90"))
    later = picks_with_shared_look(manifest, picks(manifest, library / "out"), ledger)
    assert later[-1].name != chosen[-1].name or len(later) > len(chosen)
    assert {p.settings["brush_size"] for p in later if p.name == "castle.obj"} == {
        p.settings["brush_size"] for p in chosen if p.name == "props/crate.obj"
    }
    ledger.close()

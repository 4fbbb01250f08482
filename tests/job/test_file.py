"""Job files: what a run writes gives its job back, and what is not understood is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from style3d.commands.parse import parse_job
from style3d.errors import Style3DError
from style3d.job import FieldJob, Job, MeshJob, read_job_file, write_job_file
from style3d.regions.region import region_of_text

PAINT = (Path("paint.jpg"),)
JOBS = [
    MeshJob(Path("cow.glb"), PAINT),
    MeshJob(
        Path("models/cow.glb"), (Path("a.jpg"), Path("b.jpg")), output=Path("out/cow.glb"), style_weights=(2.0, 1.0),
        region=(region_of_text("material='Dark leather' style=gold.jpg mask=m.png box=0,0,0,1,1,1 feather=0.5"),),
        protect=(Path("eyes.png"),), palette=("#0b132b", "#fff"), symmetry="x", strength=0.25, preserve_color=False,
    ),
    MeshJob(Path("cow.glb"), PAINT, palette=("colours/sunset.jpg",)),
    FieldJob(Path("garden.ply"), PAINT, view_dependence="drop"),
]  # fmt: skip


@pytest.mark.parametrize("job", JOBS)
def test_a_job_comes_back(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_job_file(job, Path("evidence/cow.job.yaml"))
    assert read_job_file(Path("evidence/cow.job.yaml")) == job


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    look = tmp_path / "looks" / "gold.yaml"
    look.parent.mkdir()
    look.write_text(
        "model: ../cow.glb\nstyle: gold.jpg\nbrush-size: 2\nregion:\n- {node: head, strength: 0, mask: m.png}\n"
        "- material=horn style=/bone.jpg\npalette: sunset.jpg\n"
    )
    job = read_job_file(look)
    assert (job.model, job.style) == (tmp_path / "cow.glb", (tmp_path / "looks" / "gold.jpg",))
    assert job.region[0].where.mask == tmp_path / "looks" / "m.png"
    assert job.region[1].style == Path("/bone.jpg")
    assert job.palette == (str(tmp_path / "looks" / "sunset.jpg"),)
    assert job.brush_size == 2.0


def test_options_go_before_the_file(tmp_path: Path) -> None:
    look = tmp_path / "look.yaml"
    look.write_text("model: cow.glb\nstyle: [a.jpg]\nsteps: 7\nviews: 9\n")
    job, _ = parse_job(MeshJob, ["--job", str(look), "--steps", "3"])
    assert (job.steps, job.views, job.model) == (3, 9, tmp_path / "cow.glb")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model: a.glb\nstyle: b.jpg\ntextur-size: 5", "did you mean 'texture-size'"),
        ("model: a.glb\nstyle: b.jpg\nsteps: many", "steps .* expected a whole number"),
        ("model: a.glb\nstyle: b.jpg\nsteps: 0", "--steps is out of range"),
        ("model: a.glb\nstyle: b.jpg\nsymmetry: w", "expected one of x, y, z"),
        ("model: a.glb\nstyle: b.jpg\npreserve-color: 1", "true or false"),
        ("model: a.glb\nstyle: b.jpg\nregion: [{colour: red}]", "no setting of a region is called 'colour'"),
        ("model: a.glb\nstyle: {a: b}", "expected a list"),
        ("style: b.jpg", "names no model"),
        ("kind: sculpture\nmodel: a.glb", "no kind of job"),
        ("- a\n- b", "is not a job"),
        ("model: [", "is not valid YAML"),
        ("!!python/object/apply:os.system ['true']", "is not valid YAML"),
        ("[" * 5000, "is not valid YAML"),
    ],
)
def test_what_is_not_understood_is_said(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "look.yaml").write_text(text)
    with pytest.raises(Style3DError, match=said):
        read_job_file(tmp_path / "look.yaml")


FOUND = ("#111111>#0d1533", "#111111>#202020", "#ffffff>#eeeeee")


def test_a_model_is_no_job(tmp_path: Path) -> None:
    """Given where a job file belongs."""
    (tmp_path / "a.glb").write_bytes(b"glTF\x02\0\0\0\xdb\xff")
    with pytest.raises(Style3DError, match=r"a.glb is not YAML; expected .yaml or .yml"):
        read_job_file(tmp_path / "a.glb")


def test_a_found_cast_stands_below_as_a_comment(tmp_path: Path) -> None:
    path = tmp_path / "cow.job.yaml"
    write_job_file(JOBS[0], path, FOUND)
    assert read_job_file(path).cast == ("auto",)
    lines = path.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("# cast:"))
    assert lines[at + 1 :] == ['#   - "#111111>#0d1533"', '#   - "#ffffff>#eeeeee"']
    path.write_text("\n".join([*lines[:at], *(line[2:] for line in lines[at:])]))
    assert read_job_file(path).cast == ("#111111>#0d1533", "#ffffff>#eeeeee")


@pytest.mark.parametrize("cast", [("off",), ("#000000>#ffffff",)])
def test_a_cast_of_ones_own_stands_alone(cast: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "cow.job.yaml"
    write_job_file(MeshJob(Path("cow.glb"), PAINT, cast=cast), path, FOUND)
    assert "# cast:" not in path.read_text()
    assert read_job_file(path).cast == cast


def test_a_value_that_repeats_itself_is_refused_at_once(tmp_path: Path) -> None:
    """Lists within lists by reference: a few bytes that would be written out as gigabytes."""
    lists = ["&a0 [x, x]", *(f"&a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30))]
    (tmp_path / "look.yaml").write_text(f"prompt: [{', '.join(lists)}]\n")
    with pytest.raises(Style3DError, match=r"prompt .* is not understood"):
        read_job_file(tmp_path / "look.yaml")
    (tmp_path / "look.yaml").write_text(f"model: a.glb\nregion:\n- box: [{', '.join(lists)}]\n")
    with pytest.raises(Style3DError, match="box cannot be understood"):
        read_job_file(tmp_path / "look.yaml")

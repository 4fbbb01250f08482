"""What an option needs, excludes and touches is said once, in its annotation, and everything else follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
import tyro

from style3d.commands.parse import parse_job
from style3d.errors import Style3DError
from style3d.job import FieldJob, Job, MeshJob, recipe
from style3d.job.control import Excludes, Needs, Trait, controls, names_with
from style3d.job.preset import PRESETS, Preset
from style3d.nerf.nerfstudio.job import StyleJob, style_of
from style3d.paint.provenance import provenance_of

MODEL, STYLE = Path("a.glb"), (Path("b.jpg"),)


@dataclass(frozen=True)
class Extended(MeshJob):
    """Three options more."""

    kind: ClassVar[str] = "extended"
    fog: Annotated[float, Needs("haze")] = 0.0
    haze: Annotated[float, Excludes("sun", "haze hides it")] = 0.0
    sun: Annotated[float, Trait.CONDUCT] = 0.0


def test_a_new_option_is_refused_as_its_annotation_says() -> None:
    with pytest.raises(Style3DError, match="--fog needs --haze; add --haze"):
        Extended(MODEL, STYLE, fog=1.0)
    with pytest.raises(Style3DError, match="--haze excludes --sun: haze hides it; give one of them"):
        Extended(MODEL, STYLE, haze=1.0, sun=1.0)
    assert Extended(MODEL, STYLE, fog=1.0, haze=1.0).haze == 1.0


def test_provenance_leaves_out_what_does_not_change_the_picture() -> None:
    job = Extended(MODEL, STYLE, sun=1.0, haze=0.0, device="cuda", credit="me", keep_detail=0.5)
    assert provenance_of(job, "0").settings == {"preset": "standard", "seed": 0, "keep_detail": 0.5}


@pytest.mark.parametrize("kind", [MeshJob, FieldJob, StyleJob])
def test_annotations_name_options_that_exist(kind: type[Job]) -> None:
    known = controls(kind)
    named = {mark.other for control in known.values() for mark in (*control.needs, *control.excludes)}
    assert named <= set(known)


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (MeshJob, {"negative_prompt": ("red",)}, "--negative-prompt needs --prompt"),
        (MeshJob, {"preserve_color": True, "palette": ("#fff",)}, "--preserve-color excludes --palette"),
        (MeshJob, {"sign_key": Path("k.pem")}, "--sign-key needs --sign-certificate"),
        (MeshJob, {"sign_certificate": Path("k.pem")}, "--sign-certificate needs --sign-key"),
        (MeshJob, {"variants": True, "style_weights": (1.0,)}, "--variants excludes --style-weights"),
        (MeshJob, {"time": 60.0, "steps": 4}, "--time excludes --steps"),
        (MeshJob, {"time": 60.0, "preset": "draft"}, "--time excludes --preset"),
        (MeshJob, {"time": 60.0, "optimizer": "lbfgs"}, "--time excludes --optimizer"),
        (MeshJob, {"time": 60.0, "variants": True}, "--variants excludes --time"),
        (MeshJob, {"time": 0.5}, "--time is out of range"),
        (FieldJob, {"time": 60.0, "mesh": Path("m.glb")}, "--mesh excludes --time"),
        (FieldJob, {"faces": 100}, "--faces needs --mesh"),
        (FieldJob, {"texture_size": 64}, "--texture-size needs --mesh"),
        (MeshJob, {"preset": "loud"}, "no preset is called 'loud'"),
    ],
)
def test_refusals(kind: type[Job], options: dict[str, Any], said: str) -> None:
    with pytest.raises(Style3DError, match=said):
        kind(MODEL, STYLE, **options)


@pytest.mark.parametrize("name", sorted(names_with(FieldJob, Trait.NEEDS_TABLE)))
def test_a_nerfstudio_run_refuses_what_needs_a_table(name: str) -> None:
    job = object.__new__(FieldJob)
    for key, value in vars(FieldJob(MODEL.with_suffix(".ply"), STYLE)).items():
        object.__setattr__(job, key, object() if key == name else value)  # anything but the default
    with pytest.raises(Style3DError, match=f"--{name.replace('_', '-')} does not work on a nerfstudio run"):
        style_of(job)


def test_nerfstudio_offers_neither_what_it_decides_nor_what_needs_a_table(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        tyro.cli(StyleJob, args=["--help"])
    text = capsys.readouterr().out
    hidden = names_with(Job, Trait.HOST_DECIDES, Trait.NEEDS_TABLE)
    assert hidden >= {"model", "output", "device", "optimizer", "turntable", "strength", "region", "symmetry"}
    shown = {name for name in controls(StyleJob) if f"--{name.replace('_', '-')} " in text}
    assert shown == controls(StyleJob).keys() - hidden - {"style"}


def test_a_preset_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Preset("a blink", 3, 64, 0, 1.0, (5,), 0.02, frames=2, frame_size=32)
    monkeypatch.setitem(PRESETS, "sketch", row)
    job = MeshJob(MODEL, STYLE, preset="sketch")
    made = recipe(job)
    assert (made.views, made.resolution, made.frames, made.frame_size) == (3, 64, 2, 32)
    assert [(stage.steps, stage.rate, stage.scale) for stage in made.stages] == [(5, 0.02, 1.0)]
    assert recipe(replace(job, views=7, steps=9)).views == 7


def test_help_tells_every_preset(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        parse_job(MeshJob, ["--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert all(f"{name} ({preset.summary})" in text for name, preset in PRESETS.items())

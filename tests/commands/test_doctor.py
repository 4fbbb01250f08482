"""The doctor names what is there, says what to type for the rest, and notices what is broken."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import pytest

from style3d.commands import doctor as module
from style3d.commands.doctor import cast_a_ray, doctor, paint_a_step, read_features, required_packages
from style3d.optional.libraries import LIBRARIES, Library


def test_report_names_versions_device_and_passes_its_checks() -> None:
    report = doctor()
    for line in (f"torch        {version('torch')}", "embreex", "device: ", "optional parts:", "self-check:"):
        assert line in report
    assert "FAILED" not in report
    assert "absent: style3d cannot work" not in report


def test_missing_part_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Library("no_such_module_anywhere", "flux-capacitor", "time travel")
    monkeypatch.setattr(module, "LIBRARIES", (row,))
    report = doctor()
    assert "time travel: flux-capacitor is not installed" in report
    assert f"{sys.executable} -m pip install flux-capacitor" in report


def test_broken_part_is_named_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    import embreex.rtcore_scene

    def broken(*_: Any) -> None:
        raise RuntimeError("wrong\nCPU")

    monkeypatch.setattr(embreex.rtcore_scene, "EmbreeScene", broken)
    with pytest.raises(RuntimeError):
        cast_a_ray()
    assert "cast a ray: FAILED, RuntimeError: wrong CPU" in doctor()


def test_each_check_passes_here() -> None:
    assert cast_a_ray() == "ok"
    assert paint_a_step().startswith("ok on ")
    assert read_features().startswith("ok, ")


def test_missing_film_tool_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from style3d.preview.turntable import ffmpeg

    monkeypatch.setattr(sys.modules[ffmpeg.__module__], "is_installed", lambda _: False)
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert "no ffmpeg; .webp and .gif work without" in doctor()


def test_nothing_of_either_list_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the package requires comes from its metadata, what it can use from the rows."""
    assert {"torch", "tifffile", "PyYAML"} <= set(required_packages())
    report = doctor()
    assert all(f"  {name} " in report for name in required_packages())
    assert all(f"  {row.purpose}: {row.title} is " in report for row in LIBRARIES)
    assert "lpips" in report
    metadata = ["alpha-beta>=1.0,<2", "gamma", 'delta>=2; extra == "more"']
    monkeypatch.setattr(module, "requires", lambda name: metadata)
    assert required_packages() == ("alpha-beta", "gamma")

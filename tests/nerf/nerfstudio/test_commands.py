"""Every command of docs/nerfstudio.md is one that nerfstudio, or style3d, understands; nothing is trained here."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from style3d.commands.parse import parse_job
from style3d.job import FieldJob
from tests.helpers.nerfstudio import with_nerfstudio

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "nerfstudio.md").read_text(encoding="utf-8").replace("\\\n", " ")
WRAPPER = "python -m style3d.nerf.nerfstudio.run_command "


def commands(program: str) -> list[str]:
    lines = [line.strip().removeprefix(WRAPPER) for line in PAGE.splitlines() if line.startswith("    ")]
    return [line for line in lines if re.match(rf"{program} ", line)]


def understood(command: str) -> None:
    """Parse a command as its own program does."""
    import tyro

    from style3d.optional.torchvision_compat import import_torchvision

    import_torchvision()
    program, *arguments = shlex.split(command)
    if program == "ns-train":
        methods = import_module("nerfstudio.configs.method_configs")
        tyro.cli(methods.AnnotatedBaseConfigUnion, args=arguments)
        return
    module, name = {
        "ns-render": ("render", "Commands"),
        "ns-eval": ("eval", "ComputePSNR"),
        "ns-viewer": ("viewer.run_viewer", "RunViewer"),
    }[program]
    tyro.cli(getattr(import_module(f"nerfstudio.scripts.{module}"), name), args=arguments)


def test_the_page_shows_the_whole_way() -> None:
    programs = ("ns-train", "ns-render", "ns-eval", "ns-viewer", "ns-export", "style3d nerf", "pip install")
    assert all(commands(program) for program in programs)


@with_nerfstudio
@pytest.mark.filterwarnings("ignore")  # nerfstudio's own
@pytest.mark.parametrize("command", commands("ns-(train|render|eval|viewer)"))
def test_nerfstudio_understands(command: str) -> None:
    understood(command)


@with_nerfstudio
@pytest.mark.filterwarnings("ignore")
def test_a_misspelt_command_would_be_noticed() -> None:
    with pytest.raises(SystemExit):
        understood(commands("ns-eval")[0] + " --load-konfig x")


@pytest.mark.parametrize("command", commands("style3d nerf"))
def test_we_understand(command: str) -> None:
    job, _ = parse_job(FieldJob, shlex.split(command)[2:])
    assert job.model.name in ("config.yml", "SCENE.ply")

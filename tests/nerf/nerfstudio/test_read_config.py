"""config.yml as data: what nerfstudio wrote is understood, and nothing in a stranger's file runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("yaml", reason="PyYAML comes with nerfstudio")

from style3d.errors import Style3DError
from style3d.nerf.nerfstudio.read_config import parse_config, read_run, restore_settings

WRITTEN = b"""!!python/object:nerfstudio.engine.trainer.TrainerConfig
_target: !!python/name:nerfstudio.engine.trainer.Trainer ''
data: &id001 !!python/object/apply:pathlib.PosixPath
- data
- fox
method_name: nerfacto
pipeline: !!python/object:nerfstudio.pipelines.base_pipeline.VanillaPipelineConfig
  datamanager: !!python/object:nerfstudio.data.ParallelDataManagerConfig
    data: *id001
    collate_fn: !!python/name:nerfstudio.data.utils.nerfstudio_collate.nerfstudio_collate ''
  model: !!python/object:nerfstudio.models.nerfacto.NerfactoModelConfig
    num_levels: 8
    num_proposal_samples_per_ray: !!python/tuple
    - 32
    - 16
"""


@dataclass
class Inner:
    size: int = 1


@dataclass
class NerfactoModelConfig:
    _target: type = Path
    num_levels: int = 16
    num_proposal_samples_per_ray: tuple[int, ...] = (256, 96)
    near_plane: float = 0.05
    inner: Inner = field(default_factory=Inner)


def written(folder: Path, content: bytes = WRITTEN) -> Path:
    (folder / "nerfstudio_models").mkdir()
    (folder / "nerfstudio_models" / "step-000000009.ckpt").write_bytes(b"x")
    (folder / "config.yml").write_bytes(content)
    return folder / "config.yml"


def test_a_run_is_understood(tmp_path: Path) -> None:
    run = read_run(written(tmp_path))
    assert (run.method, run.data) == ("nerfacto", Path("data/fox"))
    assert run.checkpoints == tmp_path / "nerfstudio_models"
    model = restore_settings(NerfactoModelConfig(), run.settings["pipeline"]["model"])
    assert (model.num_levels, model.num_proposal_samples_per_ray, model.near_plane) == (8, (32, 16), 0.05)
    assert model._target is Path


@pytest.mark.parametrize(
    "settings",
    [
        {"num_levels": "8"}, {"num_levels": True}, {"num_levels": {"!": "os.system"}},
        {"inner": {"!": "x.Other", "size": 2}}, {"_target": "os.system"}, {"near_plane": [1]}, {"unknown": 1},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_left_alone(settings: dict[str, Any]) -> None:
    assert restore_settings(NerfactoModelConfig(), settings) == NerfactoModelConfig()


@pytest.mark.parametrize(
    "attack",
    [
        "!!python/object/apply:os.system ['touch {}']",
        "!!python/object/new:os.system ['touch {}']",
        "!!python/object/apply:subprocess.check_output [['touch', '{}']]",
        '!!python/object/apply:builtins.exec [\'open("{}", "w")\']',
        "!!python/module:antigravity",
        "!!python/object:style3d.job.mesh.MeshJob {{__setstate__: [1]}}",
    ],
)
def test_nothing_in_a_file_runs(attack: str, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = "method_name: nerfacto\nx: " + attack.format(mark) + "\n"
    try:
        settings = parse_config(text.encode(), "config.yml")
        assert isinstance(settings["x"], dict)
    except Style3DError:
        pass
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1, 2]", b"a: [", b"a: &a [*a]", b"method_name: nerfacto\n"])
def test_damaged_files_are_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Style3DError):
        read_run(written(tmp_path, content))


def test_a_run_without_checkpoints_is_refused(tmp_path: Path) -> None:
    config = written(tmp_path)
    (tmp_path / "nerfstudio_models" / "step-000000009.ckpt").unlink()
    with pytest.raises(Style3DError, match="holds no checkpoint"):
        read_run(config)

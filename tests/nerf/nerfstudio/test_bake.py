"""What painting gives where nerfstudio trained: a grid, splats and a mesh where the capture is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from style3d.cli import main
from style3d.errors import Style3DError
from style3d.mesh.asset import load_asset
from style3d.nerf.capture.read import open_capture
from style3d.nerf.grid.file import read_grid
from style3d.nerf.nerfstudio.read_config import read_run
from style3d.nerf.nerfstudio.read_splatfacto import read_splatfacto
from style3d.nerf.splats.files import read_splats
from style3d.render.grid_image import render_image
from tests.helpers.capture import write_capture
from tests.helpers.clouds import cloud, shape_error, splat_ball
from tests.nerf.nerfstudio.test_methods import PAINT, STYLE, TINY, nerfstudio, with_nerfstudio

CONFIG = """!!python/object:nerfstudio.engine.trainer.TrainerConfig
method_name: splatfacto
data: !!python/object/apply:pathlib.PosixPath
- capture
pipeline: !!python/object:nerfstudio.pipelines.base_pipeline.VanillaPipelineConfig
  model: !!python/object:nerfstudio.models.splatfacto.SplatfactoModelConfig
    sh_degree: 3
"""


@with_nerfstudio
def test_a_painted_nerfacto_is_baked(tmp_path: Path) -> None:
    """The grid shows what nerfstudio renders, from the capture's own cameras; splats and mesh lie there too."""
    write_capture(tmp_path / "capture")
    trained = nerfstudio(
        tmp_path, "ns-train", "style3d", *TINY, *PAINT, "--pipeline.reconstruct-steps", "150",
        "--max-num-iterations", "150", "--experiment-name", "trained", "--data", "capture",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stdout[-2000:] + trained.stderr[-3000:]
    done = nerfstudio(
        tmp_path, "style3d", "nerf", "outputs/trained/style3d/run/config.yml", "--style", str(STYLE), "--features",
        "wavelet", "--preset", "draft", "--resolution", "96", "--steps", "2", "--output", "painted.safetensors",
        "--mesh", "painted.glb", "--faces", "2000", "--texture-size", "128", "--quiet",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    (run,) = (line.removeprefix("wrote ") for line in done.stdout.splitlines() if line.startswith("wrote outputs"))
    shown = nerfstudio(
        tmp_path, "ns-render", "dataset", "--load-config", f"{run}/config.yml", "--output-path", "frames",
        "--split", "train", "--rendered-output-names", "rgb", "--image-format", "png",
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr[-3000:]
    fitted = read_grid(tmp_path / "painted.safetensors")
    own = {photo.path.stem: photo.camera for photo in open_capture(tmp_path / "capture").photos}
    places = np.stack([camera.position for camera in own.values()])
    assert len(fitted.cameras) > len(own) / 2  # nerfstudio holds some photos back
    for camera in fitted.cameras:
        assert np.linalg.norm(places - camera.position, axis=1).min() < 1e-3
    error = []
    for frame in sorted((tmp_path / "frames").rglob("*.png")):
        with Image.open(frame) as image:
            wanted = np.asarray(image.convert("RGB"), np.float64) / 255
        rgb, alpha, _ = render_image(fitted.grid, own[frame.stem])
        error.append((rgb / np.maximum(alpha, 0.5)[..., None] - wanted) ** 2)
    assert -10 * np.log10(np.mean(error)) > 18
    assert len(load_asset(tmp_path / "painted.glb").surface.faces) > 100


def written(folder: Path, **parts: np.ndarray) -> Path:
    """A run of splatfacto as nerfstudio leaves it."""
    (folder / "nerfstudio_models").mkdir(parents=True)
    tensors = {f"_model.gauss_params.{name}": torch.from_numpy(part) for name, part in parts.items()}
    torch.save({"pipeline": tensors, "step": 9}, folder / "nerfstudio_models" / "step-000000009.ckpt")
    (folder / "config.yml").write_text(CONFIG)
    return folder / "config.yml"


def columns(splats) -> dict[str, np.ndarray]:
    return {
        "means": splats.positions, "quats": splats.rotations, "scales": splats.log_scales,
        "opacities": splats.logit_opacities[:, None], "features_dc": splats.sh[:, 0], "features_rest": splats.sh[:, 1:],
    }  # fmt: skip


def test_gaussians_come_back_to_the_captures_world(tmp_path: Path) -> None:
    """nerfstudio halved the world and moved it: its +Z, up, is -Y of a splat file, at the capture's size."""
    splats = cloud(40)
    (tmp_path / "dataparser_transforms.json").parent.mkdir(exist_ok=True)
    config = written(tmp_path / "run", **columns(splats))
    turn = '{"transform": [[1, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0]], "scale": 0.5}'
    (tmp_path / "run" / "dataparser_transforms.json").write_text(turn)
    found = read_splatfacto(read_run(config))
    x, y, z = (splats.positions / 0.5 - [0.5, 0, 0]).T
    np.testing.assert_allclose(found.positions, np.stack([x, -z, y], 1), atol=1e-5)
    np.testing.assert_allclose(np.sort(found.log_scales), np.sort(splats.log_scales + np.log(2)), atol=1e-5)
    again = found.rotate(np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]))
    shrunk = replace(again, log_scales=again.log_scales - np.float32(np.log(2)))
    assert shape_error(shrunk, splats).max() < 1e-4
    np.testing.assert_allclose(again.sh, splats.sh, atol=1e-5)


def test_a_splatfacto_is_painted_without_nerfstudio(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "fox" / "splatfacto" / "run", **columns(splat_ball(300, degree=1)))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save("style.png")
    quick = ["--features", "wavelet", "--turntable", "none", "--preset", "draft", "--views", "4", "--resolution", "48"]
    arguments = ["nerf", "fox/splatfacto/run/config.yml", "--style", "style.png", *quick, "--steps", "4", "--quiet"]
    assert main([*arguments, "--output", "painted.ply"]) == 0
    first = read_splats(Path("painted.ply"))
    assert first.count == 300
    assert main(["run", "painted.job.yaml", "--quiet"]) == 0
    assert np.array_equal(read_splats(Path("painted.ply")).sh, first.sh)


@pytest.mark.parametrize("damage", ["pickle", "columns", "counts", "transform"])
def test_damaged_checkpoints_are_refused_in_one_line(damage: str, tmp_path: Path) -> None:
    parts = columns(cloud(5))
    if damage == "columns":
        del parts["quats"]
    if damage == "counts":
        parts["scales"] = parts["scales"][:3]
    config = written(tmp_path / "run", **parts)
    if damage == "pickle":
        torch.save({"pipeline": Attack()}, config.parent / "nerfstudio_models" / "step-000000009.ckpt")
    if damage == "transform":
        (config.parent / "dataparser_transforms.json").write_text('{"transform": [[0, 0]]}')
    with pytest.raises(Style3DError) as refused:
        read_splatfacto(read_run(config))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "ran").exists()


class Attack:
    def __reduce__(self):
        return Path.touch, (Path("ran"),)

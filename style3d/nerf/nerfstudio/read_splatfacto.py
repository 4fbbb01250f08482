"""Gaussians are read from a checkpoint of nerfstudio's splatfacto, without nerfstudio and without CUDA."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from style3d.errors import Style3DError
from style3d.files import check_readable, read_bytes
from style3d.nerf.capture.capture import Z_UP
from style3d.nerf.grid.to_splats import FILE_AXES
from style3d.nerf.nerfstudio.read_config import TrainedRun
from style3d.nerf.nerfstudio.safe_load import allow_numbers
from style3d.nerf.splats.formats.values import sound_splats
from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.splats import Splats
from style3d.nerf.splats.transform import place_splats
from style3d.types import Matrix4

LIMIT = 8 << 30  # bytes of a checkpoint
NAMES = ("means", "quats", "scales", "opacities", "features_dc", "features_rest")
TRANSFORM = "dataparser_transforms.json"
MAX_JSON = 256 << 20


def read_splatfacto(run: TrainedRun) -> Splats:
    """The Gaussians of a run's newest checkpoint, in the capture's world turned to the axes of splat files.

    nerfstudio turns, moves and scales a capture's poses before it trains; what it did lies beside the checkpoints and
    is taken back. Colours of a run without harmonics (degree 0) are brought to them.

    Raises:
        Style3DError: the checkpoint holds no Gaussians, or more than data; or what lies beside it is damaged.
    """
    newest = sorted(run.checkpoints.glob("step-*.ckpt"))[-1]
    axes = np.eye(4)
    axes[:3, :3] = FILE_AXES
    world = axes @ Z_UP @ _pose_transform(run.data) @ np.linalg.inv(_written_transform(run.folder / TRANSFORM))
    return place_splats(_splats(_state(newest), newest.name), world)


def _state(path: Path) -> Mapping[str, Any]:
    check_readable(path, LIMIT)
    allow_numbers()
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        state = content["pipeline"]
        assert isinstance(state, Mapping)
    except (RuntimeError, pickle.UnpicklingError, OSError, EOFError, KeyError, TypeError, AssertionError) as error:
        raise Style3DError(f"{path} is not a checkpoint that can be read", got=str(error)[:120]) from None
    return state


def _splats(state: Mapping[str, Any], name: str) -> Splats:
    found = {part: next((state[key] for key in _keys(part) if key in state), None) for part in NAMES}
    if any(not isinstance(tensor, torch.Tensor) for tensor in found.values()):
        raise Style3DError(f"{name} holds no Gaussians", expected="a checkpoint of splatfacto")
    arrays = {part: np.asarray(tensor.float().numpy()) for part, tensor in found.items()}  # type: ignore[union-attr]
    count = len(arrays["means"])
    constant = arrays["features_dc"].reshape(count, 1, 3)
    if not arrays["features_rest"].size:  # without harmonics splatfacto keeps logits of colours
        constant = (1 / (1 + np.exp(-constant)) - np.float32(0.5)) / np.float32(C0)
    try:
        return sound_splats(
            Splats(
                positions=arrays["means"].reshape(count, 3),
                rotations=arrays["quats"].reshape(count, 4),
                log_scales=arrays["scales"].reshape(count, 3),
                logit_opacities=arrays["opacities"].reshape(count),
                sh=np.concatenate([constant, arrays["features_rest"].reshape(count, -1, 3)], 1),
            ),
            name,
        )
    except ValueError as error:
        raise Style3DError(f"the Gaussians of {name} contradict each other", got=error) from None


def _keys(part: str) -> tuple[str, str]:
    """The names that newer and older versions keep a column under."""
    return f"_model.gauss_params.{part}", f"_model.{part}"


def _written_transform(path: Path) -> Matrix4:
    """Original data to the model's world, as nerfstudio wrote it down."""
    if not path.exists():
        return np.eye(4)
    return _matrix(path, "transform", "scale")


def _pose_transform(data: Path) -> Matrix4:
    """Original data to the world of the capture's poses, where the capture says that the two differ."""
    path = data / "transforms.json" if data.is_dir() else data
    if not path.is_file() or path.suffix != ".json":
        return np.eye(4)
    return _matrix(path, "applied_transform", "applied_scale")


def _matrix(path: Path, turn: str, scale: str) -> Matrix4:
    matrix = np.eye(4)
    try:
        told = json.loads(read_bytes(path, MAX_JSON))
        matrix[:3] = np.array(told.get(turn, np.eye(4)[:3]), np.float64)[:3] * float(told.get(scale, 1))
        if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-30:
            raise ValueError("a matrix that flattens space")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Style3DError(f"{path} has a damaged transform of its world", got=error) from None
    return matrix

"""This module chooses the reader for a capture's path."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from style3d.errors import Style3DError
from style3d.nerf.capture.capture import Capture
from style3d.nerf.capture.colmap import read_colmap, sparse_model
from style3d.nerf.capture.reference_3dgs import newest_splats
from style3d.nerf.capture.transforms_json import read_transforms
from style3d.remarks import list_of, mute_remarks

KINDS = "transforms.json (nerfstudio, instant-ngp), transforms_train.json (Blender) or a COLMAP sparse model"
SOG = "meta.json"
NAMES = ("transforms.json", "transforms_train.json")
RUNS = ("config.yml", "*/config.yml", "*/*/config.yml", "*/*/*/config.yml")  # from outputs or a folder in it
SCENES = (".ply", ".spz", ".splat", ".ksplat", ".sog", ".safetensors")  # of which a folder may hold some
MOST_ENTRIES = 10_000  # of a folder that are looked at
HEAD = 1 << 16  # bytes of a JSON file in which its list of frames shows


def is_capture(path: Path) -> bool:
    """Whether a path is meant as a capture: a list of frames, or a folder that holds no splats (SOG, or trained)."""
    if path.is_dir():
        return not (path / SOG).is_file() and newest_splats(path) == path
    if path.suffix.lower() != ".json":
        return False
    return path.name.startswith("transforms") or b'"frames"' in _head(path)


def _head(path: Path) -> bytes:
    """How a file begins; nothing if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError:
        return b""


def open_capture(path: Path) -> Capture:
    """The capture in a folder, or of a transforms file.

    Raises:
        Style3DError: nothing there, or what the readers refuse (`read_transforms`, `read_colmap`).
    """
    if not path.exists():
        raise Style3DError(f"{path} does not exist", expected="a folder with posed photos", hint="check the path")
    if path.is_file():
        if path.suffix.lower() == ".json":
            return read_transforms(path)
        raise Style3DError(f"{path} is not a capture", expected=KINDS)
    for name in NAMES:
        if (path / name).is_file():
            return read_transforms(path / name)
    if sparse_model(path) is not None:
        return read_colmap(path)
    raise Style3DError(f"{path} has no camera poses", expected=KINDS, hint=_what_helps(path))


def _what_helps(folder: Path) -> str:
    """For a folder that is no capture: what else is in it, or how it becomes one."""
    for pattern in RUNS:
        runs = sorted(folder.glob(pattern))
        if runs:
            return f"it holds what nerfstudio trained: name the run's {runs[-1].as_posix()}"
    scenes = sorted(file.name for file in islice(folder.iterdir(), MOST_ENTRIES) if file.suffix.lower() in SCENES)
    if scenes:
        return f"name the file in it that is meant: {list_of(scenes, 3)}"
    with mute_remarks():
        for above in list(folder.absolute().parents)[:2]:
            if any((above / name).is_file() for name in NAMES) or sparse_model(above) is not None:
                return f"the poses lie above it: name {above}"
    return "run COLMAP or ns-process-data on the photos"

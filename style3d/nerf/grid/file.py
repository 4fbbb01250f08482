"""One .safetensors file holds a fitted grid and the cameras it was seen from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float, Float32
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.files import check_readable, write_bytes
from style3d.images import MAX_PIXELS
from style3d.nerf.capture.capture import Photo
from style3d.render.grid_field import MOST_SIDE, Contraction, RadianceGrid

GRID = ".safetensors"  # suffix of its files
VERSION = 2
HEAD = "style3d_grid"  # one entry: files of one grid are then the same to the byte
MOST_CAMERAS = 100_000
SHAPES = {
    "vertices": ("I64", 0),
    "density": ("F32", 0),
    "colors": ("F32", 3),
    "shift": ("F32", 3),
    "cameras": ("F64", 21),
}


@final
@dataclass(frozen=True)
class FittedGrid:
    """Concretely: a fox's room, 26.1 dB on photos it has not seen, and the 50 cameras that took the photos."""

    grid: RadianceGrid
    cameras: tuple[Camera, ...]  # of the capture's photos, at the size the fit saw
    psnr: float | None = None  # dB on held-out photos
    names: tuple[str, ...] = ()  # of the photos, one each; nothing: not known
    photos: tuple[Photo, ...] = ()  # themselves, where the capture is at hand; files do not hold them

    def with_colors(self, colors: Float32[np.ndarray, "entries 3"]) -> FittedGrid:
        """The same scene in other colours."""
        return replace(self, grid=replace(self.grid, colors=np.clip(colors, 0, 1).astype(np.float32)))


def save_grid(fitted: FittedGrid, path: Path) -> None:
    """Write a grid; `read_grid` reads it again bit for bit.

    Raises:
        Style3DError: the file cannot be written.
    """
    grid = fitted.grid
    numbers = [[c.focal, c.cx, c.cy, c.width, c.height, *c.camera_to_world.ravel()] for c in fitted.cameras]
    arrays = {"vertices": grid.vertices, "density": grid.density, "colors": grid.colors, "shift": grid.shift,
              "cameras": np.array(numbers, np.float64).reshape(-1, 21)}  # fmt: skip
    head = {"center": grid.space.center, "radius": grid.space.radius, "tail": grid.space.tail, "side": grid.side,
            "near": grid.near, "psnr": fitted.psnr, "names": fitted.names}  # fmt: skip
    content = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_bytes(path, save(content, metadata={HEAD: json.dumps({"version": VERSION, **head})}))


def read_grid(path: Path) -> FittedGrid:
    """Read what `save_grid` wrote.

    Raises:
        Style3DError: missing, damaged, not a grid, of another version, or its numbers contradict each other.
    """
    check_readable(path)
    try:
        with safe_open(path, framework="numpy") as file:
            head = json.loads((file.metadata() or {}).get(HEAD, "{}"))
            if not isinstance(head, dict) or head.get("version") != VERSION:
                raise Style3DError(f"{path} is not a radiance grid of this version", hint="fit the capture again")
            _check_shapes({name: file.get_slice(name) for name in file.keys()}, path)  # noqa: SIM118 - no mapping
            arrays = {name: file.get_tensor(name) for name in SHAPES}
            return _make_grid(head, arrays)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise Style3DError(f"{path} is not a radiance grid that can be read", got=error) from None


def _check_shapes(slices: dict[str, Any], path: Path) -> None:
    """Refuse arrays that are absent or of another kind, before they are read."""
    count = None
    for name, (kind, width) in SHAPES.items():
        shape = list(slices[name].get_shape()) if name in slices else None
        if name == "vertices" and shape:
            count = shape[0]
        rows = shape[0] if shape and name == "cameras" else count
        wanted = [rows, width] if width else [rows]
        if shape is None or slices[name].get_dtype() != kind or shape != wanted:
            raise Style3DError(f"{path} is not a radiance grid", got=f"{name} of shape {shape}", expected=str(wanted))


def _make_grid(head: dict[str, Any], arrays: dict[str, Any]) -> FittedGrid:
    center, side, vertices = tuple(float(value) for value in head["center"]), int(head["side"]), arrays["vertices"]
    space = Contraction((center[0], center[1], center[2]), float(head["radius"]), float(head["tail"]))
    numbers = np.array([*center, space.radius, space.tail, float(head["near"])])
    if not 2 <= side <= MOST_SIDE or not np.isfinite(numbers).all() or space.radius <= 0 or not 0 <= space.tail < 1:
        raise ValueError(f"side {side}, space {numbers.tolist()}")
    ascending = len(vertices) > 0 and vertices[0] >= 0 and vertices[-1] < side**3 and (np.diff(vertices) > 0).all()
    finite = all(np.isfinite(arrays[name]).all() for name in SHAPES if name != "vertices")
    if not ascending or not finite:
        raise ValueError("vertices out of order, or numbers that are not finite")
    if len(arrays["cameras"]) > MOST_CAMERAS:
        raise ValueError(f"{len(arrays['cameras'])} cameras")
    parts = arrays["density"], np.clip(arrays["colors"], 0, 1), arrays["shift"]
    grid = RadianceGrid(space, side, vertices, *parts, near=float(head["near"]))
    psnr = head.get("psnr")
    cameras, names = tuple(_camera(row) for row in arrays["cameras"]), tuple(map(str, head.get("names") or ()))
    if len(set(names)) not in (0, len(cameras)):
        raise ValueError(f"{len(names)} names of {len(cameras)} photos")
    return FittedGrid(grid, cameras, None if psnr is None else float(psnr), names)


def _camera(row: Float[np.ndarray, "21"]) -> Camera:
    focal, cx, cy, width, height = (float(value) for value in row[:5])
    if focal <= 0 or width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise ValueError(f"a camera of {width:g} × {height:g} pixels")
    return Camera(row[5:].reshape(4, 4).copy(), focal, cx, cy, int(width), int(height))

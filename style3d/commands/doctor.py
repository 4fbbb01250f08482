"""`style3d doctor` says what is installed, whether it works, and how to install the rest."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from time import perf_counter

from style3d.commands.parse import parse
from style3d.optional.libraries import LIBRARIES


@dataclass(frozen=True)
class Examination:
    """Check what is installed here, and say what to install for the rest. Nothing is written or downloaded."""


def run(arguments: list[str]) -> int:
    """Print what is installed."""
    parse(Examination, "doctor", arguments, Examination.__doc__ or "")
    print(doctor())
    return 0


def doctor() -> str:
    """The report as text: versions, device, optional parts and a self-check of about a second.

    Nothing is installed, downloaded or written. A part that is broken is named, never raised.
    """
    sections = (_versions(), _device(), _optional(), _checks())
    return "\n\n".join("\n".join(section) for section in sections)


def _versions() -> list[str]:
    found = [f"python {platform.python_version()} on {platform.platform()}", f"  {sys.executable}"]
    own = _version("style3d") or "not installed, run from its folder; pip install -e . brings what it needs"
    lines = [
        f"  {name:<12} {_version(name) or 'absent: style3d cannot work without it'}" for name in required_packages()
    ]
    return [*found, f"  {'style3d':<12} {own}", *lines]


def required_packages() -> tuple[str, ...]:
    """What style3d cannot work without, as its own metadata names it; nothing where it runs without being installed."""
    try:
        lines = requires("style3d") or ()
    except PackageNotFoundError:
        return ()
    return tuple(re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in lines if "extra ==" not in line)


def _version(name: str) -> str:
    """A distribution's version, or nothing where it is absent."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _device() -> list[str]:
    """What computes, and how many threads it may use."""
    try:
        import torch

        from style3d.device import devices, unused_devices
    except Exception as error:  # it or a shared library of its own may be missing, or whatever a broken one raises
        return [f"device: unknown, torch cannot be loaded: {_line(error)}"]
    threads = f"{torch.get_num_threads()} threads on {os.cpu_count()} CPU cores"
    return [f"device: {devices()[0]}; {threads}", *(f"  {line}" for line in unused_devices())]


def _optional() -> list[str]:
    """Which optional parts are there, and the command that installs each of the others."""
    from style3d.preview.turntable import ffmpeg

    report = ["optional parts:"]
    report.append(f"  turntables as .mp4: {ffmpeg() or 'no ffmpeg; .webp and .gif work without'}")
    for row in LIBRARIES:
        report.append(f"  {row.purpose}: {row.title} is {'' if row.is_installed else 'not '}installed")
        report += [] if row.is_installed else [_command(row.requirement)]
    return report


def _command(requirement: str) -> str:
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"    {python} -m pip install {requirement}"


def _checks() -> list[str]:
    """Do one small real thing with each part that computes."""
    report = ["self-check:"]
    for name, check in (("cast a ray", cast_a_ray), ("paint a step", paint_a_step), ("read features", read_features)):
        start = perf_counter()
        report.append(f"  {name}: {_outcome(check)}, {perf_counter() - start:.2f} s")
    return report


def _outcome(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # a broken library may raise anything; the report must name it
        return f"FAILED, {type(error).__name__}: {_line(error)}"


def cast_a_ray() -> str:
    """Shoot Embree at a triangle two units away and at nothing."""
    import numpy as np
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    corners = np.array([[-1, -1, 2], [1, -1, 2], [0, 1, 2]], np.float32)
    mesh = TriangleMesh(scene, corners, np.array([[0, 1, 2]], np.int32))
    origins, directions = np.zeros((2, 3), np.float32), np.array([[0, 0, 1], [0, 0, -1]], np.float32)
    faces = [int(face) for face in scene.run(origins, directions)]
    del mesh
    if faces != [0, -1]:
        raise RuntimeError(f"rays hit faces {faces}, and should hit [0, -1]")
    return "ok"


def paint_a_step() -> str:
    """Send an image and its gradient through a sparse view, on the GPU where there is one."""
    import torch
    from scipy.sparse import csr_array

    from style3d.core.operator import from_scipy
    from style3d.device import pick_device

    device = pick_device("auto")
    view = from_scipy(csr_array([[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]))
    colors = torch.full((3, 3), 0.5, device=device, requires_grad=True)
    image = view.apply(colors)
    image.sum().backward()
    wanted = torch.tensor([[0.25], [0.75], [1.0]], device=device).expand(3, 3)
    if colors.grad is None or not torch.allclose(colors.grad, wanted) or not torch.allclose(image, colors[:2]):
        raise RuntimeError(f"the image is {image.tolist()} and its gradient {colors.grad}")
    return f"ok on {device}"


def read_features() -> str:
    """Run the default features on a 64 x 64 gradient, the weightless ones where the shipped weights are absent."""
    import torch

    from style3d import losses
    from style3d.losses.features import build_features

    folders = [Path(folder) / "weights" for folder in losses.__path__]
    shipped = any(True for folder in folders for _ in folder.glob("*.safetensors"))
    ramp = torch.linspace(0, 1, 64)
    picture = torch.stack([ramp.expand(64, 64), ramp[:, None].expand(64, 64), torch.full((64, 64), 0.5)])[None]
    features = build_features("embedded" if shipped else "wavelet")
    with torch.no_grad():
        layers = features(picture)
    if not all(torch.isfinite(layer).all() for layer in layers.values()):
        raise RuntimeError(f"{features.name} features are not finite")
    note = "" if shipped else "; the embedded network's weights are absent, so installing again may help"
    return f"ok, {len(layers)} layers of {features.name}{note}"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())

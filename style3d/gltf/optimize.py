"""External tools make files smaller for delivery."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from style3d.errors import Style3DError
from style3d.files import atomic_path

Optimization = Literal["webp", "ktx2", "meshopt"]
TOOL = "gltf-transform"
WORDS: dict[Optimization, str] = {"webp": "webp", "ktx2": "uastc", "meshopt": "meshopt"}  # what the tool calls them
MINUTES = 20


def check_tools(wanted: Sequence[Optimization], target: Path) -> None:
    """Refuse before the work what could not be done after it.

    Raises:
        Style3DError: the tool for it is not installed, or ``target`` is no GLB.
    """
    if wanted and target.suffix.lower() != ".glb":
        raise Style3DError(f"{target.name} cannot be optimised", expected="a .glb file")
    if wanted and tool() is None:
        hint = "install it with: npm install --global @gltf-transform/cli"
        raise Style3DError(f"--optimize needs {TOOL}, which is not installed", hint=hint)
    if "ktx2" in wanted and not (shutil.which("ktx") or shutil.which("toktx")):
        hint = "install it from https://github.com/KhronosGroup/KTX-Software/releases"
        raise Style3DError("--optimize ktx2 needs the command ktx, which is not installed", hint=hint)


def optimize(path: Path, wanted: Sequence[Optimization]) -> None:
    """Rewrite a GLB in place: textures first, then geometry. The result no longer keeps the source's buffers.

    Raises:
        Style3DError: the tool fails; the file is as it was.
    """
    check_tools(wanted, path)
    for kind in (kind for kind in WORDS if kind in wanted):
        with atomic_path(path) as temporary:
            _run([str(tool()), WORDS[kind], str(path), str(temporary)], kind)


def tool() -> str | None:
    """The program, on PATH or among the node packages of the working folder."""
    beside = Path("node_modules") / ".bin"
    return shutil.which(TOOL) or shutil.which(TOOL, path=os.pathsep.join([str(beside.resolve())]))


def _run(command: list[str], kind: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 * MINUTES)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Style3DError(f"{TOOL} {kind} could not be run", got=error) from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Style3DError(f"{TOOL} {kind} failed", got=lines[-1][:200], hint="leave --optimize out")

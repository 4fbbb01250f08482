"""The missing half of torchvision: declared when its import stops for want of it, left alone otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDS_SCHEMAS = """
import torch
from torchvision import part
torch.library.register_fake("torchvision::nms")(lambda *a: None)
torch.library.register_fake("torchvision::qnms")(lambda *a: None)
"""  # what torchvision does on import, and why it stops without its compiled operators


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """A process that finds the torchvision in ``folder`` first."""
    start = f"import sys; sys.path[:0] = [{str(folder)!r}, {str(ROOT)!r}]\n"
    start += "from style3d.optional.torchvision_compat import import_torchvision, _libraries\n"
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def stand_in(folder: Path, text: str) -> None:
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "part.py").write_text("")
    (folder / "torchvision" / "__init__.py").write_text(text)


def test_schemas_are_declared_when_they_are_missing(tmp_path: Path) -> None:
    stand_in(tmp_path, NEEDS_SCHEMAS)
    assert "operator torchvision::nms does not exist" in run(tmp_path, "import torchvision").stderr
    done = run(tmp_path, "import_torchvision(); import_torchvision(); import torchvision; print(len(_libraries))")
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr


def test_nothing_is_declared_when_the_plain_import_works(tmp_path: Path) -> None:
    stand_in(tmp_path, "")
    done = run(tmp_path, "import_torchvision(); print(len(_libraries))")
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "raise ModuleNotFoundError(name='torchvision')",
            "torchvision is not installed; install it with: pip install torchvision",
        ),
        ("raise ImportError('_C.so')", "torchvision does not fit this torch; got _C.so"),
        ("raise RuntimeError('too old')", "torchvision does not fit this torch; got too old"),
        (NEEDS_SCHEMAS + "raise RuntimeError('torchvision::more')", "torchvision does not fit this torch"),
    ],
)
def test_other_failures_are_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    stand_in(tmp_path, text)
    done = run(tmp_path, "import_torchvision()")
    assert done.returncode == 1
    assert f"Style3DError: {said}" in done.stderr.strip().splitlines()[-1]

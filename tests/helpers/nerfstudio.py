"""nerfstudio's commands for tests: each in a process of its own, forked from one that has imported the package."""

from __future__ import annotations

import multiprocessing
import os
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import mkdtemp
from typing import final

import pytest

INSTALLED = find_spec("nerfstudio") is not None
with_nerfstudio = pytest.mark.skipif(not INSTALLED, reason="nerfstudio is not installed; `make test-nerfstudio` is")
OURS = "style3d"  # our own command, beside nerfstudio's


@final
@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


@final
@dataclass(frozen=True)
class Started:
    """A command that runs."""

    process: BaseProcess
    folder: Path  # of what it writes to the terminal

    def wait(self) -> Done:
        """Until it ends."""
        self.process.join()
        out, err = ((self.folder / name).read_text(errors="replace") for name in ("out", "err"))
        return Done(self.process.exitcode or 0, out, err)


def start(folder: Path, *command: str, home: Path | None = None) -> Started:
    """Start a command as a user without network, AlexNet and GPU does, in ``folder``."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.helpers.nerfstudio_imported"])
    terminal = Path(mkdtemp(dir=folder, prefix="terminal-"))
    process = context.Process(target=_run, args=(str(folder), str(terminal), str(home or folder), command))
    process.start()
    return Started(process, terminal)


def nerfstudio(folder: Path, *command: str, home: Path | None = None) -> Done:
    """The same, until it ends."""
    return start(folder, *command, home=home).wait()


def _run(folder: str, terminal: str, home: str, command: tuple[str, ...]) -> None:
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{terminal}/{name}", os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    os.environ.update(offline | {"TORCH_HOME": home, "COLUMNS": "200", "CUDA_VISIBLE_DEVICES": ""})
    sys.argv = list(command)
    (script,) = entry_points(group="console_scripts", name=command[0])
    sys.exit(script.load()())

"""The command: `style3d mesh model.obj --style s.jpg`."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, final

import tyro

from style3d.errors import Style3DError
from style3d.job import Job, job_from_report
from style3d.progress import Watcher

USAGE = """style3d gives a 3D asset a new look.

  style3d mesh MODEL --style IMAGE [options]   stylise a mesh; writes MODEL.styled.glb and the evidence beside it
  style3d doctor                               what is installed here, and what to install for the rest
  style3d mesh --help                          all options
  style3d --version
"""


@dataclass(frozen=True)
class Conduct:
    """How the command behaves, as opposed to what it makes."""

    resume: bool = False
    """Continue an unfinished run of the same job."""
    quiet: bool = False
    """No progress bars."""


@dataclass(frozen=True)
class MeshCommand:
    """What `style3d mesh` understands."""

    job: Annotated[Job, tyro.conf.arg(name="")]
    conduct: Annotated[Conduct, tyro.conf.arg(name="")] = Conduct()


@final
class Bars(Watcher):
    """Progress bars with the time left, on standard error."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True))
        self._task: Any = None

    def phase(self, name: str, total: int) -> None:
        """A new bar."""
        self._task = self.progress.add_task(name, total=total, note="")

    def done(self, count: int, note: str = "") -> None:
        """Move the newest bar."""
        if self._task is not None:
            self.progress.update(self._task, completed=count, note=note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, 2 for a request that cannot be met, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(format="style3d: %(message)s", level=logging.WARNING)
    try:
        return _dispatch(arguments)
    except Style3DError as error:
        print(f"style3d: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("style3d: interrupted; nothing was written", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(arguments: list[str]) -> int:
    commands: dict[str, Callable[[list[str]], int]] = {"mesh": _mesh, "doctor": _doctor}
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="")
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from style3d import __version__

        print(f"style3d {__version__}")
        return 0
    if arguments[0] not in commands:
        raise Style3DError(f"no command is called '{arguments[0]}'", expected=", ".join(commands), hint="see --help")
    return commands[arguments[0]](arguments[1:])


def _doctor(arguments: list[str]) -> int:
    from style3d.doctor import doctor

    if arguments:
        raise Style3DError(f"doctor takes no options, got {' '.join(arguments)}")
    print(doctor())
    return 0


def _mesh(arguments: list[str]) -> int:
    job, conduct = parse_mesh(arguments)
    from style3d import load
    from style3d.checkpoint import Checkpoint
    from style3d.files import check_readable, check_writable
    from style3d.loop import stylize
    from style3d.result import beside, file_hash

    warnings.simplefilter("ignore")
    target = job.destination
    if target.resolve() == Path(job.model).resolve():
        raise Style3DError(f"{target} is the input; it would be overwritten", hint="choose another --output")
    for path in job.style:
        check_readable(path)
    check_writable(target)
    bars = Bars() if not conduct.quiet else None
    with bars.progress if bars else contextlib.nullcontext():
        scene = load(job)
        identity = {"job": job.to_json(), "scene": scene.key, "styles": [file_hash(path) for path in job.style]}
        checkpoint = Checkpoint(target, identity)
        with terminable():
            result = stylize(scene, job, checkpoint=checkpoint, resume=conduct.resume, watcher=bars)
        written = result.save(target, bars)
    if result.interrupted:
        print(f"style3d: interrupted; the best so far is in {target}; continue with --resume", file=sys.stderr)
        return 130
    checkpoint.remove()
    print(f"wrote {', '.join(str(path) for path in written)}")
    print(f"look at {beside(target, 'contact-sheet.png')}")
    return 0


def parse_mesh(arguments: list[str]) -> tuple[Job, Conduct]:
    """The job that command-line arguments describe.

    Raises:
        Style3DError: an unknown option or a value that does not fit, in one line.
    """
    arguments, config = _config(arguments)
    default = MeshCommand(job_from_report(config)) if config else tyro.MISSING_NONPROP
    said, wrong = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(wrong):
            command = tyro.cli(
                MeshCommand, args=arguments, default=default, prog="style3d mesh", description=DESCRIPTION,
                config=(tyro.conf.FlagCreatePairsOff,),
            )  # fmt: skip
        return command.job, command.conduct
    except SystemExit as stop:
        if not stop.code:
            print(said.getvalue(), end="")
            raise
        raise Style3DError(_one_line(wrong.getvalue() + said.getvalue())) from None


DESCRIPTION = (
    "Give a mesh the look of a picture: writes the same asset in that style, and the evidence beside it. "
    "With --config REPORT.json an earlier run is repeated; options given beside it take precedence."
)


def _config(arguments: list[str]) -> tuple[list[str], Path | None]:
    """Arguments without --config, and its value."""
    for place, argument in enumerate(arguments):
        if argument == "--config":
            if place + 1 == len(arguments):
                raise Style3DError("--config needs a file", expected="the report.json of an earlier run")
            return arguments[:place] + arguments[place + 2 :], Path(arguments[place + 1])
        if argument.startswith("--config="):
            return arguments[:place] + arguments[place + 1 :], Path(argument.partition("=")[2])
    return arguments, None


def _one_line(text: str) -> str:
    """A parser's framed message as one plain line."""
    plain = re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]+|-{5,}", " ", text)
    plain = re.sub(r"\s+", " ", plain).strip()
    plain = re.sub(r"^Parsing error |^Unrecognized options |^Required options ", "", plain)
    return plain or "the options could not be understood; see style3d mesh --help"


@contextlib.contextmanager
def terminable() -> Any:
    """SIGTERM behaves like Ctrl-C within the block, so that a stopped job keeps its best."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGTERM)
    try:
        signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())

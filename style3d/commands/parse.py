"""The parser turns command-line arguments into a job of any kind, and reports errors on one line."""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import tyro

from style3d.commands.help_text import set_help
from style3d.commands.parse_errors import parse_error
from style3d.errors import Style3DError
from style3d.job import Job, job_from_report, read_job_file

Kind = TypeVar("Kind", bound=Job)
READERS: dict[str, Callable[[Path], Job]] = {"--config": job_from_report, "--job": read_job_file}
REPLAY = (
    "Previews and a report are written next to the result. With --job JOB.yaml the settings come from a file, with "
    "--config REPORT.json from an earlier run; options on the command line take precedence."
)


@dataclass(frozen=True)
class Conduct:
    """How the command behaves, as opposed to what it makes."""

    resume: bool = False
    """Continue an unfinished run of the same job."""
    quiet: bool = False
    """Show no progress and no estimate."""
    strict: bool = False
    """Refuse an asset of which something is not found, or is lost in the output, instead of saying so and going on."""
    dry_run: bool = False
    """Say what would be done, how long it takes and how much memory, and which files it writes; write nothing."""
    auto: bool = False
    """Measure the asset first, and choose content weight and resolution for it."""
    accept: str = ""
    """Thresholds, such as "content>=0.5,style<=0.6". The asset is painted again with other weights until they hold."""
    retries: int = 3
    """How often --accept may paint again. The best try is kept."""


@dataclass(frozen=True)
class Request(Generic[Kind]):
    """The options of a command that paints."""

    job: Annotated[Kind, tyro.conf.arg(name="")]
    conduct: Annotated[Conduct, tyro.conf.arg(name="")] = Conduct()


def parse_job(kind: type[Kind], arguments: list[str]) -> tuple[Kind, Conduct]:
    """The job that command-line arguments describe.

    Raises:
        Style3DError: an unknown option or a value that does not fit, in one line.
    """
    default: Any = tyro.MISSING_NONPROP
    for option, read in READERS.items():
        arguments, path = _take_option(arguments, option)
        if path:
            job = read(path)
            if not isinstance(job, kind):
                raise Style3DError(f"{path} describes a job for another kind of scene", hint=f"use style3d {job.kind}")
            default = Request(job)
    request_of: Any = Request  # a class made generic while running is beyond the type checker
    request = parse(request_of[kind], kind.kind, arguments, f"{_summary(kind)} {REPLAY}", default)
    return request.job, request.conduct


def _summary(kind: type) -> str:
    """The first paragraph of its docstring; the others are for whoever writes Python."""
    return (inspect.getdoc(kind) or "").partition("\n\n")[0]


def parse(form: Any, name: str, arguments: list[str], description: str, default: Any = tyro.MISSING_NONPROP) -> Any:
    """Arguments of the command ``name`` as a value of the dataclass ``form``; ``--help`` prints and exits.

    Raises:
        Style3DError: an unknown option or a value that does not fit, in one line.
    """
    output, errors = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            return tyro.cli(
                form, args=arguments, default=default, prog=f"style3d {name}", description=description,
                config=(tyro.conf.FlagCreatePairsOff,),
            )  # fmt: skip
    except SystemExit as stop:
        if not stop.code:
            print(set_help(output.getvalue()), end="")
            raise
        raise parse_error(errors.getvalue() + output.getvalue(), name) from None


def _take_option(arguments: list[str], option: str) -> tuple[list[str], Path | None]:
    """Arguments without an option that names a file, and its value."""
    for place, argument in enumerate(arguments):
        if argument == option:
            if place + 1 == len(arguments):
                raise Style3DError(f"{option} needs a file")
            return arguments[:place] + arguments[place + 2 :], Path(arguments[place + 1])
        if argument.startswith(option + "="):
            return arguments[:place] + arguments[place + 1 :], Path(argument.partition("=")[2])
    return arguments, None

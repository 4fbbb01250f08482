"""Command-line arguments to a job of any kind, and errors on one line."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import tyro

from style3d.errors import Style3DError
from style3d.job import Job, job_from_report

Kind = TypeVar("Kind", bound=Job)
REPLAY = (
    "It writes the evidence beside it. With --config REPORT.json an earlier run is repeated; options given beside it "
    "take precedence."
)


@dataclass(frozen=True)
class Conduct:
    """How the command behaves, as opposed to what it makes."""

    resume: bool = False
    """Continue an unfinished run of the same job."""
    quiet: bool = False
    """No progress bars."""


@dataclass(frozen=True)
class Request(Generic[Kind]):
    """What a command that paints understands."""

    job: Annotated[Kind, tyro.conf.arg(name="")]
    conduct: Annotated[Conduct, tyro.conf.arg(name="")] = Conduct()


def parse_job(kind: type[Kind], arguments: list[str]) -> tuple[Kind, Conduct]:
    """The job that command-line arguments describe.

    Raises:
        Style3DError: an unknown option or a value that does not fit, in one line.
    """
    arguments, config = _config(arguments)
    default: Any = tyro.MISSING_NONPROP
    if config:
        job = job_from_report(config)
        if not isinstance(job, kind):
            raise Style3DError(f"{config} is the report of another kind of scene", hint=f"use style3d {job.kind}")
        default = Request(job)
    request_of: Any = Request  # a class made generic while running is beyond the type checker
    request = parse(request_of[kind], kind.kind, arguments, f"{kind.__doc__} {REPLAY}", default)
    return request.job, request.conduct


def parse(form: Any, name: str, arguments: list[str], description: str, default: Any = tyro.MISSING_NONPROP) -> Any:
    """Arguments of the command ``name`` as a value of the dataclass ``form``; ``--help`` prints and exits.

    Raises:
        Style3DError: an unknown option or a value that does not fit, in one line.
    """
    said, wrong = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(wrong):
            return tyro.cli(
                form, args=arguments, default=default, prog=f"style3d {name}", description=description,
                config=(tyro.conf.FlagCreatePairsOff,),
            )  # fmt: skip
    except SystemExit as stop:
        if not stop.code:
            print(said.getvalue(), end="")
            raise
        line = _one_line(wrong.getvalue() + said.getvalue())
        raise Style3DError(line or f"the options could not be understood; see style3d {name} --help") from None


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
    return re.sub(r"^Parsing error |^Unrecognized options |^Required options ", "", plain)

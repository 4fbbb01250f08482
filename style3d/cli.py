"""The command `style3d` finds the subcommand that was asked for. Each is a row here and a file in `commands`."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import final

from style3d.errors import Style3DError
from style3d.progress import command


@final
@dataclass(frozen=True)
class Command:
    """A word after `style3d`, and a line of `style3d --help`.

    Concretely: blend, which bakes another strength of a finished run. The module of that name in `style3d.commands` has
    ``run(arguments) -> status``, and is imported when the command is asked for.
    """

    name: str
    arguments: str  # as usage shows them
    summary: str  # what the command does: a clause that stands alone
    home: str = ""  # the module that has ``run``, where it is not the one of that name


ROWS = (
    Command("mesh", "MODEL --style IMAGE [options]", "paint a mesh in a picture's style, with previews and a report"),
    Command("nerf", "SCENE --style IMAGE [options]", "paint Gaussian splats, a grid or a capture in a picture's style"),
    Command("blend", "STYLED --strength 0.4", "write a finished run at another strength, without painting again"),
    Command("run", "JOB.yaml", "do what a job file says"),
    Command("batch", "MANIFEST.yaml|FOLDER [options]", "paint many assets in many looks, overnight if need be"),
    Command("serve", "SETTINGS.yaml [options]", "paint what people send over HTTP, with tokens, quotas and logs"),
    Command("evaluate", "ORIGINAL STYLED [options]", "measure a painted scene, and write the figures as a page"),
    Command("inspect", "MODEL", "show what a glTF holds and how it was made"),
    Command(
        "diff",
        "SOURCE PAINTED",
        "list how a glTF and its painted copy differ; status 1 if more than paint does",
    ),
    Command("doctor", "", "check what is installed here, and say what to install for the rest"),
)
COMMANDS = {row.name: row for row in ROWS}


def usage() -> str:
    """What `style3d --help` says."""
    calls = {f"  style3d {row.name} {row.arguments}".rstrip(): row.summary for row in COMMANDS.values()}
    calls |= {"  style3d COMMAND --help": "show all options of a command", "  style3d --version": "show the version"}
    width = max(map(len, calls))
    lines = [f"{call:{width}}   {summary}".rstrip() for call, summary in calls.items()]
    return "\n".join(["style3d paints a 3D asset in a new style.", "", *lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, 2 for a request that cannot be met, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(format="style3d: %(message)s", level=logging.WARNING)
    try:
        with command():
            return _dispatch(arguments)
    except Style3DError as error:
        print(f"style3d: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"style3d: interrupted; {str(stop) or 'nothing was written'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage(), end="")
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from style3d import __version__

        print(f"style3d {__version__}")
        return 0
    if arguments[0] not in COMMANDS:
        raise Style3DError(f"no command is called '{arguments[0]}'", expected=", ".join(COMMANDS), hint="see --help")
    row = COMMANDS[arguments[0]]
    status: int = import_module(row.home or f"style3d.commands.{row.name}").run(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main())

"""The command: `style3d mesh model.obj --style s.jpg`. Each command is a module of `style3d.commands`."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from style3d.errors import Style3DError


@dataclass(frozen=True)
class Command:
    """A word after `style3d`; the module has ``run(arguments) -> status`` and is imported when it is asked for."""

    arguments: str
    summary: str
    module: str


COMMANDS = {
    "mesh": Command("MODEL --style IMAGE [options]", "stylise a mesh; the evidence lies beside it", "mesh"),
    "diff": Command("SOURCE PAINTED", "what differs between a glTF and its painted copy; 1 if more than paint", "diff"),
    "inspect": Command("MODEL", "what a glTF holds, and where it comes from", "inspect"),
    "nerf": Command("SCENE --style IMAGE [options]", "stylise Gaussian splats (.ply, .spz, …) likewise", "nerf"),
    "evaluate": Command("ORIGINAL STYLED --style IMAGE [options]", "measure a result: figures and a page", "evaluate"),
    "run": Command("JOB.yaml", "do what a job file says", "run"),
    "blend": Command("STYLED --strength 0.4", "another strength of a finished run, in a moment", "blend"),
    "doctor": Command("", "what is installed here, and what to install for the rest", "doctor"),
}


def usage() -> str:
    """What `style3d --help` says."""
    calls = {f"  style3d {name} {command.arguments}".rstrip(): command.summary for name, command in COMMANDS.items()}
    calls |= {"  style3d COMMAND --help": "all options of a command", "  style3d --version": ""}
    width = max(map(len, calls))
    lines = [f"{call:{width}}   {summary}".rstrip() for call, summary in calls.items()]
    return "\n".join(["style3d gives a 3D asset a new look.", "", *lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, 2 for a request that cannot be met, 130 after Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(format="style3d: %(message)s", level=logging.WARNING)
    try:
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
    status: int = import_module(f"style3d.commands.{COMMANDS[arguments[0]].module}").run(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main())

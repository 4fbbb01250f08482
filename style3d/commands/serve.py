"""`style3d serve` paints what people send over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import tyro

from style3d.commands.parse import parse
from style3d.errors import Style3DError
from style3d.job.control import Between, check_controls


@dataclass(frozen=True)
class ServeRequest:
    """Serve looks to people who have a token: they send assets, watch them being painted, and fetch results.

    The file of settings names people, looks and limits. Work goes on where it was when the service is started again.
    """

    settings: Annotated[Path | None, tyro.conf.Positional] = None
    """A YAML file with the service's people, looks, assets and limits."""
    host: str = "127.0.0.1"
    """The address to listen on. The default is this machine alone. Others send tokens in the clear unless something in
    front of the service encrypts."""
    port: Annotated[int, Between(1, 65535)] = 8707
    """The port to listen on."""
    workers: Annotated[int | None, Between(1, 1024)] = None
    """Processes that paint at once. Default: one for each core, or one if another device computes."""
    memory: Annotated[float | None, Between(0.1, 100_000)] = None
    """Gigabytes that all jobs together may take. Default: four fifths of what is free."""
    traces: Annotated[str | None, tyro.conf.arg(metavar="URL")] = None
    """An OpenTelemetry collector that hears of every request and job, such as http://127.0.0.1:4318/v1/traces."""
    new_token: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Make a token for a person, print it and the line of settings that admits it, and serve nothing."""

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_controls(self)


def run(arguments: list[str]) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    request = parse(ServeRequest, "serve", arguments, ServeRequest.__doc__ or "")
    if request.new_token is not None:
        return _print_token(request.new_token)
    if request.settings is None:
        raise Style3DError("the file of settings is not named", expected="style3d serve SETTINGS.yaml")
    _check_host(request.host)
    from style3d.optional.libraries import need

    for module in ("starlette", "uvicorn"):
        need(module, "serve")
    from style3d.commands.batch import process_workers
    from style3d.serve.server import serve
    from style3d.serve.service import Service
    from style3d.serve.settings import read_settings
    from style3d.serve.traces import NoTraces, SentTraces

    settings = read_settings(request.settings)
    traces = SentTraces(request.traces) if request.traces else NoTraces()
    service = Service(settings, lambda folder: process_workers(request.workers, request.memory, folder), traces)
    print(f"serving {len(settings.looks)} looks at http://{request.host}:{request.port}; stop with Ctrl-C", flush=True)
    serve(service, request.host, request.port)
    print("stopped; jobs that were at work go on when it is started again")
    return 0


def _print_token(name: str) -> int:
    from style3d.batch.manifest import check_look
    from style3d.serve.access import new_token

    check_look(name, "a person")
    token, digest = new_token()
    print(f"the token of {name}, which is shown this once: {token}")
    print("add this line below people: in the settings, with the role artist, admin or viewer:")
    print(f"  {name}: {{role: artist, sha256: {digest}}}")
    return 0


def _check_host(host: str) -> Any:
    try:
        return ip_address(host)
    except ValueError:
        hint = "127.0.0.1 is this machine alone, 0.0.0.0 all of its networks"
        raise Style3DError(
            "--host is no address", got=repr(host), expected="numbers such as 127.0.0.1", hint=hint
        ) from None

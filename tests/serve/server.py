"""A real server on a free port, whose worker process feigns painting, and a client that says what it got."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from style3d.batch.process_workers import ProcessWorkers
from style3d.batch.share import Machine
from style3d.batch.task import PaintedTask, PaintTask, done_before, write_receipt
from style3d.paint.result import file_hash
from style3d.progress import Watcher
from style3d.serve.access import digest_of
from style3d.serve.server import GracefulServer
from style3d.serve.service import Service
from style3d.serve.settings import Limits, read_settings

PICTURE = "data:image/jpeg;base64,AAAA"
PEOPLE = {"anna": "artist", "bert": "artist", "vera": "viewer", "otto": "admin"}
SETTINGS = """
people:
{people}
looks:
  oil: {{style: oil.png, licence: CC0-1.0, author: nobody, source: made here}}
  secret: {{style: oil.png, licence: all rights reserved, author: bert, source: his own, people: bert, assets: "b*"}}
assets:
  barrel: {{file: barrel.glb, licence: CC0-1.0, author: nobody, source: made here}}
"""


def feign(task: PaintTask, watcher: Watcher) -> PaintedTask:
    """Writes the asset's name a while after it was begun, step by step; each time it is counted."""
    known = done_before(task)
    if known is not None:
        return known
    with (task.folder / "painted.txt").open("a") as stream:
        stream.write(f"{task.key}\n")
    watcher.phase("painting, stage 1 of 1", 40)
    name = task.job.model.name
    for step in range(40 if name.startswith("slow") else 2):
        watcher.advance(step + 1, f"loss {1 / (1 + step):.4f}")
        time.sleep(0.1)
    target = task.job.destination
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"painted {name}")
    painted = PaintedTask({"style.gram": 0.5}, 1.5, 1000, file_hash(target), PICTURE, PICTURE)
    write_receipt(task, painted)
    return painted


def write_settings(folder: Path) -> Path:
    """The settings of a service in a folder, with a picture and an asset."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "oil.png").write_bytes(b"a picture")
    (folder / "barrel.glb").write_bytes(b"an asset")
    people = "\n".join(f"  {name}: {{role: {role}, sha256: {digest_of(name)}}}" for name, role in PEOPLE.items())
    path = folder / "serve.yaml"
    path.write_text(SETTINGS.format(people=people))
    return path


class Client:
    """Asks a server; a person's token is the name."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, person: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status, and the answer: values where it is JSON, else bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        connection.request(method, path, content, {"Authorization": f"Bearer {person}"} if person else {})
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        return answer.status, json.loads(told) if answer.headers["Content-Type"] == "application/json" else told

    def wait(self, person: str, id: str, *states: str) -> dict[str, Any]:
        """The job, once it is in one of these states."""
        for _ in range(600):
            _, job = self.ask(person, "GET", f"/jobs/{id}")
            if job["state"] in states:
                return job
            time.sleep(0.1)
        raise AssertionError(f"the job is {job}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def running(settings: Path, **limits: float) -> Iterator[Client]:
    """A server, until the end of the block; then it has stopped as at SIGTERM."""
    found = read_settings(settings)
    found = replace(found, limits=replace(Limits(), **limits))
    service = Service(found, lambda folder: ProcessWorkers(feign, Machine(1, 1e9, 1), folder / "workers.log"))
    port = free_port()
    server = GracefulServer(service, "127.0.0.1", port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield Client(port)
    finally:
        service.closing.set()
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()

"""A page in a headless Chromium that takes pictures of files and says what it found: what viewers' tests share."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from PIL import Image

from tests.helpers.validator import node_places

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-extensions", "--no-first-run",
)  # fmt: skip
PATIENCE = 120.0  # seconds for all shots of one launch
TYPES = {".js": "text/javascript", ".html": "text/html", ".json": "application/json", ".wasm": "application/wasm"}


def browser() -> str | None:
    """The browser's program."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def package(name: str) -> Path | None:
    """The folder of a node package."""
    return next((place / name for place in node_places() if (place / name / "package.json").is_file()), None)


def missing(*packages: str) -> str | None:
    """Why no picture can be taken; None if one can."""
    if browser() is None:
        return "no Chromium is installed"
    absent = [name for name in packages if package(name) is None]
    return f"the node package {absent[0]} is absent: npm install --no-save {absent[0]}" if absent else None


def pixels(told: dict[str, Any]) -> np.ndarray:
    """The picture in a page's answer, (h, w, 4) 8 bits."""
    content = base64.b64decode(told["png"].partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def photograph(page: Path, shots: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What ``page`` answers to each shot, all in one launch.

    The page fetches ``/shots.json`` and posts an answer with the number ``shot`` for each; a shot's ``file`` becomes
    an address, whose neighbours are there too, and node packages lie under ``/node/``.
    """
    studio = _Studio(page, shots)
    server = ThreadingHTTPServer(("127.0.0.1", 0), studio.handler())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        address = f"http://127.0.0.1:{server.server_port}/"
        command = [str(browser()), *FLAGS, f"--user-data-dir={profile}", address]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, "HOME": profile}}
        running = subprocess.Popen(command, **quiet)
        try:
            studio.finished.wait(PATIENCE)
        finally:
            running.kill()
            running.wait()
            server.shutdown()
            server.server_close()
    assert len(studio.found) == len(shots), "the browser did not take all pictures"
    return [studio.found[index] for index in range(len(shots))]


class _Studio:
    """Gives the page its script, node packages and the files, and collects what it reports."""

    def __init__(self, page: Path, shots: Sequence[dict[str, Any]]) -> None:
        self.page, self.shots = page, list(shots)
        self.found, self.finished = dict[int, dict[str, Any]](), threading.Event()

    def plan(self) -> bytes:
        """The shots as JSON; files by number and name."""
        told = [{**shot, "file": f"/shot/{number}/{shot['file'].name}"} for number, shot in enumerate(self.shots)]
        return json.dumps(told).encode()

    def content(self, path: str) -> Path | bytes | None:
        """What an address stands for."""
        parts = unquote(path).lstrip("/").split("/")
        if parts == [""]:
            return self.page
        if parts == ["shots.json"]:
            return self.plan()
        if parts[0] == "node":
            files = (place.joinpath(*parts[1:]) for place in node_places())
            return next((file for file in files if file.is_file()), None)
        if parts[0] == "shot":
            return self.shots[int(parts[1])]["file"].parent.joinpath(*parts[2:])
        return None

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """A request handler bound to this studio."""
        studio = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = studio.content(self.path.partition("?")[0])
                if found is None or (isinstance(found, Path) and not found.is_file()):
                    self.send_error(404)
                    return
                suffix = found.suffix if isinstance(found, Path) else ".json"
                body = found.read_bytes() if isinstance(found, Path) else found
                self.send_response(200)
                self.send_header("Content-Type", TYPES.get(suffix, "application/octet-stream"))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                studio.found[told["shot"]] = told
                self.send_response(204)
                self.end_headers()
                if len(studio.found) == len(studio.shots):
                    studio.finished.set()

            def log_message(self, *_: object) -> None:
                pass

        return Handler

"""What three.js shows of a glTF, in a headless Chromium: a picture, and what it found in the file."""

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
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from tests.mesh.validator import node_places

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-extensions", "--no-first-run",
)  # fmt: skip
PAGE = Path(__file__).with_name("browser.html")
PATIENCE = 120.0  # seconds for all shots of one launch
TYPES = {".js": "text/javascript", ".html": "text/html", ".json": "application/json", ".wasm": "application/wasm"}


@dataclass(frozen=True)
class Shot:
    """One picture to take.

    Concretely: fox.glb at 0.4 seconds of "Run", in its variant "oil", from (1, 0.4, 1), unlit.
    """

    file: Path
    variant: str | None = None
    animation: str | None = None
    time: float = 0.0
    direction: tuple[float, float, float] = (0.7, 0.35, 1.0)
    size: int = 128


@dataclass(frozen=True)
class Seen:
    """What came of it."""

    pixels: np.ndarray  # (h, w, 4) 8 bits; opacity 0 where nothing is
    meshes: int
    textured: int  # meshes whose colour comes from a picture or from their vertices
    skinned: int
    animations: tuple[str, ...]
    variants: tuple[str, ...]
    errors: tuple[str, ...] = field(default=())

    @property
    def share(self) -> float:
        """How much of the picture the object covers."""
        return float((self.pixels[..., 3] > 127).mean())

    @property
    def colors(self) -> np.ndarray:
        """The pixels of the object, (n, 3), in [0, 1]."""
        return self.pixels[self.pixels[..., 3] > 127][:, :3] / 255.0


def missing() -> str | None:
    """Why no picture can be taken; None if one can."""
    if browser() is None:
        return "no Chromium is installed"
    if three() is None:
        return "the node package three is absent: npm install --no-save three"
    return None


def browser() -> str | None:
    """The browser's program."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def three() -> Path | None:
    """The folder of three.js."""
    return next((place / "three" for place in node_places() if (place / "three" / "build").is_dir()), None)


def photograph(shots: Sequence[Shot]) -> list[Seen]:
    """Take pictures, all in one launch; a skip that says why where it cannot be done."""
    reason = missing()
    if reason is not None:
        pytest.skip(f"no pictures by three.js: {reason}")
    studio = _Studio(shots)
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
    return [_seen(studio.found[index]) for index in range(len(shots))]


def _seen(told: dict[str, Any]) -> Seen:
    content = base64.b64decode(told["png"].partition(",")[2])
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    lists = {key: tuple(told[key]) for key in ("animations", "variants", "errors")}
    return Seen(pixels, told["meshes"], told["textured"], told["skinned"], **lists)


class _Studio:
    """Gives the page its script, three.js and the files, and collects what it reports."""

    def __init__(self, shots: Sequence[Shot]) -> None:
        self.shots, self.found, self.finished = list(shots), dict[int, dict[str, Any]](), threading.Event()

    def plan(self) -> bytes:
        """The shots as JSON; files by number and name."""
        told = [{**asdict(s), "file": f"/shot/{i}/{s.file.name}"} for i, s in enumerate(self.shots)]
        return json.dumps(told).encode()

    def content(self, path: str) -> Path | bytes | None:
        """What an address stands for."""
        parts = unquote(path).lstrip("/").split("/")
        if parts == [""]:
            return PAGE
        if parts == ["shots.json"]:
            return self.plan()
        if parts[0] == "three":
            return Path(str(three())).joinpath(*parts[1:])
        if parts[0] == "shot":
            return self.shots[int(parts[1])].file.parent.joinpath(*parts[2:])
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

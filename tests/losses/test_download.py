"""Weights from servers that serve ranges, do not, break off, or lie."""

from __future__ import annotations

import hashlib
import io
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from safetensors.torch import load_file, save

from style3d.errors import Style3DError
from style3d.losses.features import download
from style3d.losses.features.download import Source, fetch_vgg
from style3d.losses.features.vgg import load_vgg
from style3d.losses.features.vgg_layers import plan


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """A cache of the test's own, and only the first layers."""
    monkeypatch.setattr(download, "DEEPEST", "relu1_2")
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture(scope="module")
def tensors():
    rng = torch.Generator().manual_seed(0)
    out = {}
    for _, key, inputs, outputs in plan("vgg19")[:3]:
        out[f"{key}.weight"] = torch.randn(outputs, inputs, 3, 3, generator=rng)
        out[f"{key}.bias"] = torch.randn(outputs, generator=rng)
    return out


class Server:
    """Serves files from memory; ``ranges`` off ignores them, ``cut`` breaks off, ``pad`` answers with too much."""

    def __init__(self, files):
        self.files, self.ranges, self.cut, self.pad, self.served = files, True, None, 0, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body, status = outer.files.get(self.path), 200
                if body is None:
                    self.send_error(404)
                    return
                if outer.ranges and "Range" in self.headers:
                    start, _, end = self.headers["Range"].removeprefix("bytes=").partition("-")
                    if int(start) >= len(body):
                        self.send_error(416)
                        return
                    body, status = body[int(start) : (int(end) + 1 if end else None)] + bytes(outer.pad), 206
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if outer.cut is not None:
                    body = body[: outer.cut]
                    self.close_connection = True
                outer.served += len(body)
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server(tensors):
    buffer = io.BytesIO()
    torch.save(tensors, buffer)
    server = Server({"/model.safetensors": save(tensors), "/vgg19.pth": buffer.getvalue()})
    yield server
    server.close()


def source(server) -> Source:
    digest = hashlib.sha256(server.files["/vgg19.pth"]).hexdigest()[:8]
    return Source(f"{server.url}/model.safetensors", f"{server.url}/vgg19.pth", digest, 1 << 20)


def test_only_what_is_needed_is_read_by_range(server, tensors) -> None:
    seen = []
    path = fetch_vgg("vgg19", lambda done, total: seen.append((done, total)), source(server))
    got = load_file(path)
    assert set(got) == {f"features.{k}.{part}" for k in (0, 2) for part in ("weight", "bias")}
    assert all(torch.equal(got[name], tensors[name]) for name in got)
    assert seen[-1][0] == seen[-1][1] == sum(value.numel() * 4 for value in got.values())
    assert server.served < len(server.files["/model.safetensors"])
    assert load_vgg("vgg19", path).layers == ("relu1_1",)


def test_a_second_time_nothing_is_fetched(server) -> None:
    first = fetch_vgg("vgg19", source=source(server))
    served = server.served
    assert fetch_vgg("vgg19", source=source(server)) == first
    assert server.served == served


def test_without_ranges_the_whole_file_is_fetched(server) -> None:
    server.ranges = False
    path = fetch_vgg("vgg19", source=source(server))
    assert path.read_bytes() == server.files["/vgg19.pth"]


def test_a_download_cut_off_goes_on_where_it_stopped(server) -> None:
    whole = server.files["/vgg19.pth"]
    plain = replace(source(server), tensors=f"{server.url}/absent")
    server.cut = 50_000
    with pytest.raises(Style3DError, match="put it at"):
        fetch_vgg("vgg19", source=plain)
    server.cut, before = None, server.served
    assert fetch_vgg("vgg19", source=plain).read_bytes() == whole
    assert server.served - before == len(whole) - 50_000


def test_ranges_of_the_wrong_length_are_not_believed(server) -> None:
    server.pad = 7
    path = fetch_vgg("vgg19", source=source(server))
    assert path.name == "vgg19.pth"


@pytest.mark.parametrize("lie", ["shape", "dtype", "header", "short"])
def test_a_lying_safetensors_file_is_not_believed(server, tensors, lie) -> None:
    name = "features.2.weight"
    if lie == "shape":
        server.files["/model.safetensors"] = save({**tensors, name: tensors[name][:, :32].contiguous()})
    if lie == "dtype":
        server.files["/model.safetensors"] = save({**tensors, name: tensors[name].half()})
    if lie == "header":
        server.files["/model.safetensors"] = b"\xff" * 100
    if lie == "short":
        server.files["/model.safetensors"] = server.files["/model.safetensors"][:5000]
    assert fetch_vgg("vgg19", source=source(server)).name == "vgg19.pth"


def test_a_wrong_digest_is_thrown_away(server, tmp_path) -> None:
    wrong = replace(source(server), tensors=f"{server.url}/absent", digest="00000000")
    with pytest.raises(Style3DError, match="sha256"):
        fetch_vgg("vgg19", source=wrong)
    assert list((tmp_path / "cache").iterdir()) == []


def test_offline_says_which_file_to_put_where(tmp_path) -> None:
    nowhere = Source(
        "http://127.0.0.1:9/model.safetensors", "http://127.0.0.1:9/vgg19-dcbb9e9d.pth", "dcbb9e9d", 574 << 20
    )
    with pytest.raises(Style3DError) as caught:
        fetch_vgg("vgg19", source=nowhere)
    assert nowhere.whole in str(caught.value)
    assert str(tmp_path / "cache" / "vgg19-dcbb9e9d.pth") in str(caught.value)

"""Spans reach a collector: a small server that counts what it is sent."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from style3d.serve.traces import NoTraces, SentTraces

pytest.importorskip("opentelemetry.sdk", reason="no opentelemetry: pip install 'style3d[traces]'")
pytest.importorskip("opentelemetry.exporter.otlp", reason="no exporter: pip install 'style3d[traces]'")


def test_spans_are_sent() -> None:
    heard = list[tuple[str, bytes]]()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    traces = SentTraces(f"http://127.0.0.1:{server.server_port}/v1/traces")
    traces.note("GET /jobs", 0.25, {"http.response.status_code": 200})
    traces.note("paint", 2.0, {"state": "done"})
    traces.close()
    server.shutdown()
    server.server_close()
    content = b"".join(body for _, body in heard)
    assert {path for path, _ in heard} == {"/v1/traces"}
    assert b"GET /jobs" in content
    assert b"paint" in content


def test_nobody_needs_to_hear() -> None:
    traces = NoTraces()
    traces.note("paint", 1.0, {})
    traces.close()

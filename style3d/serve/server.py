"""The server speaks HTTP: it drops who sends no request, and stops without cutting off what is nearly done."""

from __future__ import annotations

import asyncio
import signal
from types import FrameType
from typing import final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from style3d.serve.app import application
from style3d.serve.service import Service

HEAD_SECONDS = 10.0  # until the head of a connection's first request must be whole
GRACE = 10  # seconds for requests at the stop
MOST_CONNECTIONS = 512
MOST_HEAD = 32 << 10  # bytes


@final
class PatientProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection on which no request has come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected."""
        super().connection_made(transport)
        self.loop.call_later(HEAD_SECONDS, self._drop_if_silent)

    def _drop_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


@final
class GracefulServer(uvicorn.Server):
    """Ends streams of events when it is told to stop, so that it need not wait for them."""

    def __init__(self, service: Service, host: str, port: int) -> None:
        config = uvicorn.Config(
            application(service), host=host, port=port, http=PatientProtocol, ws="none", lifespan="on",
            log_level="warning", server_header=False, proxy_headers=False, limit_concurrency=MOST_CONNECTIONS,
            h11_max_incomplete_event_size=MOST_HEAD, timeout_graceful_shutdown=GRACE,
        )  # fmt: skip
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal says that it is time."""
        self._service.closing.set()
        super().handle_exit(sig, frame)


def serve(service: Service, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C, which end the server and not the process."""
    server = GracefulServer(service, host, port)
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(one, server.handle_exit) for one in signals]  # uvicorn raises them again at its end
    try:
        server.run()
    finally:
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)

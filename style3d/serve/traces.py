"""Traces say what a request or a job took, as spans that OpenTelemetry's collectors read."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, final

from style3d.optional.libraries import need

NANO = 1_000_000_000


class Traces(ABC):
    """Who hears what was done and how long it took."""

    @abstractmethod
    def note(self, name: str, seconds: float, attributes: Mapping[str, str | int | float]) -> None:
        """Something has just ended that took so many seconds."""

    @abstractmethod
    def close(self) -> None:
        """Nothing more comes; what has come is sent."""


@final
class NoTraces(Traces):
    """Nobody hears."""

    def note(self, name: str, seconds: float, attributes: Mapping[str, str | int | float]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@final
class SentTraces(Traces):
    """A collector hears, over OTLP.

    Args:
        address: of the collector, such as http://127.0.0.1:4318/v1/traces.

    Raises:
        Style3DError: OpenTelemetry is not installed.
    """

    def __init__(self, address: str) -> None:
        sdk = need("opentelemetry.sdk.trace", "traces", "--traces")
        resources = need("opentelemetry.sdk.resources", "traces", "--traces")
        exporters = need("opentelemetry.sdk.trace.export", "traces", "--traces")
        otlp = need("opentelemetry.exporter.otlp.proto.http.trace_exporter", "traces", "--traces")
        self._provider: Any = sdk.TracerProvider(resource=resources.Resource.create({"service.name": "style3d"}))
        self._provider.add_span_processor(exporters.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=address)))
        self._tracer = self._provider.get_tracer("style3d")

    def note(self, name: str, seconds: float, attributes: Mapping[str, str | int | float]) -> None:
        """A span that ends now."""
        now = time.time_ns()
        span = self._tracer.start_span(name, attributes=dict(attributes), start_time=now - int(seconds * NANO))
        span.end(now)

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()

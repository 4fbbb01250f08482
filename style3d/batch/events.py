"""What happens in a batch is logged as lines of JSON, for programs that watch it."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, final

from style3d.batch.workers import Advanced


class Listener(ABC):
    """Hears what happens to the jobs of a runner."""

    @abstractmethod
    def tell(self, event: str, **values: Any) -> None:
        """Something happened, such as "done" to the job of the key ``job``."""

    def hear(self, news: Advanced) -> None:  # noqa: B027 - most do not care
        """How far a job is."""


@final
class EventLog(Listener):
    """A file that several runners append to, each line at once.

    Concretely: ``{"time": "2026-01-31T02:10:04+00:00", "event": "done", "asset": "barrel.glb", "look": "oil", …}``
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def tell(self, event: str, **values: Any) -> None:
        """Append a line."""
        told = {"time": datetime.now(timezone.utc).isoformat(timespec="seconds"), "event": event, "pid": os.getpid()}
        line = json.dumps(told | values, ensure_ascii=True, default=str)
        os.write(self._file, line.encode() + b"\n")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

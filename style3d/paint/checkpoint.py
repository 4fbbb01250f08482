"""A checkpoint keeps an unfinished run on disk, so that a killed run goes on to the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from style3d.errors import Style3DError
from style3d.files import atomic_path


@dataclass(frozen=True)
class Progress:
    """Where a run is. Concretely: 37 steps into the last of three stages, with the losses so far."""

    stage: int
    step: int  # steps done within the stage
    losses: tuple[dict[str, float], ...]  # one per step since the beginning


@final
class Checkpoint:
    """One file beside the output; present only while a run is unfinished."""

    def __init__(self, output: Path, identity: dict[str, Any]) -> None:
        self.path = output.with_name(output.name + ".checkpoint")
        text = json.dumps(identity, sort_keys=True, default=str)
        self._identity = hashlib.sha256(text.encode()).hexdigest()

    def write(self, progress: Progress, state: dict[str, Tensor]) -> None:
        """Replace the file, whole or not at all."""
        record = {"stage": progress.stage, "step": progress.step, "losses": list(progress.losses)}
        content = {"identity": self._identity, "progress": record, "state": state}
        with atomic_path(self.path) as temporary:
            torch.save(content, temporary)

    def read(self) -> tuple[Progress, dict[str, Tensor]] | None:
        """The saved state, or None where there is none.

        Raises:
            Style3DError: the file is damaged, or of another job.
        """
        if not self.path.exists():
            return None
        try:
            content = torch.load(self.path, map_location="cpu", weights_only=True)
            identity, record, state = content["identity"], content["progress"], content["state"]
        except Exception as error:
            raise Style3DError(f"{self.path} is damaged", hint="delete it or run without --resume") from error
        if identity != self._identity:
            raise Style3DError(
                f"{self.path} belongs to a run with other inputs or settings",
                hint="repeat that run's settings, or delete it to start anew",
            )
        return Progress(record["stage"], record["step"], tuple(record["losses"])), state

    def remove(self) -> None:
        """Forget the run."""
        self.path.unlink(missing_ok=True)

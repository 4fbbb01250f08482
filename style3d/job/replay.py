"""A job can be read back from the report of its run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from style3d.errors import Style3DError
from style3d.job.base import Job
from style3d.job.field import FieldJob
from style3d.job.mesh import MeshJob
from style3d.job.values import as_type, hints

KINDS: dict[str, type[Job]] = {kind.kind: kind for kind in (MeshJob, FieldJob)}


def job_from_report(path: Path) -> Job:
    """The job of an earlier run, of the kind it was, from its report.json; relative paths are the report's own.

    Raises:
        Style3DError: the file cannot be read, or is not the report of a run.
    """
    try:
        return job_from_values(json.loads(path.read_text(encoding="utf-8"))["job"])
    except OSError as error:
        raise Style3DError(f"cannot read {path}", got=error.strerror, hint="give a report.json of a run") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Style3DError(f"{path} is not a report of this version", hint="give the report.json of a run") from error


def job_from_values(values: dict[str, Any]) -> Job:
    """The job that plain values describe, as `Job.to_json` gives them.

    Raises:
        KeyError, ValueError, TypeError: they describe none.
        Style3DError: what they describe cannot work.
    """
    kind = KINDS[values["kind"]]
    known = hints(kind)
    return kind(**{name: as_type(known[name], value) for name, value in values.items() if name != "kind"})

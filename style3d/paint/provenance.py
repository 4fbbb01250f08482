"""Provenance tells inside a painted asset which job made it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from style3d.job import Job
from style3d.job.control import Trait, names_with
from style3d.job.values import plain
from style3d.mesh.xmp import Provenance
from style3d.paint.result import file_hash


def provenance_of(job: Job, source: str, credit: str = "", maps: tuple[str, ...] = ("base",)) -> Provenance:
    """Hashes of what went in and the settings that are not the usual ones; names of files without their folders.

    Args:
        job: what was done.
        source: SHA-256 of the model.
        credit: licence notes and names.
        maps: which maps are painted.
    """
    left_out = {"kind", *names_with(type(job), Trait.CONDUCT, Trait.TOLD_APART)}
    usual = {name: plain(getattr(type(job), name, None)) for name in job.to_json()}
    settings = {
        name: Path(value).name if isinstance(getattr(job, name, None), Path) else value
        for name, value in job.to_json().items()
        if name not in left_out and (value != usual[name] or name in ("preset", "seed"))
    }
    return Provenance(
        title=job.model.stem,
        source=(job.model.name, source),
        styles={path.name: file_hash(path) for path in job.pictures if path.is_file()},
        tool=f"style3d {_version()}",
        settings=settings,
        credit=credit,
        maps=maps,
    )


def _version() -> str:
    try:
        return version("style3d")
    except PackageNotFoundError:  # run from a folder that is not installed
        return "(not installed)"

"""A plan lists the jobs that a manifest comes to: which file in which look, and where the result is written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from glob import has_magic
from hashlib import sha256
from pathlib import Path
from typing import Any, final

from style3d.batch.ledger_rows import Enrolled
from style3d.batch.manifest import AssetRule, BatchLook, Manifest
from style3d.errors import Style3DError
from style3d.files import check_readable
from style3d.job import Job
from style3d.job.control import Trait, names_with
from style3d.job.file_types import MESH_SOURCES
from style3d.job.replay import KINDS
from style3d.job.values import move_paths, plain
from style3d.paint.result import content_hash
from style3d.scene_kinds.registry import kind_at

MOST_JOBS = 100_000
FIELD_SOURCES = (".spz", ".splat", ".ksplat", ".sog", ".safetensors")  # those that no mesh is read from


@final
@dataclass(frozen=True)
class PlannedJob:
    """One file in one look."""

    enrolled: Enrolled
    job: Job
    accept: str
    retries: int


@final
@dataclass(frozen=True)
class Pick:
    """A file in a look, before it is a job. Concretely: props/barrel.glb as "oil", with 512 texels."""

    file: Path
    name: str  # what the file is called in the batch: its place below the folder that all files share
    look: BatchLook
    settings: Mapping[str, Any]
    kind: type[Job]
    format: str = ""


def picks(manifest: Manifest, output: Path, overrides: Mapping[str, Any] | None = None) -> list[Pick]:
    """Every file in every look that it is meant for; later rules of a file go before earlier ones.

    Args:
        manifest: what to do.
        output: the folder of results, where no assets are looked for.
        overrides: settings that go before all others.

    Raises:
        Style3DError: a rule finds no file, or there are too many.
    """
    found: dict[tuple[Path, str], Pick] = {}
    every = [*((rule, False) for rule in manifest.assets), *((rule, True) for rule in manifest.pairs)]
    of_file: dict[Path, tuple[tuple[str, ...], dict[str, Any], AssetRule]] = {}
    for rule, single in every:
        for file in _files(manifest.folder, rule, output):
            names, settings, _ = of_file.get(file, (tuple(manifest.looks), {}, rule))
            names = names if rule.looks is None else rule.looks
            settings = settings | dict(rule.settings)
            if not single:
                of_file[file] = names, settings, rule
                for other in [key for key in found if key[0] == file and key[1] not in names]:
                    del found[other]
            for name in names:
                look = manifest.looks[name]
                merged = {**manifest.settings, **look.settings, **settings, **(overrides or {})}
                kind = KINDS[rule.kind] if rule.kind else kind_at(file).job
                found[file, name] = Pick(file, "", look, merged, kind, rule.format or look.format)
    if len(found) > MOST_JOBS:
        raise Style3DError("the batch has too many jobs", got=f"{len(found):,}", expected=f"at most {MOST_JOBS:,}")
    shared = _shared_folder([file for file, _ in found])
    return [replace(pick, name=pick.file.relative_to(shared).as_posix()) for pick in found.values()]


def planned_jobs(chosen: Sequence[Pick], output: Path) -> list[PlannedJob]:
    """The jobs, each with a key that depends on all that decides its output.

    Raises:
        Style3DError: a job cannot work, or a picture cannot be read.
    """
    jobs: dict[str, PlannedJob] = {}
    for pick in chosen:
        own = {one.name for one in fields(pick.kind)}
        settings = {name: value for name, value in pick.settings.items() if name in own}
        suffix = pick.format if pick.format in pick.kind.outputs else pick.kind.outputs[0]
        stem = pick.name.removesuffix(pick.file.suffix) if pick.file.is_file() else pick.name
        target = f"{pick.look.name}/{stem}{suffix}"
        if target.casefold() in jobs:  # barrel.glb and barrel.obj: the second becomes barrel.obj.glb
            target = f"{pick.look.name}/{pick.name}{suffix}"
        try:
            job = pick.kind(pick.file, output=output / target, **settings)
        except Style3DError as error:
            raise Style3DError(f"{pick.name} as {pick.look.name}: {error}") from None
        for picture in (*job.pictures, *job.masks):
            check_readable(picture)
        key = sha256(f"{paint_key(job, target)} {pick.look.accept} {pick.look.retries}".encode()).hexdigest()
        enrolled = Enrolled(key, pick.name, pick.look.name, target)
        jobs[target.casefold()] = PlannedJob(enrolled, job, pick.look.accept, pick.look.retries)
    return list(jobs.values())


def paint_key(job: Job, target: str) -> str:
    """A hash of all that decides what a job writes: settings, and the contents of what it reads, wherever that lies."""
    left_out = names_with(type(job), Trait.CONDUCT)
    settings = {
        field.name: plain(move_paths(getattr(job, field.name), _by_content))
        for field in fields(job)
        if field.name not in left_out
    }
    text = json.dumps([job.kind, target, settings], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _by_content(path: Path) -> Path:
    return Path(path.name) / _known_hash(path)


def _known_hash(path: Path) -> str:
    try:
        stat = path.stat()
        return _hash(path, stat.st_size, stat.st_mtime_ns) if path.is_file() else content_hash(path)
    except OSError:  # who reads it says what is wrong with it
        return "unreadable"


@lru_cache(maxsize=100_000)
def _hash(path: Path, size: int, changed: int) -> str:
    return content_hash(path)


def _files(folder: Path, rule: AssetRule, output: Path) -> Iterator[Path]:
    """The files of a rule, in the order of its names and then of the alphabet.

    Raises:
        Style3DError: a name finds none.
    """
    for name in rule.files:
        pattern = Path(name) if Path(name).is_absolute() else folder / name
        found = _matches(pattern) if has_magic(str(pattern)) else [pattern]
        kept = [file for file in found if not file.resolve().is_relative_to(output.resolve())]
        if not kept or not (has_magic(name) or kept[0].exists()):
            raise Style3DError(
                f"no asset is called {name}", expected=f"files below {folder}", hint="check its spelling"
            )
        yield from (Path(os.path.abspath(file)) for file in kept)


def _matches(pattern: Path) -> list[Path]:
    """Files that a name with wildcards stands for; what is no asset by its suffix only if the name says the suffix."""
    anchor = Path(*_until_magic(pattern.parts))
    rest = Path(*pattern.parts[len(anchor.parts) :])
    found = []
    for file in anchor.glob(str(rest)):
        hidden = any(part.startswith(".") for part in file.relative_to(anchor).parts)
        if file.is_file() and not hidden and (is_asset(file) or not has_magic(pattern.suffix or "*")):
            found.append(file)
        if len(found) > MOST_JOBS:
            raise Style3DError(f"{pattern} stands for too many files", expected=f"at most {MOST_JOBS:,}")
    return sorted(found)


def _until_magic(parts: Sequence[str]) -> Iterator[str]:
    for part in parts[:-1]:
        if has_magic(part):
            return
        yield part


def is_asset(file: Path) -> bool:
    """Whether a file may hold something to paint, by its suffix."""
    return file.suffix.lower() in (*MESH_SOURCES, *FIELD_SOURCES)


def _shared_folder(files: Sequence[Path]) -> Path:
    return Path(os.path.commonpath([file.parent for file in files])) if files else Path()


def manifest_of_folder(folder: Path, looks: Mapping[str, BatchLook]) -> Manifest:
    """A batch of every asset in a folder and below it.

    Raises:
        Style3DError: there is no such folder.
    """
    if not folder.is_dir():
        problem = "is no folder" if folder.exists() else "does not exist"
        raise Style3DError(f"{folder} {problem}", expected="a folder of assets, or a manifest (.yaml)")
    return Manifest(folder, looks, (AssetRule(("**/*",)),))

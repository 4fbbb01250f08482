"""A job file is YAML that holds the command line's options by name. Its paths are relative to the file."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from style3d.color.palette import is_hex
from style3d.errors import Style3DError, unknown_name
from style3d.files import read_bytes, write_bytes
from style3d.job.base import Job
from style3d.job.file_types import either
from style3d.job.replay import KINDS
from style3d.job.values import as_type, hints, move_paths, plain

MAX_BYTES = 1 << 20
YAML = (".yaml", ".yml")
HEAD = "# style3d run {name}: does this again; `style3d {kind} --help` says what each setting does\n"
FOUND = "# cast:  # what was found; remove the # and edit\n"


def read_job_file(path: Path) -> Job:
    """The job that a YAML file describes; relative paths start at its folder.

    Raises:
        Style3DError: it cannot be read, has a setting that does not exist, or describes a job that cannot work.
    """
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise Style3DError(f"{path} is not a job file", expected="settings like 'model: cow.glb', one a line")
    settings = {str(key): value for key, value in values.items()}
    kind = settings.pop("kind", "mesh")
    if kind not in KINDS:
        raise unknown_name("kind of job", str(kind), KINDS)
    found = typed_settings(settings, [KINDS[kind]], f"setting of a {kind} job", path)
    if "model" not in found:
        raise Style3DError(f"{path} names no model", hint="add a line like 'model: cow.glb'")
    return KINDS[kind](**found)


def read_yaml(path: Path, limit: int = MAX_BYTES) -> Any:
    """What a YAML file of at most ``limit`` bytes holds: plain values, whatever its tags say.

    Raises:
        Style3DError: it cannot be read, or is no YAML.
    """
    try:
        return yaml.safe_load(read_bytes(path, limit))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        if path.suffix.lower() in YAML:
            hint = "check its indentation"
            raise Style3DError(f"{path} is not valid YAML", got=_first_line(error), hint=hint) from None
        raise Style3DError(f"{path} is not YAML", expected=either(YAML), hint="name the file of settings") from None


def typed_settings(
    values: Mapping[str, Any], kinds: Sequence[type[Job]], what: str, path: Path, further: Iterable[str] = ()
) -> dict[str, Any]:
    """Settings as the fields of a job hold them, by the names of the fields; relative paths start at a file's folder.

    Args:
        values: the settings, each by the name of its option.
        kinds: jobs, one of which must have it.
        what: what a setting is called, if there is no such one.
        path: the file that they come from.
        further: what else may stand there, for the error that lists the names.

    Raises:
        Style3DError: there is no such setting, or a value does not fit.
    """
    known = {name: hint for kind in reversed(kinds) for name, hint in hints(kind).items()}
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in known:
            raise unknown_name(what, _option(name), [*map(_option, known), *further])
        found[name] = _move_paths_of(name, _value(path, name, known[name], value), _from(path.parent))
    return found


def write_job_file(job: Job, path: Path, cast: Sequence[str] = ()) -> None:
    """Write a job so that `read_job_file` gives it back; what is as by default is left out.

    Args:
        job: the settings.
        path: file to write.
        cast: the pairs that a run found; they stand below the settings as a comment, for people to edit.

    Raises:
        Style3DError: the file cannot be written.
    """
    values: dict[str, Any] = {"kind": job.kind}
    for field in fields(job):
        value = getattr(job, field.name)
        if value != field.default:
            values[_option(field.name)] = plain(_move_paths_of(field.name, value, _to(path.parent)))
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    write_bytes(path, (HEAD.format(name=path.name, kind=job.kind) + text + _area_comment(job, cast)).encode())


def _area_comment(job: Job, cast: Sequence[str]) -> str:
    """A comment that becomes a setting without its first two characters: of each part its first area."""
    if job.cast != ("auto",) or not cast:
        return ""
    first = {word.partition(">")[0]: word for word in reversed(cast)}
    pairs = [first[part] for part in dict.fromkeys(word.partition(">")[0] for word in cast)]
    return FOUND + "".join(f'#   - "{pair}"\n' for pair in pairs)


def _value(path: Path, name: str, hint: Any, value: Any) -> Any:
    if isinstance(value, str) and "tuple" in str(hint):  # one where several may be
        value = [value]
    try:
        return as_type(hint, value)
    except (ValueError, TypeError) as error:
        got = reprlib.repr(value)[:80]  # of lists within lists within lists no more than their beginnings
        raise Style3DError(f"{_option(name)} in {path} is not understood", got=got, expected=str(error)) from None


def _move_paths_of(name: str, value: Any, move: Callable[[Path], Path]) -> Any:
    if name == "palette" and value and not is_hex(value[0]):  # the one text that may be a path
        return (str(move(Path(value[0]))), *value[1:])
    return move_paths(value, move)


def _from(folder: Path) -> Callable[[Path], Path]:
    """What a path in a file of ``folder`` is from here."""
    return lambda path: path if path.is_absolute() else Path(os.path.normpath(folder / path))


def _to(folder: Path) -> Callable[[Path], Path]:
    """What a path from here is in a file of ``folder``; absolute where there is no way."""

    def relative(path: Path) -> Path:
        if path.is_absolute():
            return path
        try:
            return Path(os.path.relpath(path, folder))
        except ValueError:  # another drive
            return path.absolute()

    return relative


def _option(name: str) -> str:
    return name.replace("_", "-")


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]

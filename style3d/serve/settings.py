"""The settings of a service: who may use it, which looks and assets it has, and how much of it each person gets."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, final

from style3d.batch.manifest import BatchLook, check_look, mapping_of, read_look, text_of, texts_of
from style3d.errors import Style3DError, unknown_name
from style3d.files import check_readable
from style3d.job.file import read_yaml
from style3d.serve.access import ROLES, Person

MAX_BYTES = 1 << 20
TOP = ("data", "people", "looks", "assets", "limits")
CREDIT = ("licence", "author", "source")
LOOK = (*CREDIT, "people", "assets")
DIGEST = re.compile(r"[0-9a-f]{64}")


@final
@dataclass(frozen=True)
class Credit:
    """Where a look or an asset comes from. Concretely: CC0-1.0, by Vincent van Gogh, https://…"""

    licence: str
    author: str
    source: str


@final
@dataclass(frozen=True)
class ServedLook:
    """A look, and who may apply it to what. Concretely: oil, by everyone who paints, to barrels."""

    look: BatchLook
    credit: Credit
    people: tuple[str, ...]  # names with wildcards
    assets: tuple[str, ...]  # names with wildcards, as orders name assets

    def permits(self, person: str, asset: str) -> bool:
        """Whether a person may have an asset painted in it."""
        return any(fnmatchcase(person, name) for name in self.people) and any(
            fnmatchcase(asset, name) for name in self.assets
        )


@final
@dataclass(frozen=True)
class ServedAsset:
    """A file of the service that orders may name."""

    name: str
    file: Path
    credit: Credit


@final
@dataclass(frozen=True)
class Limits:
    """How much the service takes. Concretely: 64 MB an upload, 200 jobs and 20 hours of work a person and day."""

    upload_megabytes: float = 64.0  # of one upload, packed and unpacked
    upload_seconds: float = 120.0  # until an upload must be whole
    job_seconds: float = 3600.0  # until a job is stopped
    requests_a_minute: float = 600.0  # of a person, or of an address without a token
    jobs: float = 200.0  # of a person, begun in the last 24 hours
    megabytes: float = 2000.0  # of a person's uploads
    seconds: float = 72_000.0  # of work for a person in the last 24 hours


@final
@dataclass(frozen=True)
class ServiceSettings:
    """All that the file of a service says."""

    data: Path  # the folder of uploads, results and the ledger
    people: tuple[Person, ...]
    looks: Mapping[str, ServedLook]
    assets: Mapping[str, ServedAsset]
    limits: Limits = Limits()


def read_settings(path: Path) -> ServiceSettings:
    """The settings in a YAML file; its paths start at its own folder.

    Raises:
        Style3DError: it cannot be read, or has something that is not understood or not there.
    """
    values = mapping_of(read_yaml(path, MAX_BYTES), f"{path}", "keys such as 'people:' and 'looks:'")
    for key in values:
        if key not in TOP:
            raise unknown_name("key of a service", key, TOP)
    people, looks, assets = (mapping_of(values.get(key, {}), f"{key} in {path}", "a line for each") for key in TOP[1:4])
    if not people:
        raise Style3DError(f"{path} names no people", hint="make a line with: style3d serve --new-token NAME")
    if not looks:
        raise Style3DError(f"{path} names no looks", hint="add 'looks:' with a line for each")
    return ServiceSettings(
        data=path.absolute().parent / text_of(path, "data", values.get("data", "data")),
        people=tuple(_person(path, name, value) for name, value in people.items()),
        looks={name: _look(path, name, value) for name, value in looks.items()},
        assets={name: _asset(path, name, value) for name, value in assets.items()},
        limits=_limits(path, values.get("limits", {})),
    )


def _person(path: Path, name: str, value: Any) -> Person:
    values = mapping_of(value, f"{name[:80]} in {path}", "a role and the SHA-256 of a token")
    _check_keys(values, ("role", "sha256"), "key of a person")
    role, digest = values.get("role"), values.get("sha256")
    known = next((one for one in ROLES if one == role), None)
    if known is None:
        raise unknown_name(f"role of {name[:80]}", str(role), ROLES)
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        hint = f"make one with: style3d serve --new-token {name[:80]}"
        raise Style3DError(f"sha256 of {name[:80]} in {path} is no SHA-256", got=reprlib.repr(digest), hint=hint)
    return Person(check_look(name, "a person"), known, digest)


def _look(path: Path, name: str, value: Any) -> ServedLook:
    look = read_look(path, name, value, LOOK)
    for picture in look.settings.get("style") or ():
        check_readable(picture)
    people, assets = (texts_of(path, key, value.get(key, "*")) for key in ("people", "assets"))
    return ServedLook(look, _credit(path, name, value), people, assets)


def _asset(path: Path, name: str, value: Any) -> ServedAsset:
    values = mapping_of(value, f"the asset {name[:80]} in {path}", "a file and where it comes from")
    _check_keys(values, ("file", *CREDIT), "key of an asset")
    file = path.absolute().parent / text_of(path, "file", values.get("file", ""))
    check_readable(file)
    return ServedAsset(check_look(name, "an asset"), file, _credit(path, name, values))


def _credit(path: Path, name: str, values: Mapping[str, Any]) -> Credit:
    for key in CREDIT:
        if not values.get(key):
            hint = f"add '{key}:' to it, so that whoever gets a result knows what may be done with it"
            raise Style3DError(f"{name[:80]} in {path} has no {key}", hint=hint)
    return Credit(*(text_of(path, key, values[key]) for key in CREDIT))


def _limits(path: Path, value: Any) -> Limits:
    values = mapping_of(value, f"limits in {path}", "lines like 'jobs: 200'")
    known = [field.name.replace("_", "-") for field in fields(Limits)]
    _check_keys(values, known, "limit")
    for key, number in values.items():
        if not isinstance(number, int | float) or isinstance(number, bool) or not 0 < number < 1e12:
            raise Style3DError(f"{key} in {path} is no limit", got=reprlib.repr(number), expected="a number over 0")
    return Limits(**{key.replace("-", "_"): float(number) for key, number in values.items()})


def _check_keys(values: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in values:
        if key not in known:
            raise unknown_name(what, key, known)

"""A manifest is YAML that names the assets and the looks of a batch, and the settings of both."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

from style3d.color.palette import read_palette
from style3d.errors import Style3DError, unknown_name
from style3d.job.file import read_yaml, typed_settings
from style3d.job.replay import KINDS

MAX_BYTES = 4 << 20
MOST_RETRIES = 20
LOOK_NAME = re.compile(r"[^\W_](?:[\w .+-]{0,78}[\w+-])?")  # looks become folders
TOP = ("output", "settings", "looks", "assets", "jobs", "brush-size", "palette")
LOOK = ("accept", "retries", "format")
ASSET = ("files", "looks", "kind", "format")
PAIR = ("files", "look", "format")
DECIDED = frozenset({"model", "output", "mesh", "variants"})  # by the batch: what is read and what is written
Common = Literal["one", "own"]  # whether all assets of a look share a value, or each has its own


@final
@dataclass(frozen=True)
class BatchLook:
    """A style with its settings. Concretely: "oil", after oil.jpg, with a content weight of 0.6, if style <= 0.5."""

    name: str
    settings: Mapping[str, Any]
    accept: str = ""  # thresholds, as --accept takes them
    retries: int = 3
    format: str = ""  # suffix of what is written; "" is the usual one


@final
@dataclass(frozen=True)
class AssetRule:
    """What holds for some files. Concretely: props/*.glb are painted as "oil", in textures of 512 texels."""

    files: tuple[str, ...]  # names with wildcards, absolute or relative to the manifest
    looks: tuple[str, ...] | None = None  # None: all
    settings: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""  # of job; "" is decided by what the file holds
    format: str = ""


@final
@dataclass(frozen=True)
class Manifest:
    """All that a manifest says, with paths as they are from here."""

    folder: Path  # relative names of assets start there
    looks: Mapping[str, BatchLook]
    assets: tuple[AssetRule, ...]  # every file in every look; later rules go before earlier ones
    pairs: tuple[AssetRule, ...] = ()  # some files in one look each
    settings: Mapping[str, Any] = field(default_factory=dict)
    output: Path | None = None
    brush_size: Common | float = "one"
    palette: Common | tuple[str, ...] = "own"

    def __post_init__(self) -> None:
        """Refuse looks that are asked for and do not exist, and a batch of nothing."""
        for rule in (*self.assets, *self.pairs):
            for name in rule.looks or ():
                if name not in self.looks:
                    raise unknown_name("look", name, self.looks)
        if not self.looks:
            raise Style3DError("the batch has no look", hint="add --style IMAGE, or 'looks:' to the manifest")
        if not self.assets and not self.pairs:
            raise Style3DError("the batch has no assets", hint="add 'assets:' with a line like '- models/*.glb'")


def read_manifest(path: Path, further: Mapping[str, BatchLook] | None = None) -> Manifest:
    """The manifest in a file; ``further`` looks join its own.

    Raises:
        Style3DError: it cannot be read, or has a key or a value that is not understood.
    """
    values = mapping_of(read_yaml(path, MAX_BYTES), f"{path}", "keys such as 'assets:' and 'looks:'")
    for key in values:
        if key not in TOP:
            raise unknown_name("key of a manifest", key, TOP)
    output = values.get("output")
    looks = mapping_of(values.get("looks", {}), f"looks in {path}", "a line like 'oil: {style: oil.jpg}' for each")
    return Manifest(
        folder=path.parent,
        looks={name: read_look(path, name, value) for name, value in looks.items()} | dict(further or {}),
        assets=tuple(_rules(path, values, "assets", ASSET)),
        pairs=tuple(_rules(path, values, "jobs", PAIR)),
        settings=settings_of(path, mapping_of(values.get("settings", {}), f"settings in {path}", "settings"), ()),
        output=None if output is None else path.parent / text_of(path, "output", output),
        brush_size=_brush(path, values.get("brush-size", "one")),
        palette=_palette(path, values.get("palette", "own")),
    )


def settings_of(path: Path, values: Mapping[str, Any], further: Sequence[str]) -> dict[str, Any]:
    """The settings among values, typed; ``further`` may stand beside them and is left out.

    Raises:
        Style3DError: one does not exist, does not fit, or is decided by the batch.
    """
    own = {key: value for key, value in values.items() if key not in further}
    for key in own:
        if key.replace("-", "_") in DECIDED:
            raise Style3DError(f"{key} in {path} is decided by the batch", hint="leave it out")
    return typed_settings(own, list(KINDS.values()), "setting", path, further)


def check_look(name: str, what: str = "a look") -> str:
    """The name of a look, or of what else may become a folder's.

    Raises:
        Style3DError: a folder could not be called so everywhere.
    """
    if not LOOK_NAME.fullmatch(name):
        expected = "letters, digits, spaces and . + - _ after a letter or a digit"
        raise Style3DError(f"{what} cannot have this name", got=reprlib.repr(name), expected=expected)
    return name


def read_look(path: Path, name: str, value: Any, further: Sequence[str] = ()) -> BatchLook:
    """A look of a file; ``further`` keys may stand beside its settings.

    Raises:
        Style3DError: a key or a value is not understood.
    """
    values = mapping_of(value, f"the look {name[:80]} in {path}", "settings such as 'style: oil.jpg'")
    accept, retries = text_of(path, "accept", values.get("accept", "")), values.get("retries", 3)
    if not isinstance(retries, int) or isinstance(retries, bool) or not 0 <= retries <= MOST_RETRIES:
        got, expected = reprlib.repr(retries), f"0 to {MOST_RETRIES}"
        raise Style3DError(f"retries of the look {name} in {path} is out of range", got=got, expected=expected)
    settings = settings_of(path, values, (*LOOK, *further))
    if not settings.keys() & {"style", "prompt", "region"}:
        raise Style3DError(f"the look {name} in {path} has no style", hint="add 'style: IMAGE' or 'prompt: TEXT' to it")
    return BatchLook(check_look(name), settings, accept, retries, _format(path, values))


def _rules(path: Path, values: Mapping[str, Any], key: str, allowed: Sequence[str]) -> Iterator[AssetRule]:
    entries = values.get(key, [])
    if not isinstance(entries, list):
        got = reprlib.repr(entries)
        raise Style3DError(f"{key} in {path} is not a list", got=got, expected="lines like '- models/*.glb'")
    for entry in entries:
        told = {"files": entry} if isinstance(entry, str) else entry
        one = mapping_of(told, f"an entry of {key} in {path}", "a name with wildcards, or 'files: models/*.glb'")
        looks = one.get("look" if key == "jobs" else "looks")
        if key == "jobs" and not isinstance(looks, str):
            raise Style3DError(f"a job in {path} names no look", got=reprlib.repr(entry), hint="add 'look: NAME'")
        kind = text_of(path, "kind", one.get("kind", ""))
        if kind and kind not in KINDS:
            raise unknown_name("kind of job", kind, KINDS)
        files = texts_of(path, "files", one.get("files", []))
        if not files:
            raise Style3DError(f"an entry of {key} in {path} names no files", hint="add 'files: models/*.glb'")
        names = None if looks is None else texts_of(path, "looks", looks)
        yield AssetRule(files, names, settings_of(path, one, allowed), kind, _format(path, one))


def _format(path: Path, values: Mapping[str, Any]) -> str:
    suffix = text_of(path, "format", values.get("format", "")).lower()
    suffix = suffix if suffix.startswith(".") or not suffix else f".{suffix}"
    known = sorted({one for kind in KINDS.values() for one in kind.outputs})
    if suffix and suffix not in known:
        raise Style3DError(f"format in {path} cannot be written", got=suffix, expected=", ".join(known))
    return suffix


def _brush(path: Path, value: Any) -> Common | float:
    if value == "one" or value == "own":
        return "one" if value == "one" else "own"
    number = isinstance(value, int | float) and not isinstance(value, bool) and 1e-12 <= value <= 1e12
    if not number:
        expected = "one, own, or a length in scene units"
        raise Style3DError(f"brush-size in {path} is not understood", got=reprlib.repr(value), expected=expected)
    return float(value)


def _palette(path: Path, value: Any) -> Common | tuple[str, ...]:
    if value == "one" or value == "own":
        return "one" if value == "one" else "own"
    colors: tuple[str, ...] = settings_of(path, {"palette": value}, ())["palette"]
    read_palette(colors)
    return colors


def mapping_of(value: Any, what: str, expected: str) -> dict[str, Any]:
    """A value of a file that must be a mapping.

    Raises:
        Style3DError: it is something else.
    """
    if not isinstance(value, dict):
        raise Style3DError(f"{what} is not understood", got=reprlib.repr(value), expected=expected)
    return {str(key): one for key, one in value.items()}


def text_of(path: Path, key: str, value: Any) -> str:
    """A value of a file that must be text.

    Raises:
        Style3DError: it is something else.
    """
    if not isinstance(value, str):
        raise Style3DError(f"{key} in {path} is not understood", got=reprlib.repr(value), expected="text")
    return value


def texts_of(path: Path, key: str, value: Any) -> tuple[str, ...]:
    """A value of a file that must be text, or a list of texts.

    Raises:
        Style3DError: it is something else.
    """
    return tuple(text_of(path, key, one) for one in (value if isinstance(value, list) else [value]))

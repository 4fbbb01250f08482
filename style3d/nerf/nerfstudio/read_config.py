"""A nerfstudio run's config.yml is read as data, because nerfstudio's own reader lets it run any Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from style3d.errors import Style3DError
from style3d.files import read_bytes

LIMIT = 1 << 20  # bytes of a config.yml
KIND = "!"  # the key under which an object's class name is kept
PATHS = ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path")
PYTHON = "tag:yaml.org,2002:python/"

Plain = Mapping[str, Any]


@final
@dataclasses.dataclass(frozen=True)
class TrainedRun:
    """What is known of a run without running anything. Concretely: a nerfacto of the capture "data/fox", step 29999."""

    folder: Path  # that holds config.yml
    method: str
    data: Path
    settings: Plain  # the whole configuration: plain values, objects as mappings with their class's name under "!"

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.folder / "nerfstudio_models"


def read_run(config: Path) -> TrainedRun:
    """Read a run's config.yml; names of classes are kept as text and nothing is looked up, made or called.

    Raises:
        Style3DError: it is missing, too large, no such file, or holds more than data.
    """
    settings = parse_config(read_bytes(config, LIMIT), str(config))
    method, data = settings.get("method_name"), _at(settings, "pipeline", "datamanager", "data") or settings.get("data")
    if not isinstance(method, str) or not isinstance(data, Path):
        raise Style3DError(f"{config} names no method or no data", hint="give the config.yml that ns-train wrote")
    run = TrainedRun(config.parent, method, data, settings)
    if not list(run.checkpoints.glob("step-*.ckpt")):
        raise Style3DError(f"{run.checkpoints} holds no checkpoint", hint="train the scene first, with ns-train")
    return run


def parse_config(content: bytes, name: str) -> dict[str, Any]:
    """The mapping that a config.yml holds; objects become mappings, paths paths, names of Python things text.

    Raises:
        Style3DError: it is no YAML, or no mapping.
    """
    import yaml

    try:
        settings = yaml.load(content.decode("utf-8"), Loader=_loader())
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError, TypeError) as error:
        raise Style3DError(f"{name} is not a nerfstudio configuration", got=str(error)[:200]) from None
    if not isinstance(settings, dict):
        raise Style3DError(f"{name} is not a nerfstudio configuration", got=type(settings).__name__)
    return settings


def restore_settings(default: Any, settings: Any) -> Any:
    """``default``, a dataclass of nerfstudio's, with the plain settings that fit its fields by name and type.

    What does not fit is left as it is by default: a newer or older nerfstudio's field, a class, a function.
    """
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(default):
        value = settings.get(field.name, dataclasses.MISSING)
        current = getattr(default, field.name)
        if value is dataclasses.MISSING or field.name.startswith("_"):
            continue
        if dataclasses.is_dataclass(current) and not isinstance(current, type):
            if isinstance(value, dict) and value.get(KIND, "").rpartition(".")[2] == type(current).__name__:
                changes[field.name] = restore_settings(current, value)
        elif _alike(current, value):
            changes[field.name] = tuple(value) if isinstance(current, tuple) else value
    return dataclasses.replace(default, **changes)


def _alike(current: Any, value: Any) -> bool:
    """Whether a plain value may stand where ``current`` stands."""
    if isinstance(value, dict) and KIND in value:
        return False
    if current is None or value is None:
        return value is None or isinstance(value, bool | int | float | str | Path)
    if isinstance(current, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(current, list | tuple):
        return isinstance(value, list | tuple)
    return type(current) is type(value) or (isinstance(current, Path) and isinstance(value, Path))


def _at(settings: Any, *names: str) -> Any:
    for name in names:
        settings = settings.get(name) if isinstance(settings, dict) else None
    return settings


def _loader() -> Any:
    """PyYAML's safe loader with constructors that make nothing but plain values."""
    import yaml

    class Loader(yaml.SafeLoader):  # a class of its own: constructors are registered on the class
        pass

    Loader.add_multi_constructor(f"{PYTHON}name:", lambda loader, suffix, node: suffix)
    Loader.add_constructor(f"{PYTHON}tuple", lambda loader, node: tuple(loader.construct_sequence(node, deep=True)))
    Loader.add_multi_constructor(f"{PYTHON}object/apply:", _value_of_call)
    Loader.add_multi_constructor(f"{PYTHON}object:", _object)
    return Loader


def _object(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    return {**loader.construct_mapping(node, deep=True), KIND: suffix}


def _value_of_call(loader: Any, suffix: str, node: Any) -> Any:
    """A path from its parts; of any other call only the name."""
    import yaml

    if suffix.startswith("pathlib.") and suffix.rpartition(".")[2] in PATHS and isinstance(node, yaml.SequenceNode):
        return Path(*(str(part) for part in loader.construct_sequence(node, deep=True)))
    return {KIND: suffix}

"""The digest covers the sources that a module imports. What other code computed is computed again."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2]  # that `style3d` lies in


def source_digest(modules: Sequence[str], rooms: Sequence[str], folder: Path = FOLDER) -> str:
    """sha256 (hex) of the names and texts of the files in `sources`."""
    total = hashlib.sha256()
    for name, path in sources(modules, rooms, folder).items():
        total.update(f"{name}\n".encode() + path.read_bytes())
    return total.hexdigest()


def sources(modules: Sequence[str], rooms: Sequence[str], folder: Path = FOLDER) -> dict[str, Path]:
    """The files of ``modules`` and of all they import from ``rooms``, anywhere in a file, by module in name order.

    Imports are followed, no names are listed: a file that is renamed stays, and one that nobody imports has no say.

    Args:
        modules: where to begin. Concretely: ``("style3d.losses",)``.
        rooms: packages whose modules count; an import of anything else is passed over.
        folder: what the packages lie in.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _file(name, folder)
        if name in found or path is None or not any(f"{name}.".startswith(f"{room}.") for room in rooms):
            continue
        found[name] = path
        waiting += _imported_names(path)
    return dict(sorted(found.items()))


def _file(module: str, folder: Path) -> Path | None:
    """Of a module or a package; None for a name that is neither, such as that of a function."""
    path = folder.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imported_names(path: Path) -> Iterator[str]:
    """What a file may mean by its imports: each module, the packages it lies in, and each name taken from it."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))

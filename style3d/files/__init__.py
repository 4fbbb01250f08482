"""Files are read with a limit on their size, and written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from style3d.errors import Style3DError

MAX_BYTES = 2 << 30  # of one file that is read
POINTER = b"version https://git-lfs.github.com/"  # how Git LFS marks the place of a file that it has not fetched


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The content of a file of at most ``limit`` bytes.

    Raises:
        Style3DError: the file is missing, a folder, empty, too large, may not be read, or only stands for one that Git
            LFS has not fetched.
    """
    check_readable(path, limit)
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise Style3DError(f"{path} cannot be read", got=error.strerror or error) from None
    if len(content) > limit:
        raise Style3DError(f"{path} is too large", expected=f"at most {limit:,} bytes")
    if content.startswith(POINTER):
        hint = "fetch the file with: git lfs pull"
        raise Style3DError(f"{path} is a pointer of Git LFS", expected="the file that it stands for", hint=hint)
    return content


def check_readable(path: Path, limit: int = MAX_BYTES) -> None:
    """Refuse what `read_bytes` would refuse, without reading it."""
    try:
        if not path.exists():
            raise Style3DError(f"{path} does not exist", expected="a file", hint="check the path")
        if not path.is_file():
            raise Style3DError(f"{path} is not a file", expected="a file")
        size = path.stat().st_size
    except (OSError, ValueError) as error:  # a name too long, or with a null byte
        raise Style3DError("a path cannot be read", got=f"{str(path)[:80]!r} ({error})") from None
    if size == 0:
        raise Style3DError(f"{path} is empty", hint="export or download it again")
    if size > limit:
        raise Style3DError(f"{path} is too large", got=f"{size:,} bytes", expected=f"at most {limit:,}")


def check_writable(path: Path) -> None:
    """Refuse an output that could not be written: what would be found out only after the work is done.

    An absent folder is not made, but the folder that it would be made in is tried.

    Raises:
        Style3DError: the path is a folder, or its folder cannot be made or written to.
    """
    if path.is_dir():
        raise Style3DError(f"{path} is a folder", expected="the name of a file to write")
    try:
        folder = next(folder for folder in path.absolute().parents if folder.exists())
        with tempfile.TemporaryFile(dir=folder):
            pass
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(0, "it is write-protected")
    except OSError as error:
        reason = error.strerror or error
        raise Style3DError(f"{path} cannot be written", got=reason, hint="choose another --output") from None


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path``, with its suffix, that becomes ``path`` when the block ends well.

    When the block fails the temporary file goes and ``path`` is as it was. Folders on the way are made.

    Raises:
        Style3DError: the folder cannot be made or written to, or the disk is full.
    """
    temporary = path.with_name(f".{path.stem[:80]}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or error
        raise Style3DError(f"{path} cannot be written", got=reason, hint="choose another --output") from error
    finally:
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` at once.

    Raises:
        Style3DError: see `atomic_path`.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def trim(folder: Path, limit: int) -> None:
    """Remove the .safetensors files longest unused until the rest fits ``limit`` bytes."""
    files = [(path.stat(), path) for path in folder.glob("*.safetensors")]
    total = sum(stat.st_size for stat, _ in files)
    for stat, path in sorted(files, key=lambda pair: pair[0].st_mtime):
        if total <= limit:
            return
        path.unlink(missing_ok=True)
        total -= stat.st_size


def cache_folder(name: str) -> Path | None:
    """The folder of that name for what can be made again: in the user's cache folder, or in what STYLE3D_CACHE names.

    None where STYLE3D_CACHE says off, or there is no home.
    """
    named = os.environ.get("STYLE3D_CACHE", "")
    if named.lower() in ("off", "no", "none", "0"):
        return None
    try:
        return (Path(named) if named else _user_cache() / "style3d") / name
    except RuntimeError:
        return None


def _user_cache() -> Path:
    """The platform's folder for what can be made again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")

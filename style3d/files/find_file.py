"""One search finds the files that assets name, however other systems and other layouts write the names."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from style3d.errors import Style3DError
from style3d.remarks import remark

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tga", ".bmp", ".tif", ".tiff", ".exr", ".hdr", ".dds", ".avif", ".gif")
FOLDERS = {"textures", "texture", "tex", "maps", "map", "images", "image", "img", "pictures", "bitmaps", "sourceimages"}
FOLDERS |= {"materials", "material"}
ENDINGS = ("textures", "_tex", "-tex", ".fbm")  # of folders that exporters name after a model
PAGES = ("utf-8", "cp1252", "cp932", "latin-1", "cp437", "gbk")  # code pages of names that are no UTF-8
MISREAD = (("cp1252", "utf-8"), ("cp437", "utf-8"), ("latin-1", "utf-8"), ("cp437", "cp1252"), ("cp437", "cp932"))
MOST_ENTRIES = 10_000  # of a folder that are compared
MOST_TAILS = 12  # of an absolute name


def find_file(name: str, folder: Path, *, beside: Path | None = None, suffixes: Sequence[str] = ()) -> Path:
    """The file that an asset names, in the asset's folder, below it, or in a folder beside it.

    It looks for the name as it stands, then in other letter case and encodings, then for its last parts (names of
    other systems are often absolute), and, for pictures, in folders such as ``textures`` below and beside. Whatever it
    takes for another name than was written is remarked.

    Args:
        name: as the file has it, with separators of any system, percent codes, or a drive.
        folder: of the asset.
        beside: the folder of the file that names it, where that lies elsewhere, as an MTL file may.
        suffixes: others that will do, in order, as `PICTURES`; () for files that are no pictures.

    Raises:
        Style3DError: there is no such file, or its name leads to another machine or out of the asset's tree.
    """
    shown = repr(name[:80])
    if not name.strip() or "\0" in name:
        raise Style3DError("a file's name cannot be one in the asset's folder", got=shown)
    if re.match(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+://", name):
        hint = "put the file beside the asset; nothing is downloaded"
        raise Style3DError("a resource is not in the asset's folder", got=shown, hint=hint)
    root = Path(os.path.abspath(folder))
    bases = list(dict.fromkeys((Path(os.path.abspath(beside or folder)), root)))
    once = unquote(name, errors="surrogateescape")
    spellings = [text for text in dict.fromkeys((once, name, unquote(once, errors="surrogateescape"))) if text]
    for endings in ((), suffixes) if suffixes else ((),):
        for base, parts in _places(spellings, bases, root, bool(suffixes)):
            found = _descend(base, parts, endings)
            if found is not None:
                if not _is_named(found, spellings, bases):
                    remark(f"{name} is not there: {os.path.relpath(found, root)} is taken for it")
                return found if folder.is_absolute() else Path(os.path.relpath(found))
    raise Style3DError(f"{name[:200]} is not in the asset's folder", hint="put the file beside the asset")


def _is_named(found: Path, spellings: Sequence[str], bases: Sequence[Path]) -> bool:
    """Whether a file is just where its name says."""
    named = (os.path.normpath(base / spelling.replace("\\", "/")) for base in bases for spelling in spellings)
    return str(found) in named


def _places(
    spellings: Sequence[str], bases: Sequence[Path], root: Path, pictures: bool
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Folders within the asset's tree, and the parts of a name that may lead on from there, the likeliest first."""
    for spelling in spellings:
        absolute, parts = _parts(spelling)
        for base in bases:
            place = None if absolute else _allowed_parts(base, parts, root)
            if place is not None:
                yield place
    for spelling in spellings:
        inner = tuple(part for part in _parts(spelling)[1] if part != os.pardir)
        for start in range(max(0, len(inner) - MOST_TAILS), len(inner)):
            yield from ((base, inner[start:]) for base in bases)
    if pictures:
        for spelling in spellings:
            bare = tuple(part for part in _parts(spelling)[1] if part != os.pardir)[-1:]
            if bare:
                yield from ((place, bare) for place in _picture_folders(bases, root))


def _parts(spelling: str) -> tuple[bool, tuple[str, ...]]:
    """Whether a name is absolute on any system, and its parts."""
    plain = re.sub(r"^file:/*(?=/|[A-Za-z]:)", "", spelling).replace("\\", "/")
    drive = re.match(r"[A-Za-z]:", plain)
    absolute = drive is not None or plain.startswith(("/", "~"))
    return absolute, tuple(part for part in plain[2 if drive else 0 :].split("/") if part not in ("", "."))


def _allowed_parts(base: Path, parts: tuple[str, ...], root: Path) -> tuple[Path, tuple[str, ...]] | None:
    """A relative name as one within the asset's folder, or within a folder beside it; None if it leads elsewhere."""
    target = Path(os.path.normpath(base.joinpath(*parts)))
    if target.is_relative_to(root):
        return root, target.relative_to(root).parts
    if root.parent != root.parent.parent and target.is_relative_to(root.parent):
        inner = target.relative_to(root.parent).parts
        return (root.parent, inner) if len(inner) > 1 else None
    return None


def _picture_folders(bases: Sequence[Path], root: Path) -> Iterator[Path]:
    """Folders below and beside that pictures are usually put into."""
    above = [root.parent] if root.parent != root.parent.parent else []
    for base in (*bases, *above):
        for name in _entries(base):
            plain = name.casefold()
            if (plain in FOLDERS or (base != root.parent and plain.endswith(ENDINGS))) and (base / name).is_dir():
                yield base / name


def _descend(base: Path, parts: tuple[str, ...], endings: Sequence[str]) -> Path | None:
    """The file that the parts lead to from a folder, each as it is written, else the one that is alike."""
    place = base
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        name = _alike(place, part, endings if last else ())
        if name is None:
            return None
        place /= name
        if not (place.is_file() if last else place.is_dir()):
            return None
    return place if parts else None


def _alike(folder: Path, name: str, endings: Sequence[str]) -> str | None:
    """The entry of a folder that a name means; with ``endings``, the one of its stem that has the first of them."""
    try:
        if not endings and (folder / name).exists():
            return name
    except (OSError, ValueError):  # a name too long
        return None
    wanted = spellings_of(name)
    if not endings:
        found = [entry for entry in _entries(folder) if spellings_of(entry) & wanted]
        return found[0] if len(found) == 1 else None
    wanted |= spellings_of(Path(name).stem)
    by_ending: dict[str, str] = {}
    for entry in _entries(folder):
        stem, ending = os.path.splitext(entry)
        if ending.lower() in endings and spellings_of(stem) & wanted:
            by_ending.setdefault(ending.lower(), entry)
    return next((by_ending[ending] for ending in endings if ending in by_ending), None)


def _entries(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for _, entry in zip(range(MOST_ENTRIES), entries, strict=False))
    except OSError:
        return []


def spellings_of(name: str) -> frozenset[str]:
    """What a name may have been before other systems wrote it: letter case, composed letters and code pages aside."""
    found = {name}
    if not name.isascii():
        raw = name.encode("utf-8", "surrogateescape") if _is_escaped(name) else None
        tries = [(raw, page) for page in PAGES] if raw is not None else []
        for written, read in MISREAD if raw is None else ():
            try:
                tries.append((name.encode(written), read))
            except UnicodeEncodeError:
                continue
        for content, page in tries:
            try:
                found.add((content or b"").decode(page))
            except UnicodeDecodeError:
                continue
    return frozenset(unicodedata.normalize("NFC", text).casefold() for text in found)


def _is_escaped(name: str) -> bool:
    """Whether a name holds bytes that were no UTF-8."""
    return any("\udc80" <= letter <= "\udcff" for letter in name)

"""Uploads come from strangers: they are bounded in size and time, and unpacked into a folder of their own."""

from __future__ import annotations

import asyncio
import re
import shutil
import stat
import time
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Any

from style3d.batch.plan import is_asset
from style3d.serve.refusal import RefusedRequest

NAME = re.compile(r"[^\W_][\w .+()-]{0,99}")  # of a file that is sent
PART = re.compile(r"[^\x00-\x1f<>:\"|?*/\\.][^\x00-\x1f<>:\"|?*/\\]{0,119}")  # of a path in a ZIP
MAC = "__MACOSX"  # a folder of what macOS alone needs
MOST_ENTRIES = 2000  # of a ZIP
DEEPEST = 8  # folders within folders
BLOCK = 1 << 20
PAUSE = 15.0  # seconds that a client may send nothing


def check_name(name: str) -> str:
    """The name of an uploaded file.

    Raises:
        RefusedRequest: 422, it is none, or leads elsewhere.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if not NAME.fullmatch(name) or ".." in name:
        raise RefusedRequest(422, f"a file cannot be called {name[:80]!r}", hint="use letters, digits and . + - _ ( )")
    if suffix != ".zip" and not is_asset(Path(name)):
        raise RefusedRequest(
            422, f"{name} is no asset by its suffix", hint="send a .glb, or a .zip with an asset in it"
        )
    return name


async def receive(stream: AsyncIterator[bytes], target: Path, most: float, seconds: float) -> int:
    """Write a body to a file; the bytes that came.

    Args:
        stream: the body, in parts.
        target: the file, in a folder that exists.
        most: bytes at most.
        seconds: until it must be whole.

    Raises:
        RefusedRequest: 408 or 413; nothing is left of it.
    """
    end, size, parts = time.monotonic() + seconds, 0, stream.__aiter__()
    try:
        with target.open("xb") as file:
            while True:
                try:
                    part = await asyncio.wait_for(parts.__anext__(), max(0.0, min(PAUSE, end - time.monotonic())))
                except StopAsyncIteration:
                    break
                size += len(part)
                if size > most:
                    raise RefusedRequest(413, f"the upload is larger than {most:,.0f} bytes")
                file.write(part)
        if not size:
            raise RefusedRequest(422, "the upload is empty")
    except asyncio.TimeoutError:
        target.unlink(missing_ok=True)
        raise RefusedRequest(408, "the upload came too slowly", hint="send it again") from None
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return size


def unpack(archive: Path, folder: Path, most: float) -> tuple[Path, int]:
    """The asset in a ZIP, with all that lies beside it, unpacked into a new folder; and the bytes of all.

    Sizes are counted while they come out, whatever the archive says of itself. A name that leads out of the folder, a
    link, or a password refuses the whole.

    Raises:
        RefusedRequest: 413 or 422; nothing is left of it.
    """
    folder.mkdir()
    try:
        with zipfile.ZipFile(archive) as source:
            entries = [entry for entry in source.infolist() if not entry.is_dir() and not _is_chaff(entry)]
            if len(entries) > MOST_ENTRIES:
                raise RefusedRequest(413, f"the ZIP has more than {MOST_ENTRIES} files")
            total = 0.0
            for entry in entries:
                target = folder.joinpath(*_parts(entry))
                target.parent.mkdir(parents=True, exist_ok=True)
                with source.open(entry) as stream, target.open("xb") as file:
                    total += _copy(stream, file, most - total)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RefusedRequest(422, f"the ZIP cannot be unpacked: {str(error)[:200]}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    found = sorted(file for file in folder.rglob("*") if file.is_file() and is_asset(file))
    if len(found) != 1:
        told = ", ".join(file.name for file in found[:5]) or "none"
        shutil.rmtree(folder, ignore_errors=True)
        raise RefusedRequest(422, f"a ZIP must hold one asset, and this one holds {told}")
    return found[0], int(total)


def _is_chaff(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a hidden file or one that macOS packs beside each."""
    parts = PurePosixPath(entry.filename).parts
    return parts[:1] == (MAC,) or (len(parts) > 0 and parts[-1].startswith(".") and ".." not in parts)


def _parts(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    name = entry.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or not 0 < len(parts) <= DEEPEST or not all(map(PART.fullmatch, parts)):
        raise RefusedRequest(422, f"the ZIP has an entry that is refused: {name[:80]!r}", hint="plain files only")
    return parts


def _copy(stream: Any, file: Any, most: float) -> int:
    size = 0
    while part := stream.read(BLOCK):
        size += len(part)
        if size > most:
            raise RefusedRequest(413, "the ZIP unpacks to more than may be uploaded")
        file.write(part)
    return size

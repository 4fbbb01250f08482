"""A document is written as one .glb, or as a .gltf with its .bin and images next to it."""

from __future__ import annotations

import copy
import json
import re
import struct
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from style3d.errors import Style3DError
from style3d.files import write_bytes
from style3d.files.find_file import PICTURES
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import BINARY_CHUNK, JSON_CHUNK, MAGIC, Document, Json
from style3d.gltf.extensions import compression_of

GLTF_SUFFIXES = (".glb", ".gltf", ".vrm")
ALIGNED = 16  # bytes that every part of a buffer keeps its place by
KINDS = {  # of images, by what stands at a byte near their start
    (0, b"\x89PNG"): ("image/png", ".png"),
    (0, b"\xff\xd8\xff"): ("image/jpeg", ".jpg"),
    (0, b"RIFF"): ("image/webp", ".webp"),
    (4, b"ftypavi"): ("image/avif", ".avif"),
    (0, b"\xabKTX 20"): ("image/ktx2", ".ktx2"),
    (0, b"DDS "): ("image/vnd-ms.dds", ".dds"),
}


def is_gltf(path: Path) -> bool:
    """Whether a file is glTF by its suffix."""
    return path.suffix.lower() in GLTF_SUFFIXES


def write_document(document: Document, path: Path, images: dict[int, str] | None = None) -> tuple[Path, ...]:
    """Write a binary file or readable JSON, whichever the suffix says; ``images`` as for `write_gltf`.

    Raises:
        Style3DError: a file cannot be written.
    """
    return write_gltf(document, path, images) if path.suffix.lower() == ".gltf" else write_glb(document, path)


def write_glb(document: Document, path: Path) -> tuple[Path, ...]:
    """Write everything into one binary file; images beside the source move into it.

    Raises:
        Style3DError: the file cannot be written.
    """
    write_bytes(path, glb_content(document, path.name))
    return (path,)


def glb_content(document: Document, name: str) -> bytes:
    """The bytes of a binary file that holds everything.

    Raises:
        Style3DError: more than such a file can hold.
    """
    merged, content = single_buffer(_with_embedded_images(document))
    text = json.dumps(merged, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), JSON_CHUNK) + text
    if content:
        content += b"\0" * (-len(content) % 4)
        chunks += struct.pack("<II", len(content), BINARY_CHUNK) + content
    if len(chunks) + 12 >= 1 << 32:
        hint = "choose .gltf or smaller textures"
        raise Style3DError(f"{name} would be too large", got="over 4 GiB", expected="what fits a GLB", hint=hint)
    return struct.pack("<4sII", MAGIC, 2, 12 + len(chunks)) + chunks


def write_gltf(document: Document, path: Path, images: dict[int, str] | None = None) -> tuple[Path, ...]:
    """Write readable JSON, ``<stem>.bin`` and the folder ``<stem>-textures``.

    Args:
        document: what to write.
        path: the .gltf file.
        images: names, by image, of those that leave the buffers for files of their own.

    Raises:
        Style3DError: a file cannot be written.
    """
    stem = safe_name(path.stem)
    document, files = _with_image_files(document, images or {}, f"{stem}-textures")
    merged, content = single_buffer(document)
    if content:
        files[f"{stem}.bin"] = content
        merged["buffers"][0] = {"uri": f"{stem}.bin", **merged["buffers"][0]}
    for name, data in files.items():
        write_bytes(path.parent / name, data)
    write_bytes(path, json.dumps(merged, indent=2, ensure_ascii=False).encode() + b"\n")
    return (*(path.parent / name for name in files), path)


def single_buffer(document: Document) -> tuple[Json, bytes]:
    """The JSON with all buffers joined into the first, and that buffer's bytes without those that were released."""
    merged, joined = copy.deepcopy(document.json), bytearray()
    kept: list[Json] = []  # buffers that hold nothing: fallbacks of compressed views
    head: Json = {}
    moved: dict[int, tuple[int, int]] = {}
    cuts = {index: _cuts(document, index) for index in range(len(document.buffers))}
    for index, (item, content) in enumerate(zip(merged.get("buffers", []), document.buffers, strict=True)):
        if not content:
            kept.append(item)
            moved[index] = (len(kept), 0)
            continue
        joined += b"\0" * (-len(joined) % ALIGNED)
        moved[index] = (0, len(joined))
        edges = [0, *(edge for cut in cuts[index] for edge in cut), item["byteLength"]]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            joined += content[start:end]
        head = {key: value for key, value in item.items() if key not in ("uri", "byteLength")} | head
    if not moved:
        return merged, b""
    for view in merged.get("bufferViews", []):
        for place in (view, compression_of(view)):
            if place is not None and place.get("buffer") in moved:
                target, shift = moved[place["buffer"]]
                shift -= sum(end - start for start, end in cuts[place["buffer"]] if start < place.get("byteOffset", 0))
                if shift:
                    place["byteOffset"] = place.get("byteOffset", 0) + shift
                place["buffer"] = target if joined else target - 1
    merged["buffers"] = [{**head, "byteLength": len(joined)}, *kept] if joined else kept
    return merged, bytes(joined)


def _cuts(document: Document, buffer: int) -> list[tuple[int, int]]:
    """Released parts of a buffer that no view covers any more, in order, cut so that all else stays aligned."""
    views = [
        (place.get("byteOffset", 0), place.get("byteOffset", 0) + place.get("byteLength", 0))
        for view in document.items("bufferViews")
        for place in (view, compression_of(view))
        if place is not None and place.get("buffer") == buffer
    ]
    found = []
    for owner, start, end in sorted(set(document.released)):
        if owner == buffer and not any(first < end and last > start for first, last in views):
            found.append((start + -start % ALIGNED, end - end % ALIGNED))
    return [(start, end) for start, end in found if start < end]


def image_kind(content: bytes) -> tuple[str, str] | None:
    """(media type, suffix) of an encoded image; None if unknown."""
    return next((kind for (place, word), kind in KINDS.items() if content.startswith(word, place)), None)


def image_bytes(document: Document, reader: Accessors, index: int) -> bytes:
    """An image's file content, wherever it lies.

    Raises:
        Style3DError: it cannot be read.
    """
    item = document.item("images", index)
    if isinstance(item.get("uri"), str):
        return document.resource(item["uri"], PICTURES)
    return reader.view(item.get("bufferView"))


def safe_name(name: str) -> str:
    """A file name of plain letters, digits, dots and dashes that every system takes."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:60]
    reserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain)
    return f"_{plain}" if reserved else plain or "unnamed"


def _with_embedded_images(document: Document) -> Document:
    """Images that are files or data URIs as buffer views; what cannot be read stays as it is."""
    from style3d.gltf.editor import Editor

    if not any("uri" in image for image in document.items("images")):
        return document
    editor = Editor(document)
    for image in editor.items("images"):
        if not isinstance(image.get("uri"), str):
            continue
        try:
            content = document.resource(image["uri"], PICTURES)
        except Style3DError:
            continue
        kind = image_kind(content)
        if kind is not None:
            del image["uri"]
            image |= {"bufferView": editor.add_view(content), "mimeType": kind[0]}
    return editor.finish()


def _with_image_files(document: Document, images: dict[int, str], folder: str) -> tuple[Document, dict[str, bytes]]:
    """Images beside the source, and those named in ``images``, as files of ``folder``."""
    reader, files, changed = Accessors(document), dict[str, bytes](), copy.deepcopy(document.json)
    for index, image in enumerate(changed.get("images", [])):
        uri = image.get("uri")
        if index not in images and (not isinstance(uri, str) or uri.startswith("data:")):
            continue
        try:
            content = image_bytes(document, reader, index)
        except Style3DError:
            continue
        wanted = images.get(index) or Path(unquote(str(uri)).replace("\\", "/")).stem
        suffix = (image_kind(content) or ("", Path(str(uri)).suffix))[1]
        name, count = f"{folder}/{safe_name(wanted)}{suffix}", 1
        while name.lower() in {taken.lower() for taken in files}:
            name, count = f"{folder}/{safe_name(wanted)}-{count}{suffix}", count + 1
        files[name] = content
        image.pop("bufferView", None)
        image["uri"] = name
    return replace(document, json=changed), files

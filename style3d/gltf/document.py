"""A document keeps a glTF asset as it was read: its whole JSON, and the bytes that the JSON names."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from style3d.errors import Style3DError
from style3d.files import MAX_BYTES, read_bytes
from style3d.files.find_file import find_file

Json = dict[str, Any]
FROM_URLS = str.maketrans("-_", "+/")  # base64 has other letters in addresses
MAGIC = b"glTF"
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942


@dataclass(frozen=True)
class Document:
    """A glTF asset. Nothing in ``json`` is interpreted, dropped or reordered on the way in and out.

    Concretely: a rigged fox with its extras, an extension nobody here knows, and the binary chunk of its GLB.
    """

    json: Json
    buffers: tuple[bytes, ...]  # one for each of json["buffers"]; empty for a fallback that holds nothing
    folder: Path  # where relative URIs start
    released: tuple[tuple[int, int, int], ...] = ()  # (buffer, start, end) of bytes that nothing needs any more
    _checked: dict[str, list[Json]] = field(default_factory=dict, init=False, repr=False, compare=False)  # by `items`

    def items(self, kind: str) -> list[Json]:
        """The list under ``kind`` ("meshes", "nodes" …); empty where there is none.

        Raises:
            Style3DError: it is no list of objects.
        """
        found = self.json.get(kind, [])
        if found is not self._checked.get(kind):
            if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
                raise Style3DError(f"the glTF's {kind} are not a list of objects", hint="export the asset again")
            self._checked[kind] = found
        return found

    def item(self, kind: str, index: Any) -> Json:
        """One element of ``kind``.

        Raises:
            Style3DError: there is no such element.
        """
        found = self.items(kind)
        if not isinstance(index, int) or not 0 <= index < len(found):
            had = f"index {index!r} of {len(found)}"
            raise Style3DError(f"the glTF points to {kind} that do not exist", got=had, hint="export the asset again")
        return found[index]

    def resource(self, uri: str, suffixes: Sequence[str] = ()) -> bytes:
        """What a data URI holds, or the file that a relative URI names; ``suffixes`` as for `find_file`.

        Raises:
            Style3DError: the URI leaves the asset's folder, names another machine, or the file cannot be read.
        """
        if uri.startswith("data:"):
            return _data_uri(uri)
        return read_bytes(find_file(uri, self.folder, suffixes=suffixes))


def read_document(path: Path) -> Document:
    """Read a .glb or .gltf file with the buffers it names.

    Raises:
        Style3DError: see `parse_document`; or the file cannot be read.
    """
    return parse_document(read_bytes(path), path.parent, path.name)


def parse_document(content: bytes, folder: Path, name: str) -> Document:
    """A document from the bytes of a .glb or .gltf file.

    Raises:
        Style3DError: truncated, another version, broken JSON, or a buffer that is missing or too short.
    """
    text, binary = _chunks(content, name) if content[:4] == MAGIC else (content, None)
    try:
        parsed = json.loads(text.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Style3DError(f"{name} holds no valid JSON", got=error, expected="a glTF 2.0 file") from None
    version = parsed.get("asset", {}).get("version") if isinstance(parsed, dict) else None
    if not isinstance(parsed, dict) or not str(version).startswith("2."):
        hint = "convert it to glTF 2.0"
        raise Style3DError(f"{name} is not glTF 2.0", got=f"asset version {version!r}", hint=hint)
    empty = Document(parsed, (), folder)
    buffers = tuple(_buffer(empty, i, item, binary, name) for i, item in enumerate(empty.items("buffers")))
    document = Document(parsed, buffers, folder)
    _check_views(document, name)
    return document


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON number")


def _chunks(content: bytes, name: str) -> tuple[bytes, bytes | None]:
    """The JSON and binary chunks of a GLB file."""
    broken = Style3DError(f"{name} is truncated or damaged", expected="a whole .glb file", hint="export it again")
    if len(content) < 20:
        raise broken
    version, length, size, kind = struct.unpack_from("<4xIIII", content)
    if version != 2:
        raise Style3DError(f"{name} is GLB version {version}", expected="version 2", hint="convert it to glTF 2.0")
    if length > len(content) or kind != JSON_CHUNK or 20 + size > length:
        raise broken
    text, at, binary = content[20 : 20 + size], 20 + size, None
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", content, at)
        if at + 8 + size > length:
            raise broken
        if kind == BINARY_CHUNK and binary is None:
            binary = content[at + 8 : at + 8 + size]
        at += 8 + size
    return text, binary


def _buffer(document: Document, index: int, item: Json, binary: bytes | None, name: str) -> bytes:
    """The bytes of one buffer; fallback buffers of compressed views may have none."""
    length, uri = item.get("byteLength", 0), item.get("uri")
    if not isinstance(length, int) or not 0 <= length <= MAX_BYTES or not isinstance(uri, str | None):
        raise Style3DError(f"{name} has a buffer of {length!r} bytes", expected=f"0 to {MAX_BYTES:,}")
    if uri is not None:
        found = document.resource(uri)
    elif index == 0 and binary is not None:
        found = binary
    else:
        return b""
    if len(found) < length:
        had = f"{len(found):,} of {length:,} bytes"
        raise Style3DError(f"buffer {index} of {name} is truncated", got=had, hint="export the asset again")
    return found


def _check_views(document: Document, name: str) -> None:
    """Views past the end would come to show whatever is added there."""
    for index, view in enumerate(document.items("bufferViews")):
        buffer, end = view.get("buffer"), view.get("byteOffset", 0) + view.get("byteLength", 0)
        size = document.item("buffers", buffer).get("byteLength", 0)
        if view.get("byteOffset", 0) < 0 or end > size:
            got = f"view {index} ends at byte {end:,} of {size:,}"
            hint = "export the asset again"
            raise Style3DError(f"{name} has buffer views that reach past their buffer", got=got, hint=hint)


def _data_uri(uri: str) -> bytes:
    head, comma, body = uri.partition(",")
    try:
        if not comma:
            raise ValueError("no comma")
        if not head.endswith(";base64"):
            return unquote_to_bytes(body)
        letters = "".join(unquote(body).split()).rstrip("=").translate(FROM_URLS)
        return base64.b64decode(letters + "=" * (-len(letters) % 4))
    except (ValueError, binascii.Error) as error:
        raise Style3DError("a data URI is damaged", got=f"{uri[:40]!r} ({error})", hint="export it again") from None

"""Blending changes the colours of painted textures in a glTF. It renders nothing, so it takes a moment."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.gltf.accessors import Accessors
from style3d.gltf.container import image_bytes, write_document
from style3d.gltf.document import Document, parse_document
from style3d.images import ImageFormat
from style3d.mesh.materials import slots
from style3d.mesh.painted_slot import Slot
from style3d.mesh.repaint import sources, with_textures
from style3d.render.surface import Texture

MAGIC: dict[bytes, ImageFormat] = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}


def rebake(
    source: Path, target: Path, painted: Sequence[Slot], textures: Sequence[UInt8[np.ndarray, "_ _ 3"]]
) -> tuple[Path, ...]:
    """Write ``source``, a .glb or .gltf that style3d painted, with other painted textures to ``target``.

    Args:
        source: the painted file.
        target: .glb or .gltf; may be the source.
        painted: its painted materials, from the report of its run.
        textures: 8-bit levels, (h, w, 3) each.

    Raises:
        Style3DError: the file is damaged or not what the report describes, or the target cannot be written.
    """
    document = parse_document(read_bytes(source), source.parent, source.name)
    if any(slot.material >= len(document.items("materials")) or slot.table >= len(textures) for slot in painted):
        raise Style3DError(f"{source.name} is not the file its report describes", hint="run the job again")
    kinds: set[ImageFormat] = set()
    fresh = []
    for table, levels in enumerate(textures):
        stored, alpha = _stored_as(document, painted, table, (levels.shape[0], levels.shape[1]))
        kinds |= {stored} if stored else set()
        fresh.append(Texture(f"painted {table}", levels.astype(np.float32) / np.float32(255), alpha))
    colors = [texture.rgb for texture in fresh]
    kind: ImageFormat = "webp" if "webp" in kinds else "jpeg" if "jpeg" in kinds else "png"
    changed, names = with_textures(document, painted, fresh, colors, kind)
    return write_document(changed, target, names)


def _stored_as(
    document: Document, painted: Sequence[Slot], table: int, size: tuple[int, int]
) -> tuple[ImageFormat | None, Float32[np.ndarray, "_ _"] | None]:
    """How the image of a painted texture is stored, and its opacity, which stays."""
    for slot in painted:
        if slot.table != table or slot.texcoord is None:
            continue
        place, key, _ = slots(document.item("materials", slot.material))[0]
        index = next(sources(document.item("textures", place.get(key, {}).get("index"))), None)
        content = image_bytes(document, Accessors(document), index if index is not None else -1)
        return _opacity(content, size)
    return None, None


def _opacity(content: bytes, size: tuple[int, int]) -> tuple[ImageFormat | None, Float32[np.ndarray, "_ _"] | None]:
    kind = next((found for start, found in MAGIC.items() if content.startswith(start)), None)
    try:
        image = Image.open(io.BytesIO(content))
        if (image.height, image.width) != size:
            raise Style3DError("a painted texture is not of the size that the report says", hint="run the job again")
        if image.mode != "RGBA":
            return kind, None
        return kind, np.asarray(image.getchannel("A"), dtype=np.float32) / np.float32(255)
    except (OSError, ValueError, SyntaxError) as error:
        raise Style3DError("a painted texture is damaged", got=error, hint="run the job again") from None
